//! One run of a growing number of items: what it takes in time, memory and history, and what clients wait for.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::measure::{Samples, human};
use crate::model::Model;
use crate::model_server::now;
use crate::outcome::{self, Extent};
use crate::service::{Maker, Service, Temporal, experiment};
use crate::table;
use crate::temporal::{Bare, Chain};

mod pages;

use pages::Pages;

/// How long the model takes for an answer.
pub(crate) const LATENCY: Duration = Duration::from_millis(50);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Scale {
    pub(crate) latency_ms: f64,
    pub(crate) runs: Vec<Run>,
    /// From the request that creates a small experiment to its first model call, in seconds, on an idle machine.
    pub(crate) first_call: Samples,
}

/// Runs of one size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) items: u64,
    pub(crate) concurrency: u32,
    /// From the request to the status `completed`, in seconds.
    pub(crate) wall: Samples,
    /// From the first model call to the last answer, in seconds.
    pub(crate) model_phase: Samples,
    pub(crate) repeated_calls: u64,
    pub(crate) worker_peak_mb: Samples,
    pub(crate) worker_cpu: Samples,
    /// After the run and the pages of its results.
    pub(crate) api_peak_mb: Samples,
    /// Of the last run.
    pub(crate) history: Chain,
    pub(crate) pages: Pages,
}

impl Run {
    pub(crate) fn ideal(&self) -> f64 {
        ideal(self.items, self.concurrency)
    }
}

/// The time that the model itself takes, in seconds.
pub(crate) fn ideal(items: u64, concurrency: u32) -> f64 {
    items as f64 * LATENCY.as_secs_f64() / f64::from(concurrency)
}

pub(crate) async fn run(extent: Extent) -> anyhow::Result<()> {
    let sizes: &[(u64, u32, usize)] = extent.pick(
        &[
            (1_000, 200, 5),
            (10_000, 200, 3),
            (100_000, 200, 3),
            (1_000_000, 200, 1),
            (1_000, 50, 5),
            (10_000, 50, 3),
            (20_000, 50, 3),
        ],
        &[(1_000, 200, 2), (5_000, 200, 1), (1_000, 50, 1)],
    );
    let first_call = first_call(extent.repeats(15, 3)).await?;
    println!(
        "first model call {} s after the request",
        human(first_call.median())
    );
    let mut scale = Scale {
        latency_ms: LATENCY.as_secs_f64() * 1e3,
        runs: Vec::new(),
        first_call,
    };
    let wanted = sizes.iter().filter(|size| size.0 <= extent.most_items);
    for (items, concurrency, repeats) in wanted {
        let repeats = extent.repeats(*repeats, *repeats);
        let run = measured(*items, *concurrency, repeats).await?;
        println!(
            "{items} items, {concurrency} at once: {} s, ideal {} s",
            human(run.wall.median()),
            human(run.ideal())
        );
        scale.runs.push(run);
        outcome::write("scale", extent, &scale)?;
    }
    println!("{}", table::of(&HEADINGS, scale.runs.iter().map(row)));
    Ok(())
}

pub(crate) const HEADINGS: [&str; 10] = [
    "items",
    "at once",
    "wall s",
    "wall ÷ ideal",
    "model phase ÷ ideal",
    "worker MB",
    "API MB",
    "events",
    "activities / 1,000 items",
    "actions / 1,000 items",
];

/// A run as a line of a table.
pub(crate) fn row(run: &Run) -> Vec<String> {
    let thousands = run.items as f64 / 1000.0;
    vec![
        human(run.items as f64).trim_end_matches(".00").to_owned(),
        run.concurrency.to_string(),
        human(run.wall.median()),
        human(run.wall.median() / run.ideal()),
        human(run.model_phase.median() / run.ideal()),
        human(run.worker_peak_mb.median()),
        human(run.api_peak_mb.median()),
        run.history.events.to_string(),
        human(run.history.activities() as f64 / thousands),
        human(run.history.actions() as f64 / thousands),
    ]
}

