//! The columns of the table and how a result fills them. What may be any JSON value is JSON text.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Decimal128Builder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DECIMAL128_MAX_PRECISION, DataType, Field, Schema, TimeUnit};
use domain::output::{Answer, Output};
use domain::result::ItemResult;
use rust_decimal::Decimal;
use serde::Serialize;

const TIME_ZONE: &str = "UTC";
/// As many decimals as an amount of money is written with, and whatever digits there is room for before them.
const DECIMALS: u8 = 15;
const COST: DataType = DataType::Decimal128(DECIMAL128_MAX_PRECISION, DECIMALS as i8);

/// The columns that are there whatever the scorers.
fn fields() -> Vec<Field> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let given = |name: &str| Field::new(name, DataType::Utf8, false);
    let whole = |name: &str| Field::new(name, DataType::Int64, true);
    let tag = Arc::new(Field::new("item", DataType::Utf8, true));
    let moment = DataType::Timestamp(TimeUnit::Microsecond, Some(TIME_ZONE.into()));
    vec![
        given("item_id"),
        Field::new("sample", DataType::Int64, false),
        given("model"),
        given("state"),
        given("input"),
        text("expected"),
        Field::new("tags", DataType::List(tag), false),
        given("metadata"),
        text("answer"),
        text("error_kind"),
        text("error"),
        whole("attempts"),
        Field::new("latency_ms", DataType::Float64, true),
        whole("input_tokens"),
        whole("output_tokens"),
        Field::new("cost_usd", COST, true),
        text("finish_reason"),
        text("answered_by"),
        Field::new("ended_at", moment, true),
        Field::new("cached", DataType::Boolean, true),
        whole("round"),
    ]
}

/// The columns with those of the scorers: `score.NAME`, true and false being 1 and 0, and `score_error.NAME`.
pub(super) fn schema(scorers: &[String]) -> Schema {
    let mut fields = fields();
    for scorer in scorers {
        fields.push(Field::new(
            format!("score.{scorer}"),
            DataType::Float64,
            true,
        ));
        fields.push(Field::new(
            format!("score_error.{scorer}"),
            DataType::Utf8,
            true,
        ));
    }
    Schema::new(fields)
}

/// A column of texts, some of which may be absent.
fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    let mut column = StringBuilder::new();
    values.for_each(|value| column.append_option(value));
    Arc::new(column.finish())
}

fn wholes(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    let mut column = Int64Builder::new();
    // Nothing that is counted here comes near the end of i64.
    values.for_each(|value| {
        column.append_option(value.map(|value| value.min(i64::MAX as u64) as i64))
    });
    Arc::new(column.finish())
}

fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    let mut column = Float64Builder::new();
    values.for_each(|value| column.append_option(value));
    Arc::new(column.finish())
}

pub(super) fn batch(
    schema: &Arc<Schema>,
    scorers: &[String],
    model: &str,
    results: &[ItemResult],
) -> Result<RecordBatch, ArrowError> {
    let outputs = || results.iter().map(|result| result.output.as_ref());
    let answers = || outputs().map(|output| output.and_then(|output| output.answer.as_ref()));
    let errors = || outputs().map(|output| output.and_then(|output| output.error.as_ref()));
    let usages = || answers().map(|answer| answer.and_then(|answer| answer.usage));
    let of_answer = |of: fn(&Answer) -> Option<String>| texts(answers().map(|it| it.and_then(of)));
    let of_output = |of: fn(&Output) -> u64| wholes(outputs().map(|output| output.map(of)));
    let mut columns = vec![
        texts(results.iter().map(|result| Some(result.item.id.clone()))),
        wholes(results.iter().map(|result| Some(result.sample.into()))),
        texts(results.iter().map(|_| Some(model.to_owned()))),
        texts(results.iter().map(|result| Some(name(&result.state)))),
        texts(results.iter().map(|result| Some(json(&result.item.input)))),
        texts(
            results
                .iter()
                .map(|result| result.item.expected.as_ref().map(json)),
        ),
        tags(results),
        texts(
            results
                .iter()
                .map(|result| Some(json(&result.item.metadata))),
        ),
        of_answer(|answer| Some(json(&answer.value))),
        texts(errors().map(|error| error.map(|error| name(&error.kind)))),
        texts(errors().map(|error| error.map(|error| error.message.clone()))),
        of_output(|output| output.attempts.into()),
        numbers(answers().map(|answer| answer.and_then(|answer| answer.latency_ms))),
        wholes(usages().map(|usage| usage.map(|usage| usage.input_tokens))),
        wholes(usages().map(|usage| usage.map(|usage| usage.output_tokens))),
        costs(outputs()),
        of_answer(|answer| answer.finish_reason.clone()),
        of_answer(|answer| answer.model.clone()),
        moments(outputs()),
        flags(outputs().map(|output| output.map(|output| output.cached))),
        of_output(|output| output.round.into()),
    ];
    for scorer in scorers {
        columns.push(numbers(results.iter().map(|result| {
            let score = result.scores.iter().find(|score| score.name == *scorer);
            score.map(|score| score.value.as_f64())
        })));
        columns.push(texts(results.iter().map(|result| {
            let error = result
                .scorer_errors
                .iter()
                .find(|error| error.name == *scorer);
            error.map(|error| error.message.clone())
        })));
    }
    RecordBatch::try_new(Arc::clone(schema), columns)
}

