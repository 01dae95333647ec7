//! An experiment runs to its end, and its numbers are exactly those that follow from its items.

use harness::experiments::{self, result_of};
use harness::{ModelServer, Reply, Stack};
use serde_json::{Value, json};

use crate::SOON;

fn close(value: &Value, expected: f64) {
    let value = value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"));
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}

/// Ten items, of which the last two are answered wrongly.
fn ten_items() -> Value {
    let items = (0..10).map(|index| {
        let output = if index < 8 { "yes" } else { "no" };
        json!({"id": format!("{index}"), "input": {}, "expected": "yes", "output": output})
    });
    items.collect()
}

#[tokio::test]
async fn eight_of_ten_right_answers_give_the_scores_of_the_reference() {
    let stack = Stack::start().await;
    let body = experiments::recorded(ten_items(), json!([{"type": "exact_match"}]));
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;

    assert_eq!(experiment["id"], id);
    assert_eq!(experiment["experiment_name"], "recorded");
    assert_eq!(experiment["links"]["self"], format!("/v1/experiments/{id}"));
    let run = &experiment["models"][0];
    assert_eq!(run["model"], "recorded");
    assert_eq!(run["status"], "completed");
    assert_eq!(run["stage"], "done");
    assert_eq!(run["items_done"], 10);
    assert_eq!(run["dataset"]["count"], 10);

    let summary = stack.api().summary(&id).await;
    let model = &summary["models"][0];
    assert_eq!(
        model["states"],
        json!({"ok": 10, "generation_failed": 0, "scorer_failed": 0, "skipped": 0})
    );
    let scorer = &model["scorers"][0];
    assert_eq!(scorer["scorer"], "exact_match");
    assert_eq!(
        (&scorer["count"], &scorer["errors"]),
        (&json!(10), &json!(0))
    );
    close(&scorer["mean"], 0.8);
    close(&scorer["standard_deviation"], 0.421_637_021_355_784);
    close(&scorer["standard_error"], 0.133_333_333_333_333);
    // statsmodels 0.15: `proportion_confint(8, 10, method="wilson")`.
    let interval = &scorer["confidence_interval"];
    assert_eq!(interval["method"], "wilson");
    close(&interval["low"], 0.490_162_471_536_641_83);
    close(&interval["high"], 0.943_317_848_545_624_7);
    assert_eq!(
        scorer["histogram"],
        json!({"bins": [2, 0, 0, 0, 0, 0, 0, 0, 0, 8], "below": 0, "above": 0})
    );
    assert_eq!(run["scorers"], model["scorers"]);
}

#[tokio::test]
async fn every_scorer_judges_every_output() {
    let stack = Stack::start().await;
    let items = json!([
        {"id": "a", "input": {}, "expected": "17", "output": "The answer is 17"},
        {"id": "b", "input": {}, "expected": "4", "output": "4"},
        {"id": "c", "input": {}, "expected": "1234", "output": "about $1,234.00"},
        {"id": "d", "input": {}, "expected": "9", "output": "{\"x\": 9}"},
    ]);
    let scorers = json!([
        {"type": "exact_match"},
        {"type": "contains", "values": ["answer", "17"], "require_all": false},
        {"type": "regex", "name": "digits only", "pattern": "^[0-9]+$"},
        {"type": "numeric"},
        {"type": "json_schema", "schema": {"type": "object", "required": ["x"]}},
    ]);
    let id = stack
        .api()
        .create(&experiments::recorded(items, scorers))
        .await;
    stack.api().completed(&id, SOON).await;

    let results = stack.api().results(&id, "").await;
    let values = |item: &str| -> Vec<Value> {
        let scores = result_of(&results, item)["scores"].as_array().unwrap();
        scores.iter().map(|score| score["value"].clone()).collect()
    };
    assert_eq!(
        values("a"),
        [
            json!(false),
            json!(1.0),
            json!(false),
            json!(true),
            json!(false)
        ]
    );
    assert_eq!(
        values("b"),
        [
            json!(true),
            json!(0.0),
            json!(true),
            json!(true),
            json!(false)
        ]
    );
    assert_eq!(
        values("c"),
        [
            json!(false),
            json!(0.0),
            json!(false),
            json!(true),
            json!(false)
        ]
    );
    assert_eq!(
        values("d"),
        [
            json!(false),
            json!(0.0),
            json!(false),
            json!(true),
            json!(true)
        ]
    );
    let score = &result_of(&results, "b")["scores"][2];
    assert_eq!(score["name"], "digits only");
    assert_eq!(score["eval_id"], "regex.v1");

    let summary = stack.api().summary(&id).await;
    let contains = &summary["models"][0]["scorers"][1];
    close(&contains["mean"], 0.25);
    // scipy 1.17: `t.interval(0.95, 3, 0.25, sem([1, 0, 0, 0]))`.
    assert_eq!(contains["confidence_interval"]["method"], "student_t");
    close(
        &contains["confidence_interval"]["low"],
        -0.545_611_576_321_065_7,
    );
    close(
        &contains["confidence_interval"]["high"],
        1.045_611_576_321_065_7,
    );
}

