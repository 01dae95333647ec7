//! Creation and status of experiments: ours, the bare client's calls, and the equivalent service in Python, in turns.

use serde::{Deserialize, Serialize};
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

use crate::load::{self, Caller, Request, Seen, Sender};
use crate::measure::{Samples, human};
use crate::model::Model;
use crate::outcome::{self, Extent};
use crate::peers;
use crate::scale::{LATENCY, write_items};
use crate::service::{Maker, Service, Temporal, experiment};
use crate::table;
use crate::temporal::Bare;

mod subject;

use subject::Subject;

pub(crate) const OURS: &str = "AI Evolution";
pub(crate) const BARE: &str = "bare client";
pub(crate) const FASTAPI: &str = "FastAPI + temporalio";

/// Clients at once, when there are several.
pub(crate) const MOST_AT_ONCE: u32 = 16;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Operation {
    Create,
    /// Of an experiment that no worker has seen.
    StatusRunning,
    /// The same, each client asking for another experiment.
    StatusApart,
    StatusCompleted,
}

impl Operation {
    pub(crate) const ALL: [Self; 4] = [
        Self::Create,
        Self::StatusRunning,
        Self::StatusApart,
        Self::StatusCompleted,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::StatusRunning => "status, running",
            Self::StatusApart => "status, running, one each",
            Self::StatusCompleted => "status, completed",
        }
    }

    /// How many clients there are at once.
    fn concurrencies(self) -> &'static [u32] {
        match self {
            Self::StatusApart => &[MOST_AT_ONCE],
            _ => &[1, MOST_AT_ONCE],
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Api {
    /// What the service in Python is made of.
    pub(crate) fastapi: String,
    /// Why it was not measured.
    pub(crate) fastapi_error: Option<String>,
    pub(crate) series: Vec<Series>,
}

/// One operation of one contestant at one concurrency; a value for each round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) operation: Operation,
    pub(crate) concurrency: u32,
    /// Requests of a round.
    pub(crate) requests: u32,
    /// Milliseconds.
    pub(crate) p50: Samples,
    pub(crate) p95: Samples,
    pub(crate) p99: Samples,
    /// Requests a second.
    pub(crate) rate: Samples,
    /// CPU time of the API's process in seconds; none for the bare client, which has no such process.
    pub(crate) cpu: Samples,
}

impl Series {
    /// Requests that the API's process answers in a second of its CPU time, over all rounds.
    pub(crate) fn per_cpu_second(&self) -> Option<f64> {
        let total = f64::from(self.requests) * self.cpu.0.len() as f64;
        (self.cpu.sum() > 0.0).then(|| total / self.cpu.sum())
    }

    fn add(&mut self, seen: &Seen, cpu: Option<f64>) {
        self.p50.push(seen.latencies.quantile(0.5));
        self.p95.push(seen.latencies.quantile(0.95));
        self.p99.push(seen.latencies.quantile(0.99));
        self.rate.push(seen.rate());
        if let Some(cpu) = cpu {
            self.cpu.push(cpu);
        }
    }
}

impl Api {
    pub(crate) fn find(
        &self,
        name: &str,
        operation: Operation,
        concurrency: u32,
    ) -> Option<&Series> {
        self.series.iter().find(|series| {
            series.name == name
                && series.operation == operation
                && series.concurrency == concurrency
        })
    }

    /// How many times the latency of the bare client ours is: the median of the rounds' ratios.
    pub(crate) fn over_bare(&self, operation: Operation, concurrency: u32) -> Option<Samples> {
        let ours = self.find(OURS, operation, concurrency)?;
        let bare = self.find(BARE, operation, concurrency)?;
        let rounds = ours.p50.0.iter().zip(&bare.p50.0);
        Some(Samples(rounds.map(|(ours, bare)| ours / bare).collect()))
    }

    /// How many times as many requests as the service in Python ours answers in a second of CPU time.
    pub(crate) fn over_fastapi(&self, operation: Operation, concurrency: u32) -> Option<f64> {
        let ours = self.find(OURS, operation, concurrency)?.per_cpu_second()?;
        let theirs = self.find(FASTAPI, operation, concurrency)?;
        Some(ours / theirs.per_cpu_second()?)
    }
}

