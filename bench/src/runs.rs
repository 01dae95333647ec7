//! One run of 5,000 items by each contestant: how long it takes beside the time of the model itself.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::measure::{Samples, human};
use crate::model::Model;
use crate::model_server::Stats;
use crate::outcome::{self, Extent};
use crate::peers::{self, Obtained, Task, Tool};
use crate::programs::Program;
use crate::scale::{LATENCY, ideal, warm_up, write_items};
use crate::service::{Maker, Service, Temporal, experiment};
use crate::{headroom, table};

/// No run takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) const OURS: &str = "AI Evolution";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Runs {
    pub(crate) items: u64,
    pub(crate) latency_ms: f64,
    pub(crate) headroom: headroom::Headroom,
    pub(crate) runs: Vec<Run>,
}

/// The runs of one contestant at one concurrency.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) concurrency: u32,
    /// Seconds from the request, or from the start of the command, to the end.
    pub(crate) wall: Samples,
    /// Seconds from the first model call to the last answer.
    pub(crate) model_phase: Samples,
    pub(crate) calls: Samples,
    pub(crate) most_in_flight: u64,
    /// Why there is nothing, or not everything.
    pub(crate) error: Option<String>,
}

/// Whoever does a run.
pub(crate) enum Contestant {
    Service(&'static str, String, Maker),
    Tool(Obtained),
}

impl Contestant {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Service(name, ..) => name,
            Self::Tool(tool) => tool.tool().name(),
        }
    }

    pub(crate) fn version(&self) -> String {
        match self {
            Self::Service(_, version, _) => version.clone(),
            Self::Tool(tool) => tool.tool().version(),
        }
    }
}

/// All contestants, ours first; beside those that could not be obtained the reason.
pub(crate) fn contestants() -> Vec<Result<Contestant, (&'static str, String, String)>> {
    let ours = Contestant::Service(OURS, env!("CARGO_PKG_VERSION").to_owned(), Maker::Ours);
    let fastapi = match peers::fastapi() {
        Ok((python, versions)) => Ok(Contestant::Service(
            "FastAPI + temporalio",
            versions,
            Maker::FastApi(python),
        )),
        Err(error) => Err((
            "FastAPI + temporalio",
            String::new(),
            outcome::reason(&error),
        )),
    };
    let tools = Tool::ALL.map(|tool| match tool.obtain() {
        Ok(obtained) => Ok(Contestant::Tool(obtained)),
        Err(error) => Err((tool.name(), tool.version(), outcome::reason(&error))),
    });
    [Ok(ours), fastapi].into_iter().chain(tools).collect()
}

pub(crate) async fn run(extent: Extent) -> anyhow::Result<()> {
    let items = extent.pick(5_000, 300);
    let headroom = headroom::measure(extent).await?;
    println!("{}", headroom.sentence());
    let mut runs = Runs {
        items,
        latency_ms: LATENCY.as_secs_f64() * 1e3,
        headroom,
        runs: Vec::new(),
    };
    let contestants = contestants();
    for concurrency in extent.pick(&[50, 200][..], &[50][..]) {
        let from = runs.runs.len();
        runs.runs.extend(contestants.iter().map(|contestant| {
            let (name, version, error) = match contestant {
                Ok(there) => (there.name(), there.version(), None),
                Err((name, version, error)) => (*name, version.clone(), Some(error.clone())),
            };
            Run {
                name: name.to_owned(),
                version,
                concurrency: *concurrency,
                wall: Samples::default(),
                model_phase: Samples::default(),
                calls: Samples::default(),
                most_in_flight: 0,
                error,
            }
        }));
        // Each in turn, so that a change of the machine's mood meets all of them.
        for _ in 0..extent.repeats(3, 1) {
            for (run, contestant) in runs.runs[from..].iter_mut().zip(&contestants) {
                let Ok(contestant) = contestant else { continue };
                match one(contestant, items, *concurrency).await {
                    Ok((wall, stats)) => {
                        println!("{}, {concurrency} at once: {} s", run.name, human(wall));
                        run.wall.push(wall);
                        run.model_phase.push(stats.phase().unwrap_or(f64::NAN));
                        run.calls.push(stats.calls as f64);
                        run.most_in_flight = run.most_in_flight.max(stats.most_in_flight);
                    }
                    Err(error) => {
                        println!("{}: {error:#}", run.name);
                        run.error = Some(outcome::reason(&error));
                    }
                }
            }
            outcome::write("runs", extent, &runs)?;
        }
    }
    let rows = runs.runs.iter().map(|run| row(run, items));
    println!("{}", table::of(&HEADINGS, rows));
    Ok(())
}

pub(crate) const HEADINGS: [&str; 6] = [
    "contestant",
    "at once",
    "wall ÷ ideal",
    "wall s",
    "model phase ÷ ideal",
    "calls in flight at most",
];

/// A run as a line of a table.
pub(crate) fn row(run: &Run, items: u64) -> Vec<String> {
    let ideal = ideal(items, run.concurrency);
    let name = format!("{} ({})", run.name, run.version);
    if run.wall.0.is_empty() {
        let reason = run.error.as_deref().unwrap_or("not run");
        let reason = reason.lines().next().unwrap_or_default().to_owned();
        let empty = String::new;
        return vec![
            name,
            run.concurrency.to_string(),
            reason,
            empty(),
            empty(),
            empty(),
        ];
    }
    vec![
        name,
        run.concurrency.to_string(),
        human(run.wall.median() / ideal),
        human(run.wall.median()),
        human(run.model_phase.median() / ideal),
        run.most_in_flight.to_string(),
    ]
}

/// One run: its wall time in seconds, and what the model saw.
async fn one(
    contestant: &Contestant,
    items: u64,
    concurrency: u32,
) -> anyhow::Result<(f64, Stats)> {
    let folder = tempfile::tempdir()?;
    let model = Model::start(LATENCY, folder.path()).await?;
    match contestant {
        Contestant::Service(_, _, maker) => {
            let temporal = Temporal::start(folder.path()).await?;
            let mut service = Service::start(maker, &temporal, &model).await?;
            service.start_worker().await?;
            warm_up(&service, &model).await?;
            write_items(&service.dataset("items.jsonl"), items)?;
            let start = Instant::now();
            let body = experiment("items.jsonl", concurrency);
            let id = service.create(&body).await?;
            service.completed(&id, PATIENCE).await?;
            Ok((start.elapsed().as_secs_f64(), model.stats().await?))
        }
        Contestant::Tool(tool) => {
            let task = task(folder.path(), &model, items, concurrency)?;
            let command = tool.command(&task, false)?;
            let start = Instant::now();
            let mut program = Program::start("tool", &command, folder.path()).await?;
            program.wait(PATIENCE).await?;
            let wall = start.elapsed().as_secs_f64();
            let stats = model.stats().await?;
            anyhow::ensure!(
                stats.calls >= items,
                "it ended after {} calls: {}",
                stats.calls,
                program.last_words()
            );
            Ok((wall, stats))
        }
    }
}

/// The task of a tool, its items written.
pub(crate) fn task(
    folder: &Path,
    model: &Model,
    items: u64,
    concurrency: u32,
) -> anyhow::Result<Task> {
    let file = folder.join("items.jsonl");
    write_items(&file, items)?;
    Ok(Task {
        items: file,
        base_url: model.base_url(),
        concurrency,
        folder: folder.join("work"),
    })
}
