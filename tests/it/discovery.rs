//! What can be named in an experiment, as the workers that are there know it.

use harness::{Stack, eventually};
use serde_json::json;

use crate::SOON;

#[tokio::test]
async fn providers_are_announced_without_their_secrets_and_queues_tell_who_works_on_them() {
    let mut stack = Stack::prepare(harness::temporal::shared().await).await;
    stack.set("DISCOVERED_KEY", "sk-never-told-4711");
    stack.provider_with(
        "test",
        "http://user-agent.example:8443/secret-path/v1",
        "api_key_env = \"DISCOVERED_KEY\"\n[providers.test.prices.\"m\"]\ninput_per_million = \"1.50\"\noutput_per_million = \"2\"",
    );
    stack.webhook(
        "ci",
        "http://hooks.example/token-in-the-path",
        "NO_SUCH_SECRET",
    );
    stack.start_api().await;
    stack.start_worker();
    let told = eventually("a worker is there", SOON, async || {
        let answer = stack.api().get("/v1/providers").await;
        let told = answer.expect(200);
        match told["task_queue"]["live"] == json!(true) {
            true => Ok(answer),
            false => Err(told.to_string()),
        }
    })
    .await;
    for secret in ["sk-never", "secret-path"] {
        assert!(!told.text.contains(secret), "{}", told.text);
    }
    let told = told.json();
    assert_eq!(told["task_queue"]["name"], stack.task_queue.as_str());
    let providers = told["providers"].as_array().unwrap();
    let provider = providers.iter().find(|it| it["name"] == "test").unwrap();
    assert_eq!(provider["host"], "user-agent.example:8443");
    assert_eq!(
        (&provider["api"], &provider["ready"]),
        (&json!("openai"), &json!(true))
    );
    assert_eq!(provider["models"][0]["input_per_million"], "1.50");
    let webhooks = stack.api().get("/v1/webhooks").await;
    assert!(!webhooks.text.contains("token-in"), "{}", webhooks.text);
    assert_eq!(webhooks.json()["webhooks"][0]["name"], "ci");
    let nobody = stack
        .api()
        .get("/v1/task-queues/nobody-is-here")
        .await
        .expect(200);
    assert_eq!(nobody, json!({"name": "nobody-is-here", "live": false}));
}