/// Runs of one size, each with programs and a Temporal of its own.
async fn measured(items: u64, concurrency: u32, repeats: usize) -> anyhow::Result<Run> {
    let mut run = Run {
        items,
        concurrency,
        wall: Samples::default(),
        model_phase: Samples::default(),
        repeated_calls: 0,
        worker_peak_mb: Samples::default(),
        worker_cpu: Samples::default(),
        api_peak_mb: Samples::default(),
        history: Chain::default(),
        pages: Pages::default(),
    };
    for _ in 0..repeats {
        let folder = tempfile::tempdir()?;
        let model = Model::start(LATENCY, folder.path()).await?;
        let temporal = Temporal::start(folder.path()).await?;
        let mut service = Service::start(&Maker::Ours, &temporal, &model).await?;
        service.start_worker().await?;
        warm_up(&service, &model).await?;
        write_items(&service.dataset("items.jsonl"), items)?;
        let cpu = service.worker()?.cpu()?;
        let start = Instant::now();
        let id = service
            .create(&experiment("items.jsonl", concurrency))
            .await?;
        service.completed(&id, patience(items, concurrency)).await?;
        run.wall.push(start.elapsed().as_secs_f64());
        let stats = model.stats().await?;
        run.model_phase.push(stats.phase().unwrap_or(f64::NAN));
        run.repeated_calls += stats.repeats;
        run.worker_cpu.push(service.worker()?.cpu()? - cpu);
        run.worker_peak_mb.push(service.worker()?.peak_memory()?);
        run.pages
            .extend(pages::measure(&service, &id, items).await?);
        run.api_peak_mb.push(service.api.peak_memory()?);
        let bare = Bare::connect(temporal.address).await?;
        run.history = bare.chain(&id).await?;
    }
    Ok(run)
}

/// From creation to the first model call, for small experiments one after another.
async fn first_call(repeats: usize) -> anyhow::Result<Samples> {
    let folder = tempfile::tempdir()?;
    let model = Model::start(LATENCY, folder.path()).await?;
    let temporal = Temporal::start(folder.path()).await?;
    let mut service = Service::start(&Maker::Ours, &temporal, &model).await?;
    service.start_worker().await?;
    warm_up(&service, &model).await?;
    let mut samples = Samples::default();
    for number in 0..repeats {
        // Different items each time, so that nothing is stored already.
        let items: Vec<_> = (0..10)
            .map(|index| {
                let prompt = format!("prompt {number} {index}");
                json!({"id": index.to_string(), "input": {"prompt": prompt}, "expected": prompt})
            })
            .collect();
        let mut body = experiment("items.jsonl", 10);
        body["config"]["dataset"] = harness::experiments::inline(items);
        model.reset().await?;
        let start = now();
        let id = service.create(&body).await?;
        service.completed(&id, Duration::from_secs(60)).await?;
        let first = model.stats().await?.first_call;
        samples.push(first.unwrap_or(f64::NAN) - start);
        // The machine is to be idle.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(samples)
}

/// A small experiment, so that connections and caches are there; what the model saw of it is forgotten.
pub(crate) async fn warm_up(service: &Service, model: &Model) -> anyhow::Result<()> {
    write_items(&service.dataset("warm-up.jsonl"), 20)?;
    let id = service.create(&experiment("warm-up.jsonl", 10)).await?;
    service.completed(&id, Duration::from_secs(60)).await?;
    model.reset().await
}

/// Writes items whose prompt is the answer that is expected, one a line.
pub(crate) fn write_items(path: &Path, count: u64) -> anyhow::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    for index in 0..count {
        writeln!(
            file,
            r#"{{"id":"item-{index:07}","input":{{"prompt":"What is item {index:07}?"}},"expected":"What is item {index:07}?"}}"#
        )?;
    }
    file.flush()?;
    Ok(())
}

/// How long a run may take before it is given up.
fn patience(items: u64, concurrency: u32) -> Duration {
    Duration::from_secs_f64(120.0 + 20.0 * ideal(items, concurrency))
}
