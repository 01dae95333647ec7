//! Comparisons of runs whose results are in the artifact store.

use artifacts::run::Run;
use domain::result::ItemResult;
use serde_json::{Value, json};

use crate::service::{Service, request};

/// Two experiments with results of forty items: `old` with one model, `new` with two, of which `b` is better than `a`.
async fn service() -> Service {
    let service = Service::new();
    for (id, models) in [("old", vec!["a"]), ("new", vec!["a", "b"])] {
        let body = request(|body| {
            body["experiment_id"] = json!(id);
            let models: Vec<Value> = models.iter().map(|name| json!({"name": name})).collect();
            body["config"]["models"] = json!(models);
        });
        assert_eq!(service.post("/v1/experiments", &body).await.status, 201);
    }
    for (id, index, right) in [("old", 0, 10), ("new", 0, 10), ("new", 1, 30)] {
        let run = Run {
            experiment: id.parse().unwrap(),
            index,
            round: 0,
        };
        for chunk in 0..2 {
            let items = chunk * 20..chunk * 20 + 20;
            let results: Vec<ItemResult> = items.map(|item| result(item, item < right)).collect();
            service
                .store
                .put_results(&run, chunk, &results)
                .await
                .unwrap();
        }
    }
    service
}

/// The last item has no answer of any model.
fn result(item: u64, is_right: bool) -> ItemResult {
    let failed = item == 39;
    let score = json!([{"name": "exact_match", "value": is_right, "eval_id": "exact_match.v1"}]);
    serde_json::from_value(json!({
        "item": {"id": format!("i{item}"), "input": {}},
        "state": if failed { "generation_failed" } else { "ok" },
        "scores": if failed { json!([]) } else { score },
    }))
    .unwrap()
}

#[tokio::test]
async fn every_two_runs_are_compared_item_by_item() {
    let service = service().await;
    let answer = service
        .get("/v1/comparisons?experiment=old&experiment=new")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = &answer.body;
    let names: Vec<_> = body["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["name"])
        .collect();
    assert_eq!(names, ["old/a", "new/a", "new/b"]);
    assert_eq!(body["runs"][0]["states"]["generation_failed"], 1);
    assert_eq!(body["complete"], false);
    assert_eq!(body["differences"].as_array().unwrap().len(), 3);
    let equal = &body["differences"][0];
    assert_eq!(
        (&equal["candidate"], &equal["statistically_tied"]),
        (&json!("new/a"), &json!(true))
    );
    let better = &body["differences"][1];
    assert_eq!(
        (&better["candidate"], &better["statistically_tied"]),
        (&json!("new/b"), &json!(false))
    );
    assert_eq!(better["coverage"]["paired"], 39);
    assert_eq!(better["coverage"]["neither"], 1);
    assert_eq!(better["mcnemar"]["gained"], 20);
    assert_eq!(body["standings"][0]["best"], "new/b");
    assert_eq!(body["standings"][0]["tied_with_best"], json!([]));
    assert!(!body.to_string().contains("null"), "{body}");
}

#[tokio::test]
async fn the_order_of_the_request_decides_which_run_is_the_baseline() {
    let service = service().await;
    let query = "/v1/comparisons?experiment=new&model=b&model=a&experiment=old&seed=3";
    let body = service.get(query).await.body;
    let last = &body["differences"][2];
    assert_eq!(
        (&last["baseline"], &last["candidate"]),
        (&json!("new/b"), &json!("old/a"))
    );
    assert_eq!(last["losses"], 20);
    assert_eq!(last["regressions"].as_array().unwrap().len(), 20);
    assert_eq!(body["seed"], 3);
}

#[tokio::test]
async fn models_of_one_experiment_can_be_compared() {
    let service = service().await;
    let body = service.get("/v1/comparisons?experiment=new").await.body;
    assert_eq!(body["differences"].as_array().unwrap().len(), 1, "{body}");
}

#[tokio::test]
async fn what_cannot_be_broken_down_is_refused_at_its_place() {
    let service = service().await;
    for (query, pointer) in [
        ("model=c", "/model"),
        ("resamples=100001", "/resamples"),
        ("resamples=-1", "/resamples"),
        ("by=tag", "/by"),
    ] {
        let path = format!("/v1/experiments/new/breakdown?{query}");
        let answer = service.get(&path).await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (422, vec![pointer]),
            "{query}"
        );
    }
    let missing = service.get("/v1/experiments/none/breakdown").await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused_at_its_place() {
    let service = service().await;
    for (query, pointer) in [
        ("", "/experiment"),
        ("experiment=none&experiment=old", "/experiment"),
        ("experiment=old", "/experiment"),
        ("experiment=old&experiment=old", "/experiment"),
        ("experiment=old&experiment=new&model=c", "/model"),
        ("experiment=old&experiment=new&seed=x", "/seed"),
        ("experiment=old&experiment=new&scorer=x", "/scorer"),
    ] {
        let answer = service.get(&format!("/v1/comparisons?{query}")).await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (422, vec![pointer]),
            "{query}"
        );
    }
}
