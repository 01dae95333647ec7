//! The section on crashes.

use std::path::Path;

use super::markdown::{Goal, table};
use super::{Section, measured_on, plot};
use crate::crash::{Crash, HEADINGS, Killed, row};
use crate::measure::{Samples, human};
use crate::outcome::Outcome;

pub(super) fn section(outcome: &Outcome<Crash>, plots: &Path) -> anyhow::Result<Section> {
    let crash = &outcome.results;
    let repeats = values(crash, |killed| &killed.repeats);
    let repaid = values(crash, |killed| &killed.repaid);
    let idle = values(crash, |killed| &killed.idle);
    plot::bars(
        &plots.join("crash-repeats.svg"),
        "Calls that are repeated after SIGKILL",
        &repeats,
    )?;
    plot::bars(
        &plots.join("crash-idle.svg"),
        "Seconds from SIGKILL to the next call",
        &idle,
    )?;
    let mut text = format!(
        "## SIGKILL in the middle\n\n\
         {} items, {} at once, killed when half of them were asked for, and started again at once: a worker of the \
         services, the command of a tool in the way that makes it go on. Repeated calls are those for an item that was \
         asked for before; the calls that were in flight have no answer, and whoever keeps {} in flight makes as many \
         again. What was answered before is paid twice; an answer that reaches a process while it dies counts as one.\n\n",
        crash.items, crash.concurrency, crash.concurrency
    );
    text += &table(&HEADINGS, crash.contestants.iter().map(row));
    text += "\n![Calls that are repeated](benchmarks/crash-repeats.svg)\n\
             \n![Seconds to the next call](benchmarks/crash-idle.svg)\n";
    Ok(Section {
        goals: [
            goal("answered calls that are made again after SIGKILL", &repaid),
            goal("calls made again after SIGKILL", &repeats),
            goal("seconds lost by SIGKILL", &idle),
        ]
        .into_iter()
        .flatten()
        .collect(),
        text,
        machine: measured_on(outcome),
    })
}

fn values(crash: &Crash, of: impl Fn(&Killed) -> &Samples) -> Vec<(String, f64)> {
    let killed = crash.contestants.iter();
    killed
        .map(|killed| (killed.name.clone(), of(killed).median()))
        .filter(|(_, value)| value.is_finite())
        .collect()
}

/// Ours, which is the first, beside the best of the others.
fn goal(what: &str, values: &[(String, f64)]) -> Option<Goal> {
    let ((_, ours), others) = values.split_first()?;
    let best = others.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let beside = match best {
        Some((name, value)) => format!("; the best other, {name}: {}", human(*value)),
        None => String::new(),
    };
    Some(Goal {
        what: what.to_owned(),
        goal: "no more than any other".to_owned(),
        measured: format!("{}{beside}", human(*ours)),
        met: best.map(|(_, value)| ours <= value),
    })
}
