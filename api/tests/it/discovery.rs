//! What can be named in an experiment is told, and nothing that is secret.

use domain::equipment::{Equipment, KnownProvider};
use serde_json::json;

use crate::service::{Service, request};

fn equipment() -> Equipment {
    let price = json!({"input_per_million": "1000000", "output_per_million": "2000000", "as_of": "2026-01-02"});
    Equipment {
        providers: vec![KnownProvider {
            name: "p".to_owned(),
            api: "openai".to_owned(),
            host: "llm.example.com".to_owned(),
            ready: true,
            prices: [("a".to_owned(), serde_json::from_value(price).unwrap())].into(),
        }],
        webhooks: vec!["ci".to_owned()],
    }
}

#[tokio::test]
async fn every_type_is_told_with_the_schema_of_its_configuration() {
    let service = Service::new();
    let scorers = service.get("/v1/scorers").await;
    assert_eq!(scorers.status, 200);
    let exact = &scorers.body["scorers"][0];
    assert_eq!(
        (&exact["name"], &exact["eval_id"]),
        (&json!("exact_match"), &json!("exact_match.v1"))
    );
    assert_eq!(
        (&exact["kind"], &exact["values"]),
        (&json!("pure"), &json!(["boolean"]))
    );
    assert_eq!(
        exact["config_schema"]["properties"]["type"]["enum"],
        json!(["exact_match"])
    );
    let scorers = scorers.body["scorers"].as_array().unwrap();
    let of = |name: &str| {
        scorers
            .iter()
            .find(|scorer| scorer["name"] == name)
            .unwrap()
    };
    assert_eq!(of("llm_judge")["kind"], "asking");
    assert!(of("latency")["maximum"].is_null());
    let adapters = service.get("/v1/adapters").await.body;
    assert_eq!(adapters["adapters"][0]["name"], "recorded");
    assert_eq!(adapters["adapters"][1]["asks_provider"], true);
}

#[tokio::test]
async fn providers_and_webhooks_are_those_that_workers_have_announced() {
    let service = Service::new();
    let none = service.get("/v1/providers").await.body;
    assert_eq!(none["providers"], json!([]));
    assert_eq!(
        none["task_queue"],
        json!({"name": "ai-evolution", "live": false})
    );
    service
        .store
        .announce("ai-evolution", &equipment())
        .await
        .unwrap();
    service
        .store
        .announce("another", &Equipment::default())
        .await
        .unwrap();
    *service.memory.workers.lock().unwrap() = true;
    let told = service.get("/v1/providers").await.body;
    let provider = &told["providers"][0];
    assert_eq!(
        (&provider["host"], &provider["ready"]),
        (&json!("llm.example.com"), &json!(true))
    );
    let price = json!({
        "name": "a", "input_per_million": "1000000", "output_per_million": "2000000", "as_of": "2026-01-02",
    });
    assert_eq!(provider["models"], json!([price]));
    assert_eq!(told["task_queue"]["live"], true);
    let webhooks = service.get("/v1/webhooks").await.body;
    assert_eq!(webhooks["webhooks"][0]["name"], "ci");
    let tested = service.post("/v1/webhooks/ci/test", &json!({})).await;
    assert_eq!(tested.status, 200, "{}", tested.body);
    assert_eq!(
        (&tested.body["delivered"], &tested.body["error"]),
        (&json!(false), &json!("`ci` is gone"))
    );
    let unknown = service.post("/v1/webhooks/nobody/test", &json!({})).await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (404, &json!("not_found"))
    );
    *service.memory.away.lock().unwrap() = true;
    let away = service.post("/v1/webhooks/ci/test", &json!({})).await;
    assert_eq!(away.status, 503);
    *service.memory.away.lock().unwrap() = false;
    let queue = service.get("/v1/task-queues/mine%2Ftoo").await.body;
    assert_eq!(
        (&queue["name"], &queue["live"]),
        (&json!("mine/too"), &json!(true))
    );
    assert_eq!(service.get("/v1/task-queues/%2F_sys%2Fx").await.status, 404);
}

#[tokio::test]
async fn a_check_tells_what_an_experiment_may_take() {
    let service = Service::new();
    service
        .store
        .announce("ai-evolution", &equipment())
        .await
        .unwrap();
    let body = request(|body| {
        body["config"]["adapter"] = json!({"type": "openai", "provider": "p", "max_tokens": 10});
        body["config"]["retry"] = json!({"maximum_attempts": 2});
    });
    let path = "/v1/experiments?validate_only=true";
    let checked = service.post(path, &body).await.body;
    // A token for each of the two prompts, which are three characters long; a dollar for each token read, two for one written.
    let cost = json!({"least": "2", "most": "84"});
    let estimate = json!({
        "models": [{
            "model": "a", "calls": {"least": 2, "most": 4}, "input_tokens": {"least": 2, "most": 4},
            "output_tokens": {"least": 0, "most": 40}, "cost": cost,
        }],
        "calls": {"least": 2, "most": 4}, "scorer_calls": {"least": 0, "most": 0}, "cost": cost,
    });
    assert_eq!(checked["estimate"], estimate, "{checked}");
    let body =
        request(|body| body["config"]["dataset"] = json!({"type": "jsonl", "path": "a.jsonl"}));
    let unknown = service.post(path, &body).await.body;
    assert!(
        unknown["items"].is_null() && unknown["estimate"].is_null(),
        "{unknown}"
    );
}