fn tags(results: &[ItemResult]) -> ArrayRef {
    let mut column = ListBuilder::new(StringBuilder::new());
    for result in results {
        result
            .item
            .tags
            .iter()
            .for_each(|tag| column.values().append_value(tag));
        column.append(true);
    }
    Arc::new(column.finish())
}

fn moments<'a>(outputs: impl Iterator<Item = Option<&'a Output>>) -> ArrayRef {
    let mut column = TimestampMicrosecondBuilder::new();
    for output in outputs {
        let ended_at = output.and_then(|output| output.ended_at);
        column.append_option(ended_at.map(|moment| moment.as_microsecond()));
    }
    Arc::new(column.finish().with_timezone(TIME_ZONE))
}

/// Exact: a sum over the column is what was paid.
fn costs<'a>(outputs: impl Iterator<Item = Option<&'a Output>>) -> ArrayRef {
    let mut column = Decimal128Builder::new().with_data_type(COST);
    for output in outputs {
        let cost = output.and_then(|output| output.cost);
        let cost = cost.and_then(|cost| cost.to_string().parse::<Decimal>().ok());
        column.append_option(cost.map(|mut cost| {
            cost.rescale(DECIMALS.into());
            cost.mantissa()
        }));
    }
    Arc::new(column.finish())
}

fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    let mut column = BooleanBuilder::new();
    values.for_each(|value| column.append_option(value));
    Arc::new(column.finish())
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it was read as JSON")
}

/// The name of a variant, as it is written everywhere else.
fn name(value: &impl Serialize) -> String {
    json(value).trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_result_is_a_row_whatever_it_lacks() {
        let full = json!({
            "item": {"id": "001", "input": {"prompt": "?"}, "expected": 4, "tags": ["a", "b"]},
            "state": "ok",
            "output": {"item_id": "001", "attempts": 2, "cost": "0.00125", "ended_at": "2026-01-02T03:04:05Z",
                       "answer": {"value": "four", "usage": {"input_tokens": 3, "output_tokens": 1}}},
            "scores": [{"name": "s", "value": true, "eval_id": "s.v1"}],
        });
        let failed = json!({
            "item": {"id": "002", "input": {}},
            "state": "generation_failed",
            "output": {"item_id": "002", "attempts": 5, "error": {"kind": "rate_limited", "message": "m"}},
        });
        let skipped = json!({
            "item": {"id": "003", "input": {}}, "state": "skipped",
            "scorer_errors": [{"name": "t", "eval_id": "t.v1", "message": "why"}],
        });
        let results = [full, failed, skipped].map(|result| serde_json::from_value(result).unwrap());
        let scorers = ["s".to_owned(), "t".to_owned()];
        let schema = Arc::new(schema(&scorers));
        let batch = batch(&schema, &scorers, "m", &results).unwrap();
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let texts =
            |name: &str| -> Vec<Option<&str>> { column(name).as_string::<i32>().iter().collect() };
        assert_eq!(texts("item_id"), [Some("001"), Some("002"), Some("003")]);
        assert_eq!(
            texts("state"),
            [Some("ok"), Some("generation_failed"), Some("skipped")]
        );
        assert_eq!(texts("expected"), [Some("4"), None, None]);
        assert_eq!(texts("answer"), [Some("\"four\""), None, None]);
        assert_eq!(texts("error_kind"), [None, Some("rate_limited"), None]);
        let costs = column("cost_usd").as_primitive::<Decimal128Type>();
        assert_eq!(costs.value_as_string(0), "0.001250000000000");
        assert_eq!(texts("score_error.t"), [None, None, Some("why")]);
        let scores: Vec<_> = column("score.s")
            .as_primitive::<Float64Type>()
            .iter()
            .collect();
        assert_eq!(scores, [Some(1.0), None, None]);
        let attempts: Vec<_> = column("attempts")
            .as_primitive::<Int64Type>()
            .iter()
            .collect();
        assert_eq!(attempts, [Some(2), Some(5), None]);
        assert_eq!(column("tags").as_list::<i32>().value(0).len(), 2);
        assert_eq!(column("ended_at").null_count(), 2);
    }
}
