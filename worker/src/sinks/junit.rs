//! JUnit XML: a suite for the run, in which the rules and the items are tests.

use domain::config::JunitSink;
use domain::gate::{Judged, ScorerFigures, Verdict, judge};
use domain::summary::ScorerSummary;
use reports::junit::{CLOSING, Counts, item, opening, rules};

use crate::sinks::{Error, Finished};

/// The number of failures stands at the head of the file, so the results are read twice rather than kept.
pub(crate) async fn deliver(sink: &JunitSink, finished: &Finished<'_>) -> Result<String, Error> {
    let summary = finished.summary;
    let run = reports::report::name(&summary.experiment_id, &summary.model);
    let verdict = verdict(sink, finished, &run);
    let mut counts = Counts::default();
    counts.count_rules(&verdict);
    if !sink.rules_only {
        finished
            .visit(|results| results.iter().for_each(|result| counts.count_item(result)))
            .await?;
    }
    let before = opening(&run, &counts) + &rules(&run, &verdict);
    let encode = |results: &[_]| match sink.rules_only {
        true => Vec::new(),
        false => {
            let tests: String = results.iter().map(|result| item(&run, result)).collect();
            tests.into_bytes()
        }
    };
    finished
        .write("junit.xml", before.as_bytes(), encode, CLOSING.as_bytes())
        .await
}

/// The rules were checked before the experiment was created, so that none is left out here.
fn verdict(sink: &JunitSink, finished: &Finished<'_>, run: &str) -> Verdict {
    let progress = &finished.summary.progress;
    let figures = progress.aggregates.iter().map(|aggregate| {
        let summary = ScorerSummary::from(aggregate);
        (aggregate.scorer.clone(), ScorerFigures::from(&summary))
    });
    let judged = Judged {
        run: run.to_owned(),
        states: progress.states,
        scorers: figures.collect(),
    };
    let rules: Vec<_> = sink
        .rules
        .iter()
        .filter_map(|rule| rule.parse().ok())
        .collect();
    judge(&judged, &[], &rules)
}