pub(crate) async fn run(extent: Extent) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let model = Model::start(LATENCY, folder.path()).await?;
    let temporal = Temporal::start(folder.path()).await?;
    let bare = Bare::connect(temporal.address).await?;
    let ours = Subject::start(OURS, &Maker::Ours, &temporal, &model).await?;
    let (fastapi, fastapi_error) = match peers::fastapi() {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(outcome::reason(&error))),
    };
    let mut subjects = vec![ours];
    let mut versions = String::new();
    if let Some((python, found)) = fastapi {
        let maker = Maker::FastApi(python);
        subjects.push(Subject::start(FASTAPI, &maker, &temporal, &model).await?);
        versions = found;
    }
    let mut api = Api {
        fastapi: versions,
        fastapi_error,
        series: Vec::new(),
    };
    for operation in Operation::ALL {
        for concurrency in operation.concurrencies().iter().copied() {
            let requests = match operation {
                Operation::Create => extent.pick(300, 50),
                _ => extent.pick(1_500, 100),
            };
            let series = measured(
                operation,
                concurrency,
                requests,
                extent.repeats(9, 2),
                &subjects,
                &bare,
            )
            .await?;
            api.series.extend(series);
            outcome::write("api", extent, &api)?;
        }
    }
    println!("{}", table::of(&HEADINGS, api.series.iter().map(row)));
    Ok(())
}

/// Rounds of one operation at one concurrency: in each, everybody has a turn, and another one begins.
async fn measured(
    operation: Operation,
    concurrency: u32,
    requests: u32,
    rounds: usize,
    subjects: &[Subject],
    bare: &Bare,
) -> anyhow::Result<Vec<Series>> {
    let names = subjects.iter().map(Subject::name).chain([BARE]);
    let mut all: Vec<Series> = names
        .map(|name| Series {
            name: name.to_owned(),
            operation,
            concurrency,
            requests,
            p50: Samples::default(),
            p95: Samples::default(),
            p99: Samples::default(),
            rate: Samples::default(),
            cpu: Samples::default(),
        })
        .collect();
    let copy = bare.copy_of(subjects[0].asked(operation, 0)).await?;
    for round in 0..rounds {
        for turn in 0..all.len() {
            let whose = (round + turn) % all.len();
            match subjects.get(whose) {
                Some(subject) => {
                    let senders = subject.senders(operation, concurrency).await?;
                    let before = subject.cpu()?;
                    let seen = load::run(senders, requests).await?;
                    all[whose].add(&seen, Some(subject.cpu()? - before));
                }
                None => {
                    let caller = |client| BareCaller {
                        bare: bare.clone(),
                        target: match operation {
                            Operation::Create => Target::Start(Box::new(copy.clone()), round),
                            _ => Target::Describe(subjects[0].asked(operation, client).to_owned()),
                        },
                        concurrency,
                    };
                    let callers = (0..concurrency).map(caller).collect();
                    let seen = load::run(callers, requests).await?;
                    all[whose].add(&seen, None);
                }
            }
        }
    }
    Ok(all)
}

/// What the bare client does.
#[derive(Clone)]
enum Target {
    Start(Box<StartWorkflowExecutionRequest>, usize),
    Describe(String),
}

struct BareCaller {
    bare: Bare,
    target: Target,
    concurrency: u32,
}

impl Caller for BareCaller {
    async fn call(&mut self, number: u32) -> anyhow::Result<()> {
        match &self.target {
            Target::Start(request, round) => {
                let id = format!("bare-{}-{round}-{number}", self.concurrency);
                self.bare.start_as(request, id).await
            }
            Target::Describe(id) => self.bare.describe(id, "").await.map(drop),
        }
    }
}

pub(crate) const HEADINGS: [&str; 8] = [
    "operation",
    "at once",
    "contestant",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "requests / s",
    "requests / CPU s",
];

/// A series as a line of a table.
pub(crate) fn row(series: &Series) -> Vec<String> {
    vec![
        series.operation.name().to_owned(),
        series.concurrency.to_string(),
        series.name.clone(),
        human(series.p50.median()),
        human(series.p95.median()),
        human(series.p99.median()),
        human(series.rate.median()),
        series.per_cpu_second().map_or("-".to_owned(), human),
    ]
}
