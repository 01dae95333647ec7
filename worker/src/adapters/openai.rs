//! A chat endpoint that speaks OpenAI's protocol, whatever its model is called.

mod cache;
mod failure;
mod request;
#[cfg(test)]
mod stub;

use std::time::{Duration, Instant};

use domain::config::OpenAiAdapter;
use domain::item::DatasetItem;
use domain::money::Money;
use domain::output::{Answer, CallError, CallErrorKind, TokenUsage};
use evaluation::prompts::Prompt;
use genai::chat::{ChatOptions, ChatRequest, ChatResponse, Usage};
use genai::{Client, ServiceTarget};
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::Value;

use self::cache::Call;
use self::failure::call_error;
use self::request::{options, target};
use crate::providers::{Price, Providers};

/// One model at one provider.
pub struct OpenAi {
    client: Client,
    target: ServiceTarget,
    options: ChatOptions,
    prompt: Prompt,
    call_timeout: Duration,
    provider: String,
    secrets: Vec<SecretString>,
    price: Option<Price>,
    /// All that equal calls have in common but the messages.
    call: Call,
}

/// The client of all runs. It tries nothing again, and leaves the time limit of a call to the call.
pub(super) fn client() -> anyhow::Result<Client> {
    let http = reqwest::Client::builder()
        .user_agent(concat!("ai-evolution/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        // Over HTTP/2 all calls would share one connection, and most servers limit its streams to about 100.
        .http1_only()
        .pool_max_idle_per_host(1024)
        .redirect(Policy::custom(|attempt| {
            let origin = attempt.previous().last().map(|url| url.origin());
            let stays = origin.is_some_and(|origin| origin == attempt.url().origin());
            // A key goes to no other host.
            match stays && attempt.previous().len() <= 3 {
                true => attempt.follow(),
                false => attempt.stop(),
            }
        }))
        .build()?;
    Ok(Client::builder().with_reqwest(http).build()?)
}

impl OpenAi {
    pub(super) fn open(
        config: &OpenAiAdapter,
        model_name: &str,
        call_timeout: Duration,
        providers: &Providers,
        client: Client,
    ) -> Result<Self, CallError> {
        let provider = providers.get(&config.provider)?;
        let model = config.model.as_deref().unwrap_or(model_name);
        let prompt = Prompt::compile(config).map_err(|faults| {
            let faults = faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ");
            CallError::new(CallErrorKind::Refused, faults)
        })?;
        Ok(Self {
            client,
            target: target(provider, &config.provider, model)?,
            options: options(config, model),
            prompt,
            call_timeout,
            provider: config.provider.clone(),
            secrets: provider.secrets(),
            price: provider.price(model),
            call: Call::new(provider, config, model),
        })
    }

    pub(super) fn provider(&self) -> &str {
        &self.provider
    }

    pub(super) fn cost(&self, usage: TokenUsage) -> Option<Money> {
        self.price.as_ref().map(|price| price.cost(usage))
    }

    pub(super) fn cache_key(&self, item: &DatasetItem) -> Option<String> {
        let messages = self.prompt.render(item).ok()?;
        Some(self.call.key(messages.system.as_deref(), &messages.user))
    }

    pub(super) async fn answer(&self, item: &DatasetItem) -> Result<Answer, CallError> {
        let messages = self
            .prompt
            .render(item)
            .map_err(|error| CallError::new(CallErrorKind::Item, error.to_string()))?;
        let mut request = ChatRequest::from_user(messages.user);
        request.system = messages.system;
        let started = Instant::now();
        let call = self
            .client
            .exec_chat(self.target.clone(), request, Some(&self.options));
        match tokio::time::timeout(self.call_timeout, call).await {
            Ok(Ok(response)) => self.read(response, started.elapsed()),
            Ok(Err(error)) => Err(call_error(error, &self.provider, &self.secrets)),
            Err(_) => {
                let limit = humantime::format_duration(self.call_timeout);
                let message = format!("provider `{}` gave no answer within {limit}", self.provider);
                Err(CallError::new(CallErrorKind::Timeout, message))
            }
        }
    }

    fn read(&self, response: ChatResponse, latency: Duration) -> Result<Answer, CallError> {
        let body = response.captured_raw_body.as_ref().unwrap_or(&Value::Null);
        let value = match body.pointer("/choices/0/message/content") {
            // As the model wrote it: genai trims it, and does not tell an empty text from none.
            Some(Value::String(text)) => Value::from(text.as_str()),
            Some(Value::Array(_)) if response.content.contains_text() => {
                Value::from(response.content.joined_texts().unwrap_or_default())
            }
            _ => return Err(failure::no_text(body, &self.provider, &self.secrets)),
        };
        Ok(Answer {
            value,
            latency_ms: Some(latency.as_micros() as f64 / 1000.0),
            usage: usage(&response.usage),
            finish_reason: response.stop_reason.map(|reason| reason.raw().to_owned()),
            model: body
                .get("model")
                .and_then(Value::as_str)
                .map(ToOwned::to_owned),
        })
    }
}

fn usage(usage: &Usage) -> Option<TokenUsage> {
    let count = |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
    TokenUsage::counted(count(usage.prompt_tokens), count(usage.completion_tokens))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::stub::{KEY, Reply, Stub, completion, item, open};
    use super::*;

    async fn ask(reply: Reply) -> Result<Answer, CallError> {
        let stub = Stub::start(reply).await;
        open(&stub, json!({}), "m").unwrap().answer(&item()).await
    }

    #[tokio::test]
    async fn an_answer_comes_with_usage_model_and_finish_reason() {
        let answer = ask(Reply::json(
            200,
            json!({
                "model": "m-2026",
                "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": " four\n"}}],
                "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
            }),
        ))
        .await
        .unwrap();
        assert_eq!(answer.value, json!(" four\n"));
        assert_eq!(
            answer.usage,
            Some(TokenUsage {
                input_tokens: 12,
                output_tokens: 3
            })
        );
        assert_eq!(answer.finish_reason.as_deref(), Some("stop"));
        assert_eq!(answer.model.as_deref(), Some("m-2026"));
        assert!(answer.latency_ms.is_some_and(|latency| latency > 0.0));
    }

    #[tokio::test]
    async fn an_empty_text_is_an_answer_and_no_text_is_not() {
        assert_eq!(
            ask(completion(json!({"content": ""}))).await.unwrap().value,
            json!("")
        );
        let chunks = json!({"content": [{"type": "text", "text": "four"}]});
        assert_eq!(ask(completion(chunks)).await.unwrap().value, json!("four"));
        let call =
            json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
        for message in [
            json!({"content": null}),
            json!({}),
            json!({"content": null, "tool_calls": [call]}),
            json!({"content": null, "refusal": "no"}),
        ] {
            let error = ask(completion(message.clone())).await.unwrap_err();
            assert_eq!(error.kind, CallErrorKind::BadAnswer, "{message}");
            assert!(error.message.contains("no text"), "{}", error.message);
        }
    }

    #[tokio::test]
    async fn an_item_that_lacks_what_the_prompt_names_is_not_asked() {
        let stub = Stub::start(completion(json!({"content": "4"}))).await;
        let adapter = open(&stub, json!({"prompt": "{{ question }}"}), "m").unwrap();
        let error = adapter.answer(&item()).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Item);
        assert!(
            error.message.contains("`question` is undefined"),
            "{}",
            error.message
        );
    }

    #[tokio::test]
    async fn each_status_is_a_kind_of_failure() {
        use CallErrorKind::{BadRequest, ProviderUnavailable, RateLimited, Refused};
        for (status, kind) in [
            (429, RateLimited),
            (408, ProviderUnavailable),
            (409, ProviderUnavailable),
            (425, ProviderUnavailable),
            (500, ProviderUnavailable),
            (503, ProviderUnavailable),
            (529, ProviderUnavailable),
            (401, Refused),
            (403, Refused),
            (404, Refused),
            (400, BadRequest),
            (402, BadRequest),
            (422, BadRequest),
        ] {
            let body = json!({"error": {"message": format!("the key {KEY} is bad")}});
            let error = ask(Reply::json(status, body)).await.unwrap_err();
            assert_eq!((error.kind, error.status), (kind, Some(status)));
            assert_eq!(
                error.message,
                format!("provider `stub` answered {status}: the key [secret] is bad")
            );
        }
    }

    #[tokio::test]
    async fn the_provider_says_how_long_to_wait() {
        let reply = Reply::json(429, json!({})).with_header("Retry-After", "7");
        assert_eq!(ask(reply).await.unwrap_err().retry_after_ms, Some(7000));
        assert_eq!(
            ask(Reply::json(503, json!({})))
                .await
                .unwrap_err()
                .retry_after_ms,
            None
        );
    }

    #[tokio::test]
    async fn what_cannot_be_understood_is_a_bad_answer() {
        for reply in [
            Reply::json(200, json!({"error": {"message": "odd"}})),
            Reply::json(200, json!([])),
            Reply::json(200, json!({"choices": []})),
            Reply::text(200, "application/json", "{\"choices\": [{"),
            Reply::text(200, "text/html", "<h1>Hello</h1>"),
            Reply::text(204, "text/plain", ""),
            completion(json!({"content": null, "tool_calls": "x"})),
        ] {
            let error = ask(reply).await.unwrap_err();
            assert_eq!(error.kind, CallErrorKind::BadAnswer, "{}", error.message);
            assert!(
                error.message.starts_with("provider `stub` "),
                "{}",
                error.message
            );
        }
    }

    #[tokio::test]
    async fn silence_is_a_timeout_and_a_broken_connection_is_one() {
        let silence = ask(Reply::Silence).await.unwrap_err();
        assert_eq!(silence.kind, CallErrorKind::Timeout);
        assert_eq!(
            silence.message,
            "provider `stub` gave no answer within 500ms"
        );
        for reply in [Reply::HangUp, Reply::HalfAnAnswer] {
            assert_eq!(
                ask(reply).await.unwrap_err().kind,
                CallErrorKind::Connection
            );
        }
        let stub = Stub::gone().await;
        let error = open(&stub, json!({}), "m")
            .unwrap()
            .answer(&item())
            .await
            .unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Unreachable);
        assert!(!error.message.contains("127.0.0.1"), "{}", error.message);
    }

    #[tokio::test]
    async fn a_redirect_to_another_host_is_refused() {
        let elsewhere = Stub::start(completion(json!({"content": "4"}))).await;
        let reply = Reply::json(307, json!({})).with_header("Location", &elsewhere.base_url());
        let error = ask(reply).await.unwrap_err();
        assert_eq!(
            (error.kind, error.status),
            (CallErrorKind::Refused, Some(307))
        );
        assert!(elsewhere.requests().is_empty());
    }

    #[tokio::test]
    async fn nothing_is_tried_again() {
        let stub = Stub::start(Reply::json(503, json!({}))).await;
        open(&stub, json!({}), "m")
            .unwrap()
            .answer(&item())
            .await
            .unwrap_err();
        assert_eq!(stub.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_bad_template_refuses_the_whole_run() {
        let stub = Stub::start(Reply::Silence).await;
        let error = open(&stub, json!({"prompt": "{{"}), "m").err().unwrap();
        assert!(error.kind.is_run_wide());
    }
}
