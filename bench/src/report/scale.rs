//! The section on runs of growing size.

use std::path::Path;

use super::markdown::table;
use super::plot::{self, Line};
use super::{Section, measured_on};
use crate::measure::human;
use crate::outcome::Outcome;
use crate::scale::{HEADINGS, Run, Scale, row};

mod goals;

pub(super) fn section(outcome: &Outcome<Scale>, plots: &Path) -> anyhow::Result<Section> {
    let scale = &outcome.results;
    let mut concurrencies: Vec<u32> = scale.runs.iter().map(|run| run.concurrency).collect();
    concurrencies.sort_unstable();
    concurrencies.dedup();
    let series = |concurrency: u32, value: &dyn Fn(&Run) -> f64| -> Vec<(f64, f64)> {
        let runs = scale
            .runs
            .iter()
            .filter(|run| run.concurrency == concurrency);
        runs.map(|run| (run.items as f64, value(run))).collect()
    };
    let mut times = Vec::new();
    for concurrency in &concurrencies {
        times.push(Line {
            name: format!("wall, {concurrency} at once"),
            points: series(*concurrency, &|run| run.wall.median()),
        });
        times.push(Line {
            name: format!("ideal, {concurrency} at once"),
            points: series(*concurrency, &Run::ideal),
        });
    }
    let title = "Seconds from the request to the end";
    plot::lines(
        &plots.join("scale-time.svg"),
        title,
        ("items", "seconds"),
        &times,
    )?;
    let most = concurrencies.last().copied().unwrap_or_default();
    let line = |name: &str, value: &dyn Fn(&Run) -> f64| Line {
        name: name.to_owned(),
        points: series(most, value),
    };
    let title = format!("Memory, history and answers, {most} at once");
    let growth = [
        line("worker, peak MB", &|run| run.worker_peak_mb.median()),
        line("API, peak MB", &|run| run.api_peak_mb.median()),
        line("history, events", &|run| run.history.events as f64),
        line("a page at the end, ms", &|run| run.pages.at_end.median()),
    ];
    plot::lines(
        &plots.join("scale-growth.svg"),
        &title,
        ("items", ""),
        &growth,
    )?;
    let mut text = format!(
        "## From a thousand items to a million\n\n\
         Each run has programs and a Temporal of its own. Peak memory is what the process ever had resident, that of \
         the API after all results were read page by page. A run's history is that of all its workflow runs. Actions are \
         starts (a continuation is one), activities, timers, signals, markers, children, search attributes and updates; \
         heartbeats and repeated attempts leave no event. The first model call of a small experiment comes {} s after \
         the request that creates it.\n\n",
        human(scale.first_call.median())
    );
    text += &table(&HEADINGS, scale.runs.iter().map(row));
    text += "\n![Time](benchmarks/scale-time.svg)\n\n![Growth](benchmarks/scale-growth.svg)\n\n";
    text += "What a client waits for when the run is done, in milliseconds:\n\n";
    text += &table(&PAGES, scale.runs.iter().map(pages));
    text += "\nWhat Temporal keeps of it:\n\n";
    text += &table(&HISTORY, scale.runs.iter().map(history));
    Ok(Section {
        goals: goals::of(scale, most),
        text,
        machine: measured_on(outcome),
    })
}

const PAGES: [&str; 8] = [
    "items",
    "at once",
    "first 100 results",
    "100 in the middle",
    "last 100",
    "a page of 1,000",
    "summary",
    "status",
];

fn pages(run: &Run) -> Vec<String> {
    let pages = &run.pages;
    let times = [
        &pages.at_start,
        &pages.in_middle,
        &pages.at_end,
        &pages.of_thousand,
        &pages.summary,
        &pages.status,
    ];
    let mut cells = vec![row(run)[0].clone(), run.concurrency.to_string()];
    cells.extend(times.map(|samples| human(samples.median())));
    cells
}

const HISTORY: [&str; 8] = [
    "items",
    "at once",
    "workflow runs",
    "events",
    "KB",
    "events of the longest run",
    "KB of the largest run",
    "calls repeated",
];

fn history(run: &Run) -> Vec<String> {
    let history = &run.history;
    vec![
        row(run)[0].clone(),
        run.concurrency.to_string(),
        history.runs.to_string(),
        history.events.to_string(),
        human(history.bytes as f64 / 1e3),
        history.most_events.to_string(),
        human(history.most_bytes as f64 / 1e3),
        run.repeated_calls.to_string(),
    ]
}
