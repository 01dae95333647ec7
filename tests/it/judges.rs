//! Models judge outputs by a rubric: every verdict is read strictly, accounted for, and never paid twice.

use std::collections::HashSet;
use std::time::Duration;

use harness::experiments::{self, ids, result_of};
use harness::{ModelServer, Reply, Stack, temporal};
use serde_json::{Value, json};

use crate::SOON;

/// A judge that finds answers right which end in an even digit, and says so in JSON.
async fn judging(latency: Duration) -> ModelServer {
    ModelServer::start(latency, |call| Reply::Text(verdict(&call.prompt))).await
}

fn verdict(prompt: &str) -> String {
    let (_, answer) = prompt.rsplit_once("Answer:\n<<<").unwrap_or_default();
    let answer = answer.split('\n').nth(1).unwrap_or_default();
    let score = u8::from(answer.ends_with(['0', '2', '4', '6', '8']));
    json!({"reason": format!("{answer} it is"), "score": score}).to_string()
}

fn judge(model: &str) -> Value {
    json!({"type": "openai", "provider": "test", "model": model})
}

fn scorer() -> Value {
    json!({"type": "llm_judge", "rubric": "Even answers are right.", "adapter": judge("judge")})
}

/// Recorded outputs that a judge is asked about.
fn judged(count: usize, scorers: Value) -> Value {
    let items: Vec<Value> = (0..count)
        .map(|index| {
            json!({"id": format!("item-{index:05}"), "input": {"prompt": "?"}, "output": format!("answer {index}")})
        })
        .collect();
    let mut body = experiments::recorded(json!(items), scorers);
    body["config"]["retry"] = json!({"initial_interval": "100ms", "maximum_interval": "200ms"});
    body
}

fn scorer_summary(summary: &Value) -> &Value {
    &summary["models"][0]["scorers"][0]
}

#[tokio::test]
async fn a_judge_gives_a_score_with_its_reason_and_its_calls_are_accounted_for() {
    let server = judging(Duration::ZERO).await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let prices =
        "[providers.test.prices.judge]\ninput_per_million = \"1\"\noutput_per_million = \"0\"";
    stack.provider_with("test", &server.base_url(), prices);
    stack.start_api().await;
    stack.start_worker();
    let id = stack.api().create(&judged(10, json!([scorer()]))).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let score = &result_of(&results, "item-00003")["scores"][0];
    assert_eq!(score["value"], 0.0, "{score}");
    assert_eq!(score["comment"], "answer 3 it is");
    let told = &score["metadata"]["judges"][0];
    assert_eq!(
        (&told["judge"], &told["calls"]),
        (&json!("judge"), &json!(1))
    );
    let read = told["input_tokens"].as_u64().unwrap();
    assert!(read > 10, "{told}");

    assert_eq!(server.calls(), 10);
    let sent = &server.bodies()[0];
    assert_eq!(sent["temperature"], 0.0);
    assert_eq!(sent["messages"][0]["role"], "system");
    let summary = stack.api().summary(&id).await;
    let scorer = scorer_summary(&summary);
    assert_eq!(
        (&scorer["mean"], &scorer["errors"]),
        (&json!(0.5), &json!(0))
    );
    assert_eq!(scorer["calls"]["calls"], 10);
    let tokens = scorer["calls"]["usage"]["input_tokens"].as_u64().unwrap();
    let told = results.iter().map(|result| {
        let score = &result["result"]["scores"][0];
        score["metadata"]["judges"][0]["input_tokens"]
            .as_u64()
            .unwrap()
    });
    assert_eq!(tokens, told.sum::<u64>());
    let cost: f64 = scorer["calls"]["cost"].as_str().unwrap().parse().unwrap();
    assert!((cost - tokens as f64 / 1e6).abs() < 1e-12, "{scorer}");
    // What the run itself has asked is told apart.
    assert_eq!(summary["models"][0]["generated"]["cost"], "0");
}

