//! A report as the templates take it: grouped by scorer, with places on axes worked out.

use std::ops::Range;

use domain::comparison::Comparison;
use domain::comparison::difference::Difference;
use domain::summary::{IntervalMethod, ScorerSummary};
use serde::Serialize;

use crate::format;
use crate::report::{Report, Run};

#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    title: &'a str,
    runs: Vec<RunView<'a>>,
    scorers: Vec<ScorerView<'a>>,
    /// Whether pass@k is told of any scorer.
    is_sampled: bool,
    /// With the runs called as everywhere on the page.
    comparison: Option<Comparison>,
    /// The differences, each with its interval on the axis of its scorer.
    differences: Vec<DifferenceView>,
}

#[derive(Debug, Serialize)]
struct RunView<'a> {
    #[serde(flatten)]
    run: &'a Run,
    /// What the run is called here: its model, where that says which run it is.
    label: &'a str,
    duration: Option<String>,
    /// Outputs asked for of each item.
    samples: u32,
    /// The share of the items in each state, in per cent.
    shares: [(&'static str, u64, f64); 4],
}

/// One scorer over all runs.
#[derive(Debug, Serialize)]
struct ScorerView<'a> {
    name: &'a str,
    axis: Axis,
    rows: Vec<Row<'a>>,
    /// Whether pass@k is told.
    is_sampled: bool,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    label: &'a str,
    summary: &'a ScorerSummary,
    mark: Option<Mark>,
    /// Ten bins, and beside them what is below and above; none of scores that are true or false.
    histogram: Option<Vec<u64>>,
}

#[derive(Debug, Serialize)]
struct DifferenceView {
    #[serde(flatten)]
    difference: Difference,
    axis: Axis,
    mark: Option<Mark>,
}

/// An axis, and where 0 is on it, in per cent of its length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Axis {
    low: f64,
    high: f64,
    zero: Option<f64>,
}

/// An interval and its middle, in per cent of the axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Mark {
    low: f64,
    middle: f64,
    high: f64,
}

impl<'a> View<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let runs = &report.runs;
        let mut names: Vec<&str> = Vec::new();
        for scorer in runs.iter().flat_map(|run| &run.scorers) {
            if !names.contains(&scorer.scorer.as_str()) {
                names.push(&scorer.scorer);
            }
        }
        let comparison = report
            .comparison
            .as_ref()
            .map(|comparison| relabelled(report, comparison));
        let differences = comparison.iter().flat_map(|it| &it.differences);
        let differences: Vec<&Difference> = differences.collect();
        let differences = differences
            .iter()
            .map(|it| DifferenceView::of(it, &differences))
            .collect();
        let summaries = runs.iter().flat_map(|run| &run.scorers);
        let mut sampled = summaries.filter(|summary| !summary.pass_at_k.is_empty());
        Self {
            title: &report.title,
            is_sampled: sampled.next().is_some(),
            runs: runs
                .iter()
                .map(|run| RunView::of(run, label(report, run)))
                .collect(),
            scorers: names
                .into_iter()
                .map(|name| ScorerView::of(report, name))
                .collect(),
            differences,
            comparison,
        }
    }
}

/// The model where no other run has the same, and the whole name elsewhere.
fn label<'a>(report: &Report, run: &'a Run) -> &'a str {
    let alike = report.runs.iter().filter(|other| other.model == run.model);
    match alike.count() {
        1 => &run.model,
        _ => &run.name,
    }
}

/// The comparison with the labels of the runs in place of their names, which hold the ids of experiments.
fn relabelled(report: &Report, comparison: &Comparison) -> Comparison {
    let labels: Vec<(&str, &str)> = report
        .runs
        .iter()
        .map(|run| (run.name.as_str(), label(report, run)))
        .collect();
    let relabel = |name: &mut String| {
        if let Some((_, label)) = labels.iter().find(|(known, _)| known == name) {
            *name = (*label).to_owned();
        }
    };
    let mut comparison = comparison.clone();
    for standing in &mut comparison.standings {
        relabel(&mut standing.best);
        standing.tied_with_best.iter_mut().for_each(relabel);
    }
    for difference in &mut comparison.differences {
        relabel(&mut difference.baseline);
        relabel(&mut difference.candidate);
        for (name, label) in &labels {
            // Statements put names between backticks.
            let (name, label) = (format!("`{name}`"), format!("`{label}`"));
            difference.statement = difference.statement.replace(&name, &label);
        }
    }
    comparison
}

