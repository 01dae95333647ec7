//! A webhook is told of the end of a run by a signed message that its receiver can verify, and is not told twice unawares.

use harness::receiver::Message;
use harness::{Receiver, Stack, eventually, experiments, temporal};
use serde_json::{Value, json};

use crate::SOON;
use crate::sinks::python;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A stack whose workers know the receiver as `ci`.
async fn stack(receiver: &Receiver) -> Stack {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.webhook(
        "ci",
        &receiver.url("/hook?token=in-the-address"),
        "HOOK_SECRET",
    );
    stack.set("HOOK_SECRET", SECRET);
    stack.start_api().await;
    stack.start_worker();
    stack
}

fn body() -> Value {
    let mut body = experiments::valid();
    body["config"]["sinks"] = json!([{"type": "jsonl"}, {"type": "webhook", "endpoint": "ci"}]);
    body
}

/// The message as the library of the Standard Webhooks project verifies it.
fn verified(message: &Message) -> Value {
    const VERIFY: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
secret, headers, body = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
message = Webhook(secret).verify(body, headers)
try:
    Webhook(secret).verify(body + ' ', headers)
    sys.exit('a changed message is verified')
except WebhookVerificationError:
    print(json.dumps(message))";
    let headers = serde_json::to_string(&message.headers).unwrap();
    python(VERIFY, &[SECRET, &headers, &message.body])
}

#[tokio::test]
async fn a_message_is_signed_and_is_repeated_until_it_is_taken() {
    // It is away at first.
    let receiver = Receiver::start(|number, _| match number {
        0 => (503, "busy".to_owned()),
        _ => (204, String::new()),
    })
    .await;
    let stack = stack(&receiver).await;
    let id = stack.api().create(&body()).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let deliveries = &experiment["models"][0]["deliveries"];
    let delivery = &deliveries[1];
    assert_eq!(
        (&delivery["sink"], &delivery["attempts"]),
        (&json!("webhook"), &json!(2))
    );
    assert!(
        delivery["error"].is_null() && delivery["location"].is_null(),
        "{delivery}"
    );
    assert!(
        delivery["endpoint"].is_string() && delivery["tried_at"].is_string(),
        "{delivery}"
    );
    let messages = receiver.messages();
    assert_eq!(messages.len(), 2);
    let message = verified(&messages[1]);
    assert_eq!(message, verified(&messages[0]));
    assert_eq!(message["type"], "run.completed");
    let data = &message["data"];
    assert_eq!(data["experiment_id"], id);
    assert_eq!(data["states"]["ok"], 2);
    assert_eq!(data["scorers"][0]["mean"], 0.5);
    let link = data["links"]["summary"].as_str().unwrap();
    assert_eq!(stack.api().get(link).await.expect(200)["experiment_id"], id);

    // By its id the receiver knows a delivery again; that of another round is another.
    let emit = format!("/v1/experiments/{id}/emit");
    stack.api().post(&emit, &json!({})).await.expect(202);
    stack.api().completed(&id, SOON).await;
    let rescore = format!("/v1/experiments/{id}/rescore");
    stack.api().post(&rescore, &json!({})).await.expect(202);
    stack.api().completed(&id, SOON).await;
    let messages = receiver.messages();
    let ids: Vec<&str> = messages
        .iter()
        .map(|message| message.headers["webhook-id"].as_str())
        .collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(ids[..3], [ids[0]; 3]);
    assert_ne!(ids[3], ids[0]);
    // The secret is nowhere to be seen, nor is the address, which may hold another one.
    for secret in [&SECRET[6..], "in-the-address"] {
        assert!(!stack.logs().contains(secret));
        assert!(
            !stack
                .api()
                .experiment(&id)
                .await
                .to_string()
                .contains(secret)
        );
    }
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_not_asked_again_and_hides_nothing() {
    let receiver = Receiver::start(|_, _| (410, "gone".to_owned())).await;
    let stack = stack(&receiver).await;
    let mut body = body();
    let unknown = json!({"type": "webhook", "endpoint": "nobody"});
    body["config"]["sinks"]
        .as_array_mut()
        .unwrap()
        .push(unknown);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let deliveries = &experiment["models"][0]["deliveries"];
    assert_eq!(deliveries[0]["error"], Value::Null);
    assert_eq!(deliveries[1]["error"], "the answer is 410 Gone: gone");
    assert_eq!(
        deliveries[2]["error"],
        "the workers know no webhook `nobody`; they know `ci`"
    );
    assert_eq!(receiver.messages().len(), 1);
}

#[tokio::test]
async fn a_webhook_is_tested_by_a_message_that_is_sent_once() {
    let receiver = Receiver::start(|number, _| match number {
        0 => (200, "thanks".to_owned()),
        _ => (500, "no".to_owned()),
    })
    .await;
    let stack = stack(&receiver).await;
    let api = stack.api();
    eventually("the webhook is announced", SOON, async || {
        match api.get("/v1/webhooks").await.expect(200)["webhooks"][0]["name"] == "ci" {
            true => Ok(()),
            false => Err("not yet".to_owned()),
        }
    })
    .await;
    let result = api
        .post("/v1/webhooks/ci/test", &json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&result["delivered"], &result["status"]),
        (&json!(true), &json!(200)),
        "{result}"
    );
    let message = &receiver.messages()[0];
    assert_eq!(result["message_id"], message.headers["webhook-id"]);
    let told = verified(message);
    assert_eq!(
        (&told["type"], &told["data"]["webhook"]),
        (&json!("webhook.test"), &json!("ci"))
    );
    let refused = api
        .post("/v1/webhooks/ci/test", &json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&refused["delivered"], &refused["error"]),
        (
            &json!(false),
            &json!("the answer is 500 Internal Server Error: no")
        )
    );
    assert_eq!(receiver.messages().len(), 2);
    assert_eq!(
        api.post("/v1/webhooks/nobody/test", &json!({}))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_webhook_is_not_tested_while_no_worker_is_there() {
    let receiver = Receiver::start(|_, _| (204, String::new())).await;
    let mut stack = stack(&receiver).await;
    let path = "/v1/webhooks/ci/test";
    eventually("the webhook is announced", SOON, async || {
        match stack.api().post(path, &json!({})).await.status {
            200 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
    stack.take_worker().stop(SOON).await;
    let away = stack.api().post(path, &json!({})).await;
    let problem = away.expect(503);
    assert_eq!(problem["code"], "unavailable");
    assert!(
        problem["detail"].as_str().unwrap().contains("a worker"),
        "{problem}"
    );
    assert_eq!(receiver.messages().len(), 1);
}

#[tokio::test]
async fn nobody_is_led_elsewhere_by_a_receiver() {
    let receiver = Receiver::start(|_, _| (307, String::new())).await;
    let stack = stack(&receiver).await;
    let id = stack.api().create(&body()).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let error = experiment["models"][0]["deliveries"][1]["error"].to_string();
    assert!(error.contains("307"), "{error}");
    assert_eq!(receiver.messages().len(), 1);
}
