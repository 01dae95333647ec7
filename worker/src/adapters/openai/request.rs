//! What is sent with every call to a model: address, headers and parameters.

use domain::config::OpenAiAdapter;
use domain::output::CallError;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ReasoningEffort};
use genai::resolver::{AuthData, Endpoint};
use genai::{Headers, ModelIden, ServiceTarget};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::providers::Provider;

/// Where calls go, with our own headers: genai would ask for a key also where none is needed.
pub(super) fn target(
    provider: &Provider,
    name: &str,
    model: &str,
) -> Result<ServiceTarget, CallError> {
    let headers = provider.headers(name)?;
    let headers: Vec<(String, String)> = headers
        .into_iter()
        .map(|(name, value)| (name, value.expose_secret().to_owned()))
        .collect();
    let base_url = provider.base_url();
    let mut url = base_url.clone();
    url.set_path(&format!("{}chat/completions", base_url.path()));
    Ok(ServiceTarget {
        endpoint: Endpoint::from_owned(base_url.as_str()),
        auth: AuthData::RequestOverride {
            url: url.into(),
            headers: Headers::from(headers),
        },
        model: ModelIden::new(AdapterKind::OpenAI, model),
    })
}

pub(super) fn options(config: &OpenAiAdapter, model: &str) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_capture_raw_body(true)
        // The name as it is: genai would cut off `namespace::`, and an ending such as `-high`, which it takes for an effort.
        .with_extra_body(json!({"model": model}))
        .with_reasoning_effort(ReasoningEffort::Budget(0))
        .with_stop_sequences(config.stop.clone());
    options.temperature = config.temperature;
    options.top_p = config.top_p;
    options.max_tokens = config.max_tokens;
    options.seed = config.seed;
    options
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::stub::{KEY, Stub, completion, item, open};
    use super::super::{OpenAi, client};
    use super::*;
    use crate::providers::{Key, Providers};

    #[tokio::test]
    async fn the_request_is_openais_with_key_headers_and_parameters() {
        let stub = Stub::start(completion(json!({"content": ""}))).await;
        let config = json!({
            "model": "ns::claude-x-high", "system": "Be {{ id }}.", "temperature": 0.5, "top_p": 0.9,
            "max_tokens": 7, "seed": 42, "stop": ["END"],
        });
        open(&stub, config, "other")
            .unwrap()
            .answer(&item())
            .await
            .unwrap();
        let request = stub.request();
        assert!(
            request
                .head
                .starts_with("POST /base/v1/chat/completions?api-version=1 HTTP/1.1\r\n")
        );
        assert!(
            request.has_header("authorization", &format!("Bearer {KEY}")),
            "{}",
            request.head
        );
        assert!(request.has_header("x-team", "evaluations"));
        assert_eq!(
            request.body,
            json!({
                "model": "ns::claude-x-high", "stream": false,
                "messages": [{"role": "system", "content": "Be 1."}, {"role": "user", "content": "2+2?"}],
                "temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 42, "stop": ["END"],
            })
        );
    }

    #[tokio::test]
    async fn what_is_not_configured_is_not_sent() {
        let stub = Stub::start(completion(json!({"content": "4"}))).await;
        open(&stub, json!({}), "claude-3-5-sonnet")
            .unwrap()
            .answer(&item())
            .await
            .unwrap();
        let messages = json!([{"role": "user", "content": "2+2?"}]);
        let expected = json!({"model": "claude-3-5-sonnet", "stream": false, "messages": messages});
        assert_eq!(stub.request().body, expected);
    }

    #[tokio::test]
    async fn a_provider_without_a_key_is_sent_none() {
        let stub = Stub::start(completion(json!({"content": "4"}))).await;
        let providers = Providers::standard().with(
            "stub",
            Provider::new(&stub.base_url(), Key::Unneeded).unwrap(),
        );
        let config = serde_json::from_value(json!({"provider": "stub"})).unwrap();
        let adapter = OpenAi::open(
            &config,
            "m",
            Duration::from_secs(5),
            &providers,
            client().unwrap(),
        )
        .unwrap();
        adapter.answer(&item()).await.unwrap();
        assert!(!stub.request().head.to_lowercase().contains("authorization"));
    }
}
