//! A breakdown as a table: a row for each model, scorer and tag, and a column for each interval that there is.

use api_types::breakdown::Breakdown;
use domain::statistics::breakdown::Estimate;
use domain::statistics::classification::Classification;

use crate::output::grid::Grid;
use crate::output::words::{interval, number, one_line};

const LONGEST_NAME: usize = 60;

/// The whole breakdown: the scores, and beneath them what labels were taken for which.
pub(crate) fn report(breakdown: &Breakdown) -> String {
    let mut text = table(breakdown);
    for group in breakdown
        .estimates
        .iter()
        .filter(|group| group.tag.is_none())
    {
        if let Some(classification) = &group.classification {
            let scorer = one_line(&group.scorer, LONGEST_NAME);
            let model = one_line(&group.model, LONGEST_NAME);
            let (accuracy, macro_f1) = (classification.accuracy, classification.macro_f1);
            text += &format!(
                "\n{model}, {scorer}: accuracy {}, macro-F1 {}\n{}",
                number(accuracy),
                number(macro_f1),
                labels(classification)
            );
        }
    }
    text
}

/// A row for each label: its figures, and what its items were taken for.
fn labels(classification: &Classification) -> String {
    let mut grid = Grid::new(&["label", "items", "precision", "recall", "F1", "taken for"]);
    for label in &classification.labels {
        let cells = classification.confusion.iter();
        let taken = cells
            .filter(|cell| cell.expected == label.label)
            .map(|cell| {
                let predicted = cell.predicted.as_deref().unwrap_or("no label");
                format!("{} {}", one_line(predicted, LONGEST_NAME), cell.count)
            });
        let taken: Vec<String> = taken.collect();
        grid.add_row(vec![
            one_line(&label.label, LONGEST_NAME),
            label.expected.to_string(),
            number(label.precision),
            number(label.recall),
            number(label.f1),
            taken.join(", "),
        ]);
    }
    grid.to_string()
}

fn table(breakdown: &Breakdown) -> String {
    let estimates = &breakdown.estimates;
    let is_sampled = estimates.iter().any(|group| !group.pass_at_k.is_empty());
    let is_resampled = estimates.iter().any(|group| group.bootstrap.is_some());
    let is_clustered = estimates.iter().any(|group| group.clustered.is_some());
    let mut header = vec![
        "model",
        "scorer",
        "tag",
        "mean",
        "95 % interval",
        "median",
        "items",
        "without",
    ];
    header.extend(is_sampled.then_some("pass@k"));
    header.extend(is_resampled.then_some("bootstrap"));
    header.extend(is_clustered.then_some("clustered"));
    let mut grid = Grid::new(&header);
    for group in estimates {
        let mut row = row(group);
        if is_sampled {
            let passes = group.pass_at_k.iter();
            let passes = passes.map(|at| format!("@{} {}", at.k, number(at.mean)));
            row.push(passes.collect::<Vec<_>>().join(", "));
        }
        if is_resampled {
            let bootstrap = group.bootstrap.map(|bootstrap| {
                let bounds = bootstrap.bca.unwrap_or(bootstrap.percentile);
                bracketed(bounds.low, bounds.high)
            });
            row.push(bootstrap.unwrap_or_default());
        }
        if is_clustered {
            let clustered = group.clustered.map(|clustered| {
                let bounds = bracketed(clustered.low, clustered.high);
                format!("{bounds} of {}", clustered.clusters)
            });
            row.push(clustered.unwrap_or_default());
        }
        grid.add_row(row);
    }
    grid.to_string()
}

fn row(group: &Estimate) -> Vec<String> {
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let coverage = group.coverage;
    let without = coverage.scorer_failed + coverage.generation_failed + coverage.skipped;
    vec![
        one_line(&group.model, LONGEST_NAME),
        one_line(&group.scorer, LONGEST_NAME),
        one_line(group.tag.as_deref().unwrap_or("all"), LONGEST_NAME),
        shown(group.mean),
        group
            .interval
            .as_ref()
            .map_or_else(|| "–".to_owned(), interval),
        shown(group.median),
        group.items.to_string(),
        without.to_string(),
    ]
}

fn bracketed(low: f64, high: f64) -> String {
    format!("[{}, {}]", number(low), number(high))
}
