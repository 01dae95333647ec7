//! What commands print when all is well, and what they ask the API for.

use std::fs;

use serde_json::{Value, json};

use crate::program::run;
use crate::stub::{Stub, experiment, links, summary};

const FILE: &str = "
experiment_name: sums
config:
  dataset:
    type: inline
    items:
      - {id: '1', input: {prompt: 2+2}, expected: 4, output: '4'}
      - {id: '2', input: {prompt: no}, expected: yes, output: '5'}
  adapter: {type: recorded}
  models: [{name: a}]
  scorers: [{type: numeric}]
";

fn result(id: u32) -> Value {
    json!({"model": "a", "result": {
        "item": {"id": id.to_string(), "input": {}},
        "state": "ok",
        "output": {"item_id": id.to_string(), "attempts": 1, "answer": {"value": "four\u{1b}[31m\nor five"}},
        "scores": [{"name": "numeric", "value": true, "eval_id": "numeric.v1"}],
    }})
}

#[tokio::test]
async fn a_file_is_created_as_yaml_means_it() {
    let stub = Stub::start().await;
    stub.on("POST /v1/experiments", [(201, experiment("running", 0))]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sums.yaml");
    fs::write(&file, FILE).unwrap();
    let run = run(&stub, &["run", file.to_str().unwrap()]).await;
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("created e1"), "{run:?}");
    assert!(
        run.stdout
            .contains(&format!("{}/v1/experiments/e1/results", stub.url)),
        "{run:?}"
    );
    let request = &stub.requests()[0];
    assert!(request.headers.contains("idempotency-key: "), "{request:?}");
    let items = &request.body["config"]["dataset"]["items"];
    assert_eq!(
        (&items[0]["id"], &items[0]["expected"]),
        (&json!("1"), &json!(4))
    );
    // Neither `no` nor `yes` is a boolean in YAML 1.2.
    assert_eq!(
        (&items[1]["input"]["prompt"], &items[1]["expected"]),
        (&json!("no"), &json!("yes"))
    );
}

#[tokio::test]
async fn all_pages_of_results_are_printed_as_json_lines() {
    let stub = Stub::start().await;
    let page = |ids: &[u32], token: Option<&str>| {
        let results: Vec<Value> = ids.iter().copied().map(result).collect();
        let mut page = json!({"results": results, "complete": true});
        if let Some(token) = token {
            page["next_page_token"] = json!(token);
        }
        (200, page)
    };
    stub.on(
        "GET /v1/experiments/e1/results",
        [page(&[1, 2], Some("t 1")), page(&[3], None)],
    );
    let run = run(
        &stub,
        &["results", "e1", "--json", "--model", "a b", "--state", "ok"],
    )
    .await;
    assert_eq!(run.code, 0, "{run:?}");
    let ids: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["result"]["item"]["id"].clone())
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    let lines: Vec<String> = stub
        .requests()
        .into_iter()
        .map(|request| request.line)
        .collect();
    assert_eq!(
        lines,
        [
            "GET /v1/experiments/e1/results?page_size=100&model=a+b&state=ok",
            "GET /v1/experiments/e1/results?page_size=100&model=a+b&state=ok&page_token=t+1",
        ]
    );
}

#[tokio::test]
async fn the_table_of_results_shows_outputs_on_one_line_and_harmless() {
    let stub = Stub::start().await;
    let page = json!({"results": [result(1)], "complete": false, "next_page_token": "t"});
    stub.on("GET /v1/experiments/e1/results", [(200, page)]);
    let run = run(&stub, &["results", "e1", "--limit", "1"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("four�[31m or five"), "{run:?}");
    assert!(run.stdout.contains("numeric yes"), "{run:?}");
    assert!(run.stderr.contains("has not ended"), "{run:?}");
    assert_eq!(
        stub.requests().len(),
        1,
        "no more is asked for than is wanted"
    );
}

#[tokio::test]
async fn scores_are_printed_with_their_intervals() {
    let stub = Stub::start().await;
    stub.on(
        "GET /v1/experiments/e1/summary",
        [(200, summary("completed"))],
    );
    let table = run(&stub, &["summary", "e1"]).await;
    assert!(
        table.stdout.contains("0.750") && table.stdout.contains("[0.301, 0.954]"),
        "{table:?}"
    );
    let json = run(&stub, &["--json", "summary", "e1"]).await;
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["models"][0]["scorers"][0]["mean"], 0.75);
}

#[tokio::test]
async fn the_list_ends_where_it_is_told_to() {
    let stub = Stub::start().await;
    let overview = json!({"id": "e1", "experiment_name": "sums", "status": "timed_out",
        "models": ["a", "b"], "created_at": "2026-01-02T03:04:05Z", "links": links()});
    let page = json!({"experiments": [overview], "next_page_token": "t"});
    stub.on("GET /v1/experiments?", [(200, page)]);
    let run = run(&stub, &["list", "--limit", "1"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    for word in ["e1", "sums", "timed out", "a, b", "2026-01-02T03:04:05Z"] {
        assert!(run.stdout.contains(word), "{word}: {run:?}");
    }
    assert_eq!(stub.requests().len(), 1);
}

#[tokio::test]
async fn a_status_says_in_words_what_is_waited_for() {
    let stub = Stub::start().await;
    let mut waiting = experiment("running", 0);
    waiting["models"][0]["waiting_on"] = json!({"reason": "backoff", "detail": "the provider failed with 503",
        "until": "2026-01-02T03:04:06.5Z", "attempt": 3});
    stub.on("GET /v1/experiments/e1", [(200, waiting)]);
    let run = run(&stub, &["status", "e1"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    let line = run.stdout.lines().nth(1).unwrap();
    assert!(
        line.contains(
            "waiting: the provider failed with 503; attempt 3 comes next, at 2026-01-02T03:04:0"
        ),
        "{line}"
    );
}
