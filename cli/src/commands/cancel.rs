//! `cancel`: stops an experiment; what is recorded is summarised and kept.

use domain::experiment::ExperimentId;
use domain::summary::Status;

use crate::commands::{Context, Watch, status};
use crate::exit::Outcome;
use crate::output;
use crate::output::words;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    /// Wait until it has ended. Any end is a success then, since an experiment may complete before it hears of this.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    following: Watch,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let experiment = context.client.cancel(&args.id).await?;
    if args.wait {
        status::follow(context, &args.id, &args.following).await?;
        return Ok(Outcome::Success);
    }
    match (context.json, experiment.status) {
        (true, _) => output::json(&experiment)?,
        (false, Status::Running | Status::Paused) => {
            output::line("it stops when the calls under way have ended; --wait waits for that")?;
        }
        (false, status) => output::line(format!("it is {}", words::status(status)))?,
    }
    Ok(Outcome::Success)
}
