//! Tables of calls: what each item has used and cost, and the totals of each model.

use api_types::ledger::{LedgerEntry, ModelLedger};
use domain::output::TokenUsage;
use serde_json::Value;

use crate::output::grid::Grid;
use crate::output::words::{number, one_line};

const LONGEST_NAME: usize = 60;

/// The calls of items, one item a row.
pub(crate) fn entries(entries: &[LedgerEntry]) -> String {
    let mut grid = Grid::new(&[
        "item", "model", "calls", "repeated", "tokens", "cost", "ms", "outcome", "round",
    ]);
    for entry in entries {
        let cost = entry.cost.map(|cost| cost.to_string());
        grid.add_row(vec![
            one_line(&entry.item_id, LONGEST_NAME),
            one_line(&entry.model, LONGEST_NAME),
            entry.calls.to_string(),
            entry.repeated.to_string(),
            tokens(entry.usage),
            cost.unwrap_or_default(),
            entry.latency_ms.map(number).unwrap_or_default(),
            outcome(entry),
            entry.round.to_string(),
        ]);
    }
    grid.to_string()
}

/// The totals of each model.
pub(crate) fn totals(models: &[ModelLedger]) -> String {
    let mut grid = Grid::new(&[
        "model", "calls", "answered", "failed", "repeated", "lost", "cached", "tokens", "cost",
    ]);
    for ModelLedger { model, generated } in models {
        grid.add_row(vec![
            one_line(model, LONGEST_NAME),
            generated.calls.to_string(),
            generated.answered.to_string(),
            generated.failed.to_string(),
            generated.repeated.to_string(),
            generated.lost.to_string(),
            generated.cached.to_string(),
            tokens(generated.usage),
            generated.cost.to_string(),
        ]);
    }
    grid.to_string()
}

/// Tokens read and written, with the parts of each that there are: `90 (60 cached) + 50 (40 reasoning)`.
fn tokens(usage: TokenUsage) -> String {
    let with = |whole: u64, part: u64, name: &str| match part {
        0 => whole.to_string(),
        part => format!("{whole} ({part} {name})"),
    };
    let read = with(usage.input_tokens, usage.cached_input_tokens, "cached");
    let written = with(usage.output_tokens, usage.reasoning_tokens, "reasoning");
    format!("{read} + {written}")
}

fn outcome(entry: &LedgerEntry) -> String {
    let error = entry.error_kind.map(serde_json::to_value);
    match (entry.answered, entry.cached, error) {
        (true, true, _) => "answered from the cache".to_owned(),
        (true, false, _) => "answered".to_owned(),
        (false, _, Some(Ok(Value::String(kind)))) => kind,
        (false, _, _) => "no answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_tokens_are_told_when_there_are_some() {
        let usage = TokenUsage::counted(Some(90), Some(50)).unwrap();
        assert_eq!(tokens(usage), "90 + 50");
        assert_eq!(
            tokens(usage.of_which(60, 40)),
            "90 (60 cached) + 50 (40 reasoning)"
        );
    }
}
