//! What a comparison comes to: plain sentences, and which runs are as good as the best.

use serde::{Deserialize, Serialize};

use crate::comparison::difference::Difference;
use crate::comparison::scores::RunScores;
use crate::statistics::sample::Sample;

/// The best run under a scorer, and those as good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Standing {
    pub scorer: String,
    /// The run with the highest mean over its scored items.
    pub best: String,
    pub mean: f64,
    /// The runs that cannot be told apart from it.
    pub tied_with_best: Vec<String>,
}

impl Standing {
    /// None when no run has a score.
    pub(crate) fn of(runs: &[RunScores], scorer: &str, differences: &[Difference]) -> Option<Self> {
        let means = runs
            .iter()
            .filter_map(|run| Some((run, mean(run, scorer)?)));
        // Of equal means the first is kept.
        let (best, mean) = means.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let tied = differences.iter().filter_map(|difference| {
            let others = (&difference.baseline, &difference.candidate);
            let other = match others {
                (a, b) if *a == best.run => b,
                (a, b) if *b == best.run => a,
                _ => return None,
            };
            let tied = difference.scorer == scorer && difference.statistically_tied;
            tied.then(|| other.clone())
        });
        Some(Self {
            scorer: scorer.to_owned(),
            best: best.run.clone(),
            mean,
            tied_with_best: tied.collect(),
        })
    }
}

fn mean(run: &RunScores, scorer: &str) -> Option<f64> {
    let scores = run.column(scorer)?.iter().flatten();
    let sample = Sample::new(scores.map(|score| score.as_f64()).collect());
    Some(sample.ok()?.mean())
}

/// A comparison in plain words.
pub(crate) fn statement(difference: &Difference) -> String {
    let (a, b, scorer) = (
        &difference.baseline,
        &difference.candidate,
        &difference.scorer,
    );
    if difference.coverage.paired == 0 {
        return format!(
            "No item has a `{scorer}` in both `{a}` and `{b}`, so nothing can be said of them."
        );
    }
    let (Some(mean), Some(p_value)) = (difference.mean_difference, difference.adjusted_p_value)
    else {
        return format!("Some `{scorer}` of `{a}` or `{b}` is too large to reckon with.");
    };
    let items = items(difference.coverage.paired);
    let evidence = format!(
        "{}adjusted p = {}",
        interval(difference),
        probability(p_value)
    );
    let left_out = left_out(difference);
    if !difference.statistically_tied {
        let direction = if mean > 0.0 { "higher" } else { "lower" };
        let size = figure(mean.abs());
        return format!(
            "`{b}` scores {size} {direction} than `{a}` in `{scorer}` on average over {items} ({evidence}).{left_out}"
        );
    }
    let detectable = difference
        .minimum_detectable_effect
        .map_or_else(String::new, |effect| {
            format!(
                " Differences below {} would mostly go unseen with these items.",
                figure(effect)
            )
        });
    let size = signed(mean);
    format!(
        "`{a}` and `{b}` are statistically tied in `{scorer}`: the difference of {size} over {items} may be chance \
         ({evidence}).{detectable}{left_out}"
    )
}

fn items(count: u64) -> String {
    match count {
        1 => "1 item".to_owned(),
        _ => format!("{count} items"),
    }
}

fn interval(difference: &Difference) -> String {
    difference.interval.map_or_else(String::new, |interval| {
        format!(
            "95 % interval {} to {}, ",
            signed(interval.low),
            signed(interval.high)
        )
    })
}

/// What the figures do not cover.
fn left_out(difference: &Difference) -> String {
    let coverage = &difference.coverage;
    match (coverage.only_baseline, coverage.only_candidate) {
        (0, 0) => String::new(),
        (a, b) => format!(
            " Left out: {} scored in the baseline only, {b} in the candidate only.",
            items(a)
        ),
    }
}

/// Four digits after the point, or as many as it takes to see something.
fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..1e6).contains(&size) => {
            let text = format!("{value:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{value:.2e}"),
    }
}

fn signed(value: f64) -> String {
    match value > 0.0 {
        true => format!("+{}", figure(value)),
        false => figure(value),
    }
}

fn probability(p_value: f64) -> String {
    match p_value {
        p if p < 1e-4 => format!("{p:.1e}"),
        p => format!("{p:.4}"),
    }
}