impl<'a> RunView<'a> {
    fn of(run: &'a Run, label: &'a str) -> Self {
        let states = &run.states;
        let total = states.total().max(1) as f64;
        let counts = [
            ("ok", states.ok),
            ("no answer", states.generation_failed),
            ("not scorable", states.scorer_failed),
            ("never asked", states.skipped),
        ];
        let times = run.started_at.zip(run.ended_at);
        Self {
            run,
            label,
            samples: run.dataset.as_ref().map_or(1, |dataset| dataset.samples),
            duration: times.map(|(from, to)| format::duration(from, to)),
            shares: counts.map(|(state, count)| (state, count, 100.0 * count as f64 / total)),
        }
    }
}

impl<'a> ScorerView<'a> {
    fn of(report: &'a Report, name: &'a str) -> Self {
        let rows = || {
            report.runs.iter().filter_map(|run| {
                let summary = run.scorers.iter().find(|scorer| scorer.scorer == name)?;
                Some((label(report, run), summary))
            })
        };
        let ends = rows().filter_map(|(_, summary)| interval(summary));
        let axis = Axis::over(
            ends.flat_map(|(low, middle, high)| [low, middle, high]),
            0.0..1.0,
        );
        Self {
            name,
            axis,
            is_sampled: rows().any(|(_, summary)| !summary.pass_at_k.is_empty()),
            rows: rows()
                .map(|(label, summary)| Row::of(label, summary, axis))
                .collect(),
        }
    }
}

/// The mean within its interval, or by itself.
fn interval(summary: &ScorerSummary) -> Option<(f64, f64, f64)> {
    let mean = summary.mean?;
    let interval = summary.confidence_interval;
    Some(interval.map_or((mean, mean, mean), |interval| {
        (interval.low, mean, interval.high)
    }))
}

impl<'a> Row<'a> {
    fn of(label: &'a str, summary: &'a ScorerSummary, axis: Axis) -> Self {
        let histogram = &summary.histogram;
        let interval_of = summary.confidence_interval.map(|interval| interval.method);
        let is_of_numbers = interval_of != Some(IntervalMethod::Wilson) && summary.count > 1;
        let counts = || {
            let ends = |count: u64| (count > 0).then_some(count);
            let below = ends(histogram.below).into_iter();
            below
                .chain(histogram.bins.iter().copied())
                .chain(ends(histogram.above))
                .collect()
        };
        Self {
            label,
            summary,
            mark: interval(summary).map(|interval| axis.mark(interval)),
            histogram: is_of_numbers.then(counts),
        }
    }
}

impl DifferenceView {
    fn of(difference: &Difference, all: &[&Difference]) -> Self {
        let alike = all.iter().filter(|other| other.scorer == difference.scorer);
        let ends = alike.filter_map(|difference| within(difference));
        let ends = ends.flat_map(|(low, middle, high)| [low, middle, high]);
        let axis = Axis::over(ends.chain([0.0]), 0.0..0.0);
        Self {
            axis,
            mark: within(difference).map(|interval| axis.mark(interval)),
            difference: difference.clone(),
        }
    }
}

fn within(difference: &Difference) -> Option<(f64, f64, f64)> {
    let (mean, interval) = (difference.mean_difference?, difference.interval?);
    Some((interval.low, mean, interval.high))
}

impl Axis {
    /// An axis that holds `least` and all of the values.
    fn over(values: impl Iterator<Item = f64>, least: Range<f64>) -> Self {
        let (low, high) = values.fold((least.start, least.end), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let high = if high > low { high } else { low + 1.0 };
        let zero = (low < 0.0 && high > 0.0).then(|| -low / (high - low) * 100.0);
        Self { low, high, zero }
    }

    fn mark(self, (low, middle, high): (f64, f64, f64)) -> Mark {
        let place = |value: f64| (value - self.low) / (self.high - self.low) * 100.0;
        Mark {
            low: place(low),
            middle: place(middle),
            high: place(high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_holds_what_is_put_on_it() {
        let axis = Axis::over([0.2, 0.8].into_iter(), 0.0..1.0);
        assert_eq!((axis.low, axis.high, axis.zero), (0.0, 1.0, None));
        let axis = Axis::over([-1.0, 3.0].into_iter(), 0.0..0.0);
        assert_eq!(axis.zero, Some(25.0));
        let mark = axis.mark((-1.0, 1.0, 3.0));
        assert_eq!((mark.low, mark.middle, mark.high), (0.0, 50.0, 100.0));
        let point = Axis::over([0.0].into_iter(), 0.0..0.0).mark((0.0, 0.0, 0.0));
        assert_eq!(point.middle, 0.0);
    }
}
