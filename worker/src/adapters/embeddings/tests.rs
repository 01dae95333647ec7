//! Embeddings on the wire.

use domain::output::{CallErrorKind, TokenUsage};
use serde_json::{Value, json};

use crate::adapters::stub::{KEY, Reply, ask};
use crate::providers::Api;

fn config(more: Value) -> Value {
    let mut config = json!({"type": "embeddings"});
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    config
}

#[tokio::test]
async fn a_text_is_embedded() {
    let reply = Reply::json(
        200,
        json!({
            "object": "list", "model": "e-2026",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -1, 3e-5]}],
            "usage": {"prompt_tokens": 4, "total_tokens": 4},
        }),
    );
    let config = config(json!({"text": "Q: {{ prompt }}", "dimensions": 3}));
    let (answer, request) = ask(Api::OpenAi, config, reply).await;
    let request = request.unwrap();
    let head = &request.head;
    assert!(
        head.starts_with("POST /base/v1/embeddings?api-version=1 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        request.has_header("authorization", &format!("Bearer {KEY}")),
        "{head}"
    );
    assert_eq!(
        request.body,
        json!({"model": "m", "input": "Q: 2+2?", "dimensions": 3})
    );
    let answer = answer.unwrap();
    assert_eq!(answer.value, json!([0.25, -1, 3e-5]));
    assert_eq!(answer.usage, TokenUsage::counted(Some(4), None));
    assert_eq!(answer.model.as_deref(), Some("e-2026"));
}

#[tokio::test]
async fn what_is_no_embedding_is_a_bad_answer() {
    for embedding in [json!(null), json!([]), json!(["a"]), json!("AAAA")] {
        let reply = Reply::json(200, json!({"data": [{"embedding": embedding}]}));
        let error = ask(Api::OpenAi, config(json!({})), reply)
            .await
            .0
            .unwrap_err();
        assert_eq!(error.kind, CallErrorKind::BadAnswer);
        assert_eq!(error.message, "provider `stub` answered no embedding");
    }
    let (error, request) = ask(Api::OpenAi, config(json!({})), Reply::json(401, json!({}))).await;
    assert_eq!(error.unwrap_err().kind, CallErrorKind::Refused);
    assert_eq!(
        request.unwrap().body,
        json!({"model": "m", "input": "2+2?"})
    );
}
