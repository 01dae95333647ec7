//! A line for each scorer, on the worker's standard output.

use domain::summary::ScorerSummary;

use crate::sinks::Finished;

#[expect(
    clippy::print_stdout,
    reason = "standard output is where this sink delivers"
)]
pub(crate) fn deliver(finished: &Finished<'_>) {
    for aggregate in &finished.summary.progress.aggregates {
        println!("{}", line(finished, &ScorerSummary::from(aggregate)));
    }
}

fn line(finished: &Finished<'_>, scores: &ScorerSummary) -> String {
    let mean = scores
        .mean
        .map_or("no scores".to_owned(), |mean| format!("mean {mean:.4}"));
    let interval = scores
        .confidence_interval
        .map_or(String::new(), |interval| {
            format!(" [{:.4}, {:.4}]", interval.low, interval.high)
        });
    format!(
        "{} {} {}: {mean}{interval} over {} items, {} errors",
        finished.run.experiment,
        finished.model(),
        scores.scorer,
        scores.count,
        scores.errors
    )
}
