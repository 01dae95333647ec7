//! What runs of growing size aim at: nearly the ideal time, and nothing that grows with the items.

use crate::measure::human;
use crate::report::markdown::Goal;
use crate::scale::{Run, Scale, row};

/// A run is long from this ideal time on, in seconds: what its beginning and its end take is little beside it.
const LONG: f64 = 10.0;

/// Seconds from the request to the first model call.
const FIRST_CALL: f64 = 0.3;

/// Times the ideal.
const WALL: f64 = 1.05;

/// How much more memory than the smallest run the largest may take: times, and megabytes on top.
const MEMORY: (f64, f64) = (1.3, 50.0);

/// Of one workflow run.
const EVENTS: f64 = 10_000.0;
const HISTORY_MB: f64 = 10.0;

/// Actions of Temporal for 1,000 items.
const ACTIONS: f64 = 20.0;

/// Milliseconds for a page of results, wherever it is.
const PAGE_MS: f64 = 50.0;

/// The goals of all long runs, and of the largest of those with so much concurrency beside the smallest.
pub(super) fn of(scale: &Scale, concurrency: u32) -> Vec<Goal> {
    let long = scale.runs.iter().filter(|run| run.ideal() >= LONG);
    let mut goals: Vec<Goal> = long
        .map(|run| {
            let what = format!("{} at once: wall ÷ ideal", run.concurrency);
            at_most(&named(run, &what), run.wall.median() / run.ideal(), WALL)
        })
        .collect();
    let first_call = "request to first model call, s";
    goals.push(at_most(first_call, scale.first_call.median(), FIRST_CALL));
    let runs = || {
        let runs = scale.runs.iter();
        runs.filter(|run| run.concurrency == concurrency)
    };
    let smallest = runs().min_by_key(|run| run.items);
    let Some((small, large)) = smallest.zip(runs().max_by_key(|run| run.items)) else {
        return goals;
    };
    let may_take = |smallest: f64| MEMORY.0 * smallest + MEMORY.1;
    let (history, pages) = (&large.history, &large.pages);
    let slowest_page = [&pages.at_start, &pages.in_middle, &pages.at_end]
        .map(|samples| samples.median())
        .into_iter()
        .fold(0.0, f64::max);
    let values = [
        (
            "peak memory of the worker, MB",
            large.worker_peak_mb.median(),
            may_take(small.worker_peak_mb.median()),
        ),
        (
            "peak memory of the API, MB",
            large.api_peak_mb.median(),
            may_take(small.api_peak_mb.median()),
        ),
        (
            "events of the longest workflow run",
            history.most_events as f64,
            EVENTS,
        ),
        (
            "MB of the largest workflow run",
            history.most_bytes as f64 / 1e6,
            HISTORY_MB,
        ),
        (
            "actions for 1,000 items",
            history.actions() as f64 * 1e3 / large.items as f64,
            ACTIONS,
        ),
        ("calls made again", large.repeated_calls as f64, 0.0),
        ("slowest page of results, ms", slowest_page, PAGE_MS),
    ];
    goals.extend(values.map(|(what, value, most)| at_most(&named(large, what), value, most)));
    goals
}

fn named(run: &Run, what: &str) -> String {
    format!("{} items: {what}", row(run)[0])
}

fn at_most(what: &str, value: f64, most: f64) -> Goal {
    Goal {
        what: what.to_owned(),
        goal: format!("≤ {}", human(most)),
        measured: human(value),
        met: Some(value <= most),
    }
}