#[tokio::test]
async fn a_verdict_that_cannot_be_read_is_asked_for_again_and_then_an_error() {
    let server = ModelServer::start(Duration::ZERO, |call| {
        let hopeless = call.prompt.contains("answer 1\n");
        match call.nth {
            1 if !hopeless => Reply::Text("I would say it is even.".to_owned()),
            _ if hopeless => Reply::Text("{\"score\": 7}".to_owned()),
            2 => Reply::SlowDown(1),
            _ => Reply::Text(verdict(&call.prompt)),
        }
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = judged(3, json!([scorer()]));
    body["config"]["retry"]["maximum_attempts"] = json!(3);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;
    assert_eq!(
        experiment["models"][0]["states"]["scorer_failed"], 1,
        "{experiment}"
    );
    let results = stack.api().results(&id, "").await;
    assert_eq!(result_of(&results, "item-00002")["scores"][0]["value"], 1.0);
    let hopeless = result_of(&results, "item-00001");
    assert_eq!(
        hopeless["scores"].as_array().map_or(0, Vec::len),
        0,
        "{hopeless}"
    );
    let message = hopeless["scorer_errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("the `score` 7 is not from 0 to 1"),
        "{message}"
    );
    let summary = stack.api().summary(&id).await;
    let scorer = scorer_summary(&summary);
    assert_eq!(
        (&scorer["count"], &scorer["errors"]),
        (&json!(2), &json!(1))
    );
    // Those without use are paid too.
    assert_eq!(scorer["calls"]["calls"], server.calls());
    assert!(
        scorer["calls"]["usage"]["output_tokens"].as_u64().unwrap() >= 18,
        "{scorer}"
    );
}

#[tokio::test]
async fn a_killed_worker_costs_only_the_verdicts_in_flight() {
    const ITEMS: usize = 400;
    const CONCURRENCY: u64 = 20;
    const STRETCHES: u64 = 2;
    /// Verdicts that may have come to the worker without its having looked at them.
    const UNREAD: u64 = 25;
    let server = judging(Duration::from_millis(100)).await;
    let mut stack = Stack::with_model(&server).await;
    let mut scorer = scorer();
    scorer["concurrency"] = json!(CONCURRENCY);
    let id = stack.api().create(&judged(ITEMS, json!([scorer]))).await;
    server.has_delivered(150, SOON).await;
    stack.take_worker().kill();
    assert!(
        server.calls() < ITEMS as u64,
        "everything was asked already"
    );
    stack.start_worker();
    stack.api().completed(&id, SOON).await;

    let results = stack.api().results(&id, "page_size=500").await;
    let unique: HashSet<&str> = ids(&results).into_iter().collect();
    assert_eq!((results.len(), unique.len()), (ITEMS, ITEMS));
    let summary = stack.api().summary(&id).await;
    let told = scorer_summary(&summary);
    assert_eq!(told["count"], ITEMS);
    let mean = told["mean"].as_f64().unwrap();
    assert!((mean - 0.5).abs() < 1e-9, "{told}");
    let calls = server.calls();
    let allowed = ITEMS as u64 + STRETCHES * CONCURRENCY + UNREAD;
    assert!(calls <= allowed, "{calls} calls for {ITEMS} items");
    assert!(server.most_in_flight() <= u32::try_from(2 * STRETCHES * CONCURRENCY).unwrap());
}

#[tokio::test]
async fn another_round_asks_a_judge_only_what_it_has_not_answered() {
    const ITEMS: usize = 30;
    let server = judging(Duration::ZERO).await;
    let stack = Stack::with_model(&server).await;
    let id = stack.api().create(&judged(ITEMS, json!([scorer()]))).await;
    stack.api().completed(&id, SOON).await;
    assert_eq!(server.calls(), ITEMS as u64);

    let rescore = async |scorer: Value| {
        let path = format!("/v1/experiments/{id}/rescore");
        let body = json!({"scorers": [scorer]});
        stack.api().post(&path, &body).await.expect(202);
        stack.api().completed(&id, SOON).await;
        stack.api().summary(&id).await
    };
    let mut stricter = scorer();
    stricter["pass_threshold"] = json!(0.9);
    let summary = rescore(stricter).await;
    assert_eq!(scorer_summary(&summary)["mean"], 0.5);
    assert_eq!(server.calls(), ITEMS as u64, "verdicts were paid twice");
    let mut other = scorer();
    other["rubric"] = json!("Odd answers are right.");
    let summary = rescore(other).await;
    assert_eq!(scorer_summary(&summary)["calls"]["calls"], ITEMS);
    assert_eq!(
        server.calls(),
        2 * ITEMS as u64,
        "another rubric, another question"
    );
}

#[tokio::test]
async fn a_cancelled_run_waits_for_no_judge() {
    let server = ModelServer::start(Duration::ZERO, |call| {
        match call.prompt.contains("answer 0\n") {
            true => Reply::Text(verdict(&call.prompt)),
            false => Reply::Silence,
        }
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let id = stack.api().create(&judged(5, json!([scorer()]))).await;
    server.has_delivered(1, SOON).await;
    let path = format!("/v1/experiments/{id}/cancel");
    stack.api().post_empty(&path).await.expect(202);
    let ended = stack.api().ended(&id, Duration::from_secs(15)).await;
    assert_eq!(ended["status"], "cancelled");
    let results = stack.api().results(&id, "").await;
    assert_eq!(result_of(&results, "item-00000")["scores"][0]["value"], 1.0);
    let error = &result_of(&results, "item-00004")["scorer_errors"][0];
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("was not asked before the run ended"),
        "{message}"
    );
}

#[tokio::test]
async fn a_panel_tells_how_far_its_judges_agree_and_two_orders_decide_a_pair() {
    let server = ModelServer::start(Duration::ZERO, |call| {
        let is_first =
            call.prompt.find("answer").unwrap() < call.prompt.find("reference").unwrap_or(0);
        Reply::Text(match call.model.as_str() {
            // Fair, and one that prefers whatever comes first.
            "fair" => json!({"winner": if is_first { "A" } else { "B" }}).to_string(),
            "hasty" => json!({"winner": "A"}).to_string(),
            "strict" => json!({"score": 0}).to_string(),
            _ => verdict(&call.prompt),
        })
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let pairwise = |name: &str| json!({"type": "llm_judge", "name": name, "mode": "pairwise", "rubric": "r", "adapter": judge(name)});
    let panel = json!({"type": "llm_judge", "name": "panel", "rubric": "r", "panel": "majority",
                       "judges": [judge("one"), judge("two"), judge("strict")]});
    let mut body = judged(4, json!([panel, pairwise("fair"), pairwise("hasty")]));
    for item in body["config"]["dataset"]["items"].as_array_mut().unwrap() {
        item["expected"] = json!("the reference");
    }
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let scores = &result_of(&results, "item-00002")["scores"];
    let values: Vec<&Value> = (0..3).map(|place| &scores[place]["value"]).collect();
    assert_eq!(values, [&json!(1.0), &json!(1.0), &json!(0.5)], "{scores}");
    assert_eq!(scores[0]["metadata"]["agreement"], 2.0 / 3.0);
    let summary = stack.api().summary(&id).await;
    // Of the python package `krippendorff` 0.8.2, for the values 1 1 0, 0 0 0, 1 1 0, 0 0 0.
    let alpha = scorer_summary(&summary)["agreement"].as_f64().unwrap();
    assert!((alpha - 0.3125).abs() < 1e-9, "{alpha}");
    assert_eq!(server.calls(), 4 * (3 + 2 + 2));
}

#[tokio::test]
async fn a_service_over_http_scores_and_what_it_says_otherwise_is_an_error() {
    let server = ModelServer::start(Duration::ZERO, |call| {
        let output = call.body["output"].as_str().unwrap_or_default();
        let verdict = match output {
            "answer 1" => json!({"value": 3}),
            _ => json!({"value": true, "comment": format!("{output} of {}", call.body["id"])}),
        };
        Reply::Body("application/json", verdict.to_string())
    })
    .await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.provider_with("test", &server.base_url(), "api = \"http\"");
    stack.start_api().await;
    stack.start_worker();
    let scorer = json!({"type": "http", "provider": "test", "path": "score"});
    let id = stack.api().create(&judged(3, json!([scorer]))).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let score = &result_of(&results, "item-00002")["scores"][0];
    assert_eq!(score["value"], true, "{score}");
    assert_eq!(score["comment"], "answer 2 of \"item-00002\"");
    let error = &result_of(&results, "item-00001")["scorer_errors"][0]["message"];
    let message = error.as_str().unwrap();
    assert!(
        message.contains("the `value` 3 is not from 0 to 1"),
        "{message}"
    );
    let sent = &server.bodies()[0];
    assert_eq!(sent["input"], json!({"prompt": "?"}), "{sent}");
    assert_eq!(server.calls(), 3);
}

/// Embeds a text as how often it says `sun` and `rain`.
async fn embedding() -> ModelServer {
    ModelServer::start(Duration::ZERO, |call| {
        let text = call.body["input"].as_str().unwrap_or_default().to_owned();
        let count = |word: &str| text.matches(word).count();
        let body = json!({
            "data": [{"embedding": [count("sun"), count("rain")]}], "usage": {"prompt_tokens": 3},
        });
        Reply::Body("application/json", body.to_string())
    })
    .await
}

#[tokio::test]
async fn an_output_is_as_close_to_its_reference_as_their_embeddings_are() {
    let server = embedding().await;
    let stack = Stack::with_model(&server).await;
    let item = |id: &str, output: &str, expected: &str| json!({"id": id, "input": {}, "output": output, "expected": expected});
    let items = json!([
        item("same", "sun", "sun sun"),
        item("other", "sun", "rain"),
        item("between", "sun and rain", "sun"),
        item("nothing", "fog", "sun"),
    ]);
    let scorer = json!({"type": "embedding_similarity", "provider": "test", "model": "e"});
    let body = experiments::recorded(items, json!([scorer]));
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    let results = stack.api().results(&id, "").await;
    let value = |id: &str| {
        result_of(&results, id)["scores"][0]["value"]
            .as_f64()
            .unwrap()
    };
    assert_eq!((value("same"), value("other")), (1.0, 0.0));
    assert!((value("between") - 0.5_f64.sqrt()).abs() < 1e-12);
    let error = &result_of(&results, "nothing")["scorer_errors"][0];
    assert!(error.to_string().contains("no direction"), "{error}");
    let scorer = scorer_summary(&stack.api().summary(&id).await).clone();
    assert_eq!(scorer["calls"]["calls"], 8, "{scorer}");
    assert_eq!(scorer["calls"]["usage"]["input_tokens"], 24, "{scorer}");
}
