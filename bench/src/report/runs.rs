//! The section on runs.

use std::path::Path;

use super::markdown::{Goal, table};
use super::{Section, measured_on, plot};
use crate::measure::human;
use crate::outcome::Outcome;
use crate::runs::{HEADINGS, OURS, Run, Runs, row};
use crate::scale::ideal;

pub(super) fn section(outcome: &Outcome<Runs>, plots: &Path) -> anyhow::Result<Section> {
    let runs = &outcome.results;
    let mut concurrencies: Vec<u32> = runs.runs.iter().map(|run| run.concurrency).collect();
    concurrencies.dedup();
    let (mut goals, mut pictures) = (Vec::new(), String::new());
    for concurrency in concurrencies {
        let ratio = |run: &Run| run.wall.median() / ideal(runs.items, concurrency);
        let measured: Vec<(String, f64)> = runs
            .runs
            .iter()
            .filter(|run| run.concurrency == concurrency && !run.wall.0.is_empty())
            .map(|run| (run.name.clone(), ratio(run)))
            .collect();
        goals.extend(goal(runs, concurrency, &measured));
        let title = format!(
            "{} items, {concurrency} at once: wall time ÷ ideal",
            runs.items
        );
        let name = format!("runs-{concurrency}.svg");
        plot::bars(&plots.join(&name), &title, &measured)?;
        pictures += &format!("\n![{title}](benchmarks/{name})\n");
    }
    let mut text = format!(
        "## A run of {} items\n\n\
         The model answers after {} ms; the ideal is items × latency ÷ concurrency. Wall time is from the request to the \
         status `completed`, or from the start of a command to its end, which is how each is used.\n\n",
        runs.items, runs.latency_ms
    );
    text += &table(&HEADINGS, runs.runs.iter().map(|run| row(run, runs.items)));
    text += &pictures;
    text += &format!("\n{}\n", runs.headroom.sentence());
    Ok(Section {
        goals,
        text,
        machine: measured_on(outcome),
    })
}

/// Ours beside the best of the others.
fn goal(runs: &Runs, concurrency: u32, measured: &[(String, f64)]) -> Option<Goal> {
    let ours = measured.iter().find(|(name, _)| name == OURS)?.1;
    let others = measured.iter().filter(|(name, _)| name != OURS);
    let best = others.min_by(|a, b| a.1.total_cmp(&b.1));
    let beside = match best {
        Some((name, ratio)) => format!("; the best other, {name}: {}", human(*ratio)),
        None => String::new(),
    };
    Some(Goal {
        what: format!("{} items, {concurrency} at once: wall ÷ ideal", runs.items),
        goal: "less than every other".to_owned(),
        measured: format!("{}{beside}", human(ours)),
        met: best.map(|(_, ratio)| ours < *ratio),
    })
}
