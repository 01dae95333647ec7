//! SIGKILL in the middle of a run: how many calls are made again, how many of them are paid twice, and how long nothing is
//! asked.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::measure::{Samples, human};
use crate::model::Model;
use crate::model_server::now;
use crate::outcome::{self, Extent};
use crate::peers::Obtained;
use crate::programs::Program;
use crate::runs::{Contestant, contestants, task};
use crate::scale::{LATENCY, warm_up, write_items};
use crate::service::{Maker, Service, Temporal, experiment};
use crate::table;

const ITEMS: u64 = 1_000;
const CONCURRENCY: u32 = 50;
/// No part of a run takes longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long after a kill the last calls are still on their way.
const SETTLE: Duration = Duration::from_millis(20);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Crash {
    pub(crate) items: u64,
    pub(crate) concurrency: u32,
    pub(crate) contestants: Vec<Killed>,
}

/// What a contestant lost by being killed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Killed {
    pub(crate) name: String,
    pub(crate) version: String,
    /// How it goes on.
    pub(crate) resume: String,
    /// Calls for a prompt that was asked before.
    pub(crate) repeats: Samples,
    /// Those of them whose prompt had been answered.
    pub(crate) repaid: Samples,
    /// Seconds from the kill to the next call; whoever restarts it does so at once.
    pub(crate) idle: Samples,
    pub(crate) error: Option<String>,
}

pub(crate) async fn run(extent: Extent) -> anyhow::Result<()> {
    let contestants = contestants();
    let mut crash = Crash {
        items: ITEMS,
        concurrency: CONCURRENCY,
        contestants: Vec::new(),
    };
    for contestant in &contestants {
        let (name, version, resume, error) = match contestant {
            Ok(there) => (there.name(), there.version(), resume(there), None),
            Err((name, version, error)) => (*name, version.clone(), "", Some(error.clone())),
        };
        crash.contestants.push(Killed {
            name: name.to_owned(),
            version,
            resume: resume.to_owned(),
            repeats: Samples::default(),
            repaid: Samples::default(),
            idle: Samples::default(),
            error,
        });
    }
    for _ in 0..extent.repeats(5, 1) {
        for (killed, contestant) in crash.contestants.iter_mut().zip(&contestants) {
            let Ok(contestant) = contestant else { continue };
            let lost = match contestant {
                Contestant::Service(_, _, maker) => service(maker).await,
                Contestant::Tool(there) if there.tool().resume().is_none() => continue,
                Contestant::Tool(there) => tool(there).await,
            };
            match lost {
                Ok(lost) => killed.add(&lost),
                Err(error) => {
                    println!("{}: {error:#}", killed.name);
                    killed.error = Some(outcome::reason(&error));
                }
            }
        }
        outcome::write("crash", extent, &crash)?;
    }
    println!(
        "{}",
        table::of(&HEADINGS, crash.contestants.iter().map(row))
    );
    Ok(())
}

/// What one kill has cost.
struct Lost {
    repeats: u64,
    repaid: u64,
    idle: f64,
}

impl Killed {
    fn add(&mut self, lost: &Lost) {
        let Lost {
            repeats,
            repaid,
            idle,
        } = lost;
        println!(
            "{}: {repeats} repeats, {repaid} of them answered before, {} s",
            self.name,
            human(*idle)
        );
        self.repeats.push(*repeats as f64);
        self.repaid.push(*repaid as f64);
        self.idle.push(*idle);
    }
}

pub(crate) const HEADINGS: [&str; 6] = [
    "contestant",
    "repeated calls",
    "of them answered before",
    "answered before at most",
    "seconds until the next call",
    "goes on by",
];

/// A contestant as a line of a table.
pub(crate) fn row(killed: &Killed) -> Vec<String> {
    let name = format!("{} ({})", killed.name, killed.version);
    if killed.repeats.0.is_empty() {
        let reason = killed.error.as_deref().unwrap_or("-");
        let reason = reason.lines().next().unwrap_or_default().to_owned();
        let empty = String::new;
        return vec![
            name,
            reason,
            empty(),
            empty(),
            empty(),
            killed.resume.clone(),
        ];
    }
    vec![
        name,
        format!("{:.0}", killed.repeats.median()),
        format!("{:.0}", killed.repaid.median()),
        format!("{:.0}", killed.repaid.range().1),
        human(killed.idle.median()),
        killed.resume.clone(),
    ]
}

fn resume(contestant: &Contestant) -> &'static str {
    match contestant {
        Contestant::Service(..) => "a restarted worker, by itself",
        Contestant::Tool(there) => match there.tool().resume() {
            Some(resume) => resume,
            None => "it cannot",
        },
    }
}

/// A worker is killed, and another started at once, as whatever supervises it would.
async fn service(maker: &Maker) -> anyhow::Result<Lost> {
    let folder = tempfile::tempdir()?;
    let model = Model::start(LATENCY, folder.path()).await?;
    let temporal = Temporal::start(folder.path()).await?;
    let mut service = Service::start(maker, &temporal, &model).await?;
    service.start_worker().await?;
    warm_up(&service, &model).await?;
    write_items(&service.dataset("items.jsonl"), ITEMS)?;
    let body = experiment("items.jsonl", CONCURRENCY);
    let id = service.create(&body).await?;
    half_way(&model, || false).await?;
    let worker = service.worker.take().context("a worker was started")?;
    let at = killed(worker, &model).await?;
    service.start_worker().await?;
    service.completed(&id, PATIENCE).await?;
    lost(&model, at).await
}

/// A command is killed, and started at once in the way that makes it go on.
async fn tool(there: &Obtained) -> anyhow::Result<Lost> {
    let folder = tempfile::tempdir()?;
    let model = Model::start(LATENCY, folder.path()).await?;
    let task = task(folder.path(), &model, ITEMS, CONCURRENCY)?;
    let command = there.command(&task, false)?;
    let mut program = Program::start("tool", &command, folder.path()).await?;
    half_way(&model, || program.has_ended())
        .await
        .with_context(|| program.last_words())?;
    let at = killed(program, &model).await?;
    let command = there.command(&task, true)?;
    let mut program = Program::start("again", &command, folder.path()).await?;
    program.wait(PATIENCE).await?;
    lost(&model, at).await.with_context(|| program.last_words())
}

async fn half_way(model: &Model, ended: impl FnMut() -> bool) -> anyhow::Result<()> {
    let reached = model.has_been_called(ITEMS / 2, PATIENCE, ended).await?;
    ensure!(reached, "half of the calls were never made");
    Ok(())
}

/// Kills a program and tells when; the next call that the model notes is one after that.
async fn killed(program: Program, model: &Model) -> anyhow::Result<f64> {
    let at = now();
    program.kill();
    tokio::time::sleep(SETTLE).await;
    model.mark().await?;
    Ok(at)
}

/// Calls that were repeated, and the seconds without any. Every item must have been asked for in the end.
async fn lost(model: &Model, killed: f64) -> anyhow::Result<Lost> {
    let stats = model.stats().await?;
    let distinct = stats.calls - stats.repeats;
    ensure!(distinct == ITEMS, "{distinct} items were asked for");
    let next = stats.first_call_after_mark;
    let next = next.context("no call was made after the kill")?;
    Ok(Lost {
        repeats: stats.repeats,
        repaid: stats.repaid,
        idle: next - killed,
    })
}