#[tokio::test]
async fn an_output_that_a_scorer_cannot_score_is_counted_and_in_no_mean() {
    let stack = Stack::start().await;
    let items = json!([
        {"id": "right", "input": {}, "expected": "1", "output": "1"},
        {"id": "unscorable", "input": {}, "output": "1"},
        {"id": "unrecorded", "input": {}, "expected": "1"},
    ]);
    let body = experiments::recorded(items, json!([{"type": "exact_match"}]));
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    let summary = stack.api().summary(&id).await;
    let model = &summary["models"][0];
    assert_eq!(
        model["states"],
        json!({"ok": 1, "generation_failed": 1, "scorer_failed": 1, "skipped": 0})
    );
    let scorer = &model["scorers"][0];
    assert_eq!(
        (&scorer["count"], &scorer["errors"]),
        (&json!(1), &json!(1))
    );
    close(&scorer["mean"], 1.0);
    let results = stack.api().results(&id, "").await;
    let unscorable = result_of(&results, "unscorable");
    assert_eq!(unscorable["state"], "scorer_failed");
    assert_eq!(unscorable["scorer_errors"][0]["name"], "exact_match");
    assert_eq!(unscorable["scores"].as_array().map_or(0, Vec::len), 0);
    assert_eq!(
        result_of(&results, "unrecorded")["state"],
        "generation_failed"
    );
}

#[tokio::test]
async fn sinks_deliver_what_the_api_shows() {
    let server = ModelServer::start(std::time::Duration::ZERO, |call| {
        Reply::Text(format!("{}, \"quoted\"\nsecond line", call.prompt))
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(30)));
    body["config"]["sinks"] = json!([{"type": "jsonl"}, {"type": "csv"}, {"type": "stdout"}]);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;

    let deliveries = experiment["models"][0]["deliveries"].as_array().unwrap();
    let sinks: Vec<&Value> = deliveries
        .iter()
        .map(|delivery| &delivery["sink"])
        .collect();
    assert_eq!(sinks, ["jsonl", "csv", "stdout"]);
    for delivery in deliveries {
        assert_eq!(delivery["error"], Value::Null, "{delivery}");
    }
    let delivered = |index: usize| {
        let location = deliveries[index]["location"].as_str().unwrap();
        std::fs::read_to_string(stack.artifacts().join(location)).unwrap()
    };
    let lines: Vec<Value> = delivered(0)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, stack.api().results(&id, "").await);
    // Each output has a line break, so a row takes two lines.
    let csv = delivered(1);
    assert_eq!(csv.lines().count(), 1 + 2 * 30, "{csv}");
    assert!(
        csv.contains("\"item-00007, \"\"quoted\"\"\nsecond line\""),
        "{csv}"
    );
}
