//! `schedule`: experiments that are started again and again.

use std::path::PathBuf;

use api_types::schedules::{OverlapPolicy, Schedule};
use clap::ValueEnum;
use clap::builder::PossibleValue;
use domain::schedule::ScheduleId;
use serde_json::{Value, json};

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output::schedules as shown;
use crate::{file, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Create a schedule from a file: that of an experiment, with `spec` for its times or with the options below.
    Create(CreateArgs),
    /// Change a schedule: what the file has takes the place of what was there.
    Update {
        id: ScheduleId,
        /// Any of `experiment_name`, `config`, `spec`, `overlap_policy`, `catchup_window`, `pause_on_failure` and `note`, in
        /// YAML or JSON. `-` is standard input.
        file: PathBuf,
    },
    /// List schedules, the latest created first.
    List,
    /// Show when a schedule starts experiments, and which it has started last.
    Show { id: ScheduleId },
    /// Let a schedule start nothing until it is resumed.
    Pause(NoteArgs),
    /// Let a paused schedule go on.
    Resume(NoteArgs),
    /// Start an experiment of a schedule now.
    Trigger {
        id: ScheduleId,
        #[command(flatten)]
        overlap: Overlap,
    },
    /// Start experiments for times that have passed.
    Backfill {
        id: ScheduleId,
        /// The first time, such as `2026-11-01T00:00:00Z`.
        #[arg(long, value_name = "TIME")]
        from: String,
        /// The last time.
        #[arg(long, value_name = "TIME")]
        to: String,
        #[command(flatten)]
        overlap: Overlap,
    },
    /// Delete a schedule; its experiments stay.
    Delete { id: ScheduleId },
}

#[derive(Debug, clap::Args)]
struct CreateArgs {
    /// `experiment_name`, `config` and, if you like, all else that a schedule has, in YAML or JSON. `-` is standard input.
    file: PathBuf,
    /// The id of the schedule, in place of that in the file.
    #[arg(long)]
    id: Option<ScheduleId>,
    /// A cron expression of five fields, in place of the times in the file; give it once for each.
    #[arg(long, value_name = "EXPRESSION")]
    cron: Vec<String>,
    /// The time zone of the expressions, such as `Europe/Berlin`; UTC unless given.
    #[arg(long, value_name = "NAME", requires = "cron")]
    time_zone: Option<String>,
    #[command(flatten)]
    overlap: Overlap,
    /// Start nothing until it is resumed.
    #[arg(long)]
    paused: bool,
}

#[derive(Debug, clap::Args)]
struct NoteArgs {
    id: ScheduleId,
    /// For whoever looks at the schedule.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Overlap {
    /// What happens while another experiment of the schedule runs.
    #[arg(long, value_name = "POLICY")]
    overlap: Option<Policy>,
}

/// The policies of the API, as they are written on the command line.
#[derive(Clone, Debug)]
struct Policy(OverlapPolicy);

impl ValueEnum for Policy {
    fn value_variants<'a>() -> &'a [Self] {
        use OverlapPolicy::{AllowAll, BufferAll, BufferOne, CancelOther, Skip, TerminateOther};
        &[
            Self(Skip),
            Self(BufferOne),
            Self(BufferAll),
            Self(CancelOther),
            Self(TerminateOther),
            Self(AllowAll),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self.0 {
            OverlapPolicy::Skip => "skip",
            OverlapPolicy::BufferOne => "buffer-one",
            OverlapPolicy::BufferAll => "buffer-all",
            OverlapPolicy::CancelOther => "cancel-other",
            OverlapPolicy::TerminateOther => "terminate-other",
            OverlapPolicy::AllowAll => "allow-all",
        }))
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let client = &context.client;
    let schedule = match args.command {
        Command::Create(args) => client.create_schedule(&body(args)?).await?,
        Command::Update { id, file } => client.update_schedule(&id, &file::read(&file)?).await?,
        Command::List => return list(context).await,
        Command::Show { id } => client.schedule(&id).await?,
        Command::Pause(args) => {
            client
                .tell_schedule(&args.id, "pause", &args.body())
                .await?
        }
        Command::Resume(args) => {
            client
                .tell_schedule(&args.id, "resume", &args.body())
                .await?
        }
        Command::Trigger { id, overlap } => {
            let mut body = json!({});
            overlap.enter(&mut body);
            client.tell_schedule(&id, "trigger", &body).await?
        }
        Command::Backfill {
            id,
            from,
            to,
            overlap,
        } => {
            let mut body = json!({"start_time": from, "end_time": to});
            overlap.enter(&mut body);
            client.tell_schedule(&id, "backfill", &body).await?
        }
        Command::Delete { id } => {
            client.delete_schedule(&id).await?;
            match context.json {
                true => output::json(&json!({"id": id, "deleted": true}))?,
                false => output::line(format!("deleted {id}"))?,
            }
            return Ok(Outcome::Success);
        }
    };
    show(context, &schedule)?;
    Ok(Outcome::Success)
}

/// What the file says, with the options in its place.
fn body(args: CreateArgs) -> anyhow::Result<Value> {
    let mut body = file::read(&args.file)?;
    let Some(entries) = body.as_object_mut() else {
        // The API says what is wrong with it.
        return Ok(body);
    };
    if let Some(id) = args.id {
        entries.insert("schedule_id".to_owned(), json!(id));
    }
    if !args.cron.is_empty() {
        let mut spec = json!({"cron": args.cron});
        if let Some(time_zone) = args.time_zone {
            spec["time_zone"] = json!(time_zone);
        }
        entries.insert("spec".to_owned(), spec);
    }
    if args.paused {
        entries.insert("paused".to_owned(), json!(true));
    }
    args.overlap.enter(&mut body);
    Ok(body)
}

impl Overlap {
    fn enter(self, body: &mut Value) {
        if let Some(Policy(policy)) = self.overlap {
            body["overlap_policy"] = json!(policy);
        }
    }
}

impl NoteArgs {
    fn body(&self) -> Value {
        match &self.note {
            Some(note) => json!({"note": note}),
            None => json!({}),
        }
    }
}

async fn list(context: &Context) -> anyhow::Result<Outcome> {
    let mut schedules = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = context.client.schedules(token.as_deref()).await?;
        schedules.extend(page.schedules);
        token = page.next_page_token;
        if token.is_none() {
            break;
        }
    }
    match (context.json, schedules.is_empty()) {
        (true, _) => schedules.iter().try_for_each(output::json_line)?,
        (false, true) => output::line("there is no schedule yet")?,
        (false, false) => output::line(shown::table(&schedules))?,
    }
    Ok(Outcome::Success)
}

fn show(context: &Context, schedule: &Schedule) -> anyhow::Result<()> {
    match context.json {
        true => output::json(schedule),
        false => Ok(output::line(shown::lines(schedule))?),
    }
}
