//! Tables: scores by model and scorer, results by item, experiments in a list.

use api_types::datasets::{DatasetSample, DatasetVersion};
use api_types::experiments::{ExperimentOverview, ExperimentSummary, ModelSummary};
use api_types::results::ModelResult;
use comfy_table::{Cell, CellAlignment};
use domain::summary::{ScorerSummary, Status};
use serde_json::Value;

use crate::output::grid::Grid;
use crate::output::words::{self, one_line};

/// Characters of an output that a table shows.
const LONGEST_OUTPUT: usize = 80;
const LONGEST_NAME: usize = 60;
/// Characters of a dataset's row that a table shows.
const LONGEST_ROW: usize = 200;

/// The scores of every model with their 95 % intervals, and beneath, why runs ended before their time.
pub(crate) fn scores(summary: &ExperimentSummary) -> String {
    let mut grid = Grid::new(&[
        "model",
        "scorer",
        "mean",
        "95 % interval",
        "items",
        "not scorable",
        "no answer",
    ]);
    for model in &summary.models {
        let name = one_line(&model.model, LONGEST_NAME);
        for scorer in &model.scorers {
            grid.add_row(score_row(name.clone(), scorer, model));
        }
        if model.scorers.is_empty() {
            grid.add_row(vec![name, "no score".to_owned()]);
        }
    }
    let mut text = grid.to_string();
    text += &passes(summary);
    for model in summary
        .models
        .iter()
        .filter(|model| model.status != Status::Completed)
    {
        text += &format!("\n{}", ending(model));
    }
    text
}

/// pass@k with its 95 % interval for each k that is told; nothing when every item has one sample.
fn passes(summary: &ExperimentSummary) -> String {
    let mut grid = Grid::new(&["model", "scorer", "k", "pass@k", "95 % interval", "items"]);
    for model in &summary.models {
        for scorer in &model.scorers {
            for at in &scorer.pass_at_k {
                grid.add_row(vec![
                    one_line(&model.model, LONGEST_NAME),
                    one_line(&scorer.scorer, LONGEST_NAME),
                    at.k.to_string(),
                    words::number(at.mean),
                    at.interval
                        .as_ref()
                        .map_or_else(String::new, words::interval),
                    at.items.to_string(),
                ]);
            }
        }
    }
    match grid.is_empty() {
        true => String::new(),
        false => format!("\n{grid}"),
    }
}

/// Results of items, their outputs shortened.
pub(crate) fn results(results: &[ModelResult]) -> String {
    let mut grid = Grid::new(&["item", "model", "state", "scores", "output"]);
    for ModelResult { model, result } in results {
        let output = match &result.output {
            None => String::new(),
            Some(output) => match (&output.answer, &output.error) {
                (Some(answer), _) => words::text(&answer.value),
                (None, Some(error)) => format!("error: {error}"),
                (None, None) => String::new(),
            },
        };
        let mut scores = words::scores(&result.scores);
        for error in &result.scorer_errors {
            let separator = if scores.is_empty() { "" } else { "\n" };
            scores += &format!("{separator}{} error", one_line(&error.name, 40));
        }
        grid.add_row(vec![
            one_line(&result.label(), LONGEST_NAME),
            one_line(model, LONGEST_NAME),
            words::state(result.state).to_owned(),
            scores,
            one_line(&output, LONGEST_OUTPUT),
        ]);
    }
    grid.to_string()
}

/// Experiments, one a row.
pub(crate) fn experiments(experiments: &[ExperimentOverview]) -> String {
    let mut grid = Grid::new(&["id", "name", "status", "created", "models"]);
    for experiment in experiments {
        grid.add_row(vec![
            one_line(&experiment.id, 100),
            one_line(&experiment.experiment_name, LONGEST_NAME),
            words::status(experiment.status).to_owned(),
            format!("{:.0}", experiment.created_at),
            one_line(&experiment.models.join(", "), LONGEST_NAME),
        ]);
    }
    grid.to_string()
}

/// Datasets, or versions of one.
pub(crate) fn datasets(versions: &[DatasetVersion]) -> String {
    let mut grid = Grid::new(&["name", "version", "bytes", "created"]);
    for version in versions {
        grid.add_row(vec![
            one_line(&version.name, 100),
            one_line(&version.version, 64),
            version.bytes.to_string(),
            format!("{:.0}", version.created_at),
        ]);
    }
    grid.to_string()
}

/// Rows of a dataset, shortened, and what is wrong with them; beneath, why the file cannot be read on.
pub(crate) fn rows(sample: &DatasetSample) -> String {
    let mut grid = Grid::new(&["line", "row", "fault"]);
    for row in &sample.rows {
        let text = row.row.clone().map(|row| Value::Object(row).to_string());
        grid.add_row(vec![
            row.line.to_string(),
            one_line(&text.unwrap_or_default(), LONGEST_ROW),
            one_line(row.fault.as_deref().unwrap_or_default(), LONGEST_OUTPUT),
        ]);
    }
    let mut text = grid.to_string();
    if let Some(fault) = &sample.fault {
        text += &format!("\n{}", one_line(fault, 300));
    }
    text
}

fn score_row(model: String, scorer: &ScorerSummary, run: &ModelSummary) -> Vec<Cell> {
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let absent = || "–".to_owned();
    let interval = scorer.confidence_interval.as_ref();
    vec![
        Cell::new(model),
        Cell::new(one_line(&scorer.scorer, LONGEST_NAME)),
        right(scorer.mean.map_or_else(absent, words::number)),
        right(interval.map_or_else(absent, words::interval)),
        right(scorer.count.to_string()),
        right(scorer.errors.to_string()),
        right(run.generated.failed.to_string()),
    ]
}

fn ending(model: &ModelSummary) -> String {
    let name = one_line(&model.model, LONGEST_NAME);
    let status = words::status(model.status);
    match &model.reason {
        Some(reason) => format!("{name}: {status}: {}", one_line(reason, 300)),
        None => format!("{name}: {status}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_score_is_shown_with_its_interval_and_what_it_leaves_out() {
        let summary = serde_json::from_value(json!({
            "experiment_id": "e", "experiment_name": "n", "status": "failed",
            "models": [{
                "model": "a", "status": "failed", "reason": "too many failures",
                "states": {"ok": 8, "generation_failed": 2, "scorer_failed": 0, "skipped": 0},
                "generated": {"answered": 8, "failed": 2, "calls": 18,
                              "usage": {"input_tokens": 0, "output_tokens": 0}},
                "scorers": [{
                    "scorer": "exact_match", "count": 7, "errors": 1, "mean": 0.5,
                    "confidence_interval": {"low": 0.25, "high": 0.75, "method": "wilson"},
                    "histogram": {"bins": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "below": 0, "above": 0},
                }],
            }],
        }));
        let text = scores(&summary.unwrap());
        let row = text.lines().find(|line| line.contains("exact_match"));
        // Between lines or tabs, as standard output is.
        let cells: Vec<&str> = row
            .unwrap()
            .split(['│', '┆', '\t'])
            .map(str::trim)
            .collect();
        let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        let expected = ["a", "exact_match", "0.500", "[0.250, 0.750]", "7", "1", "2"];
        assert_eq!(cells, expected);
        assert!(text.ends_with("a: failed: too many failures"), "{text}");
    }
}
