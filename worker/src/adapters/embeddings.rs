//! Models that turn a text into numbers, in OpenAI's protocol.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use domain::config::EmbeddingsAdapter;
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, TokenUsage};
use evaluation::RenderError;
use evaluation::prompts::EmbeddedText;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::called::{Question, faulty};
use super::exchange::Exchange;
use super::wording::Wording;
use crate::providers::Provider;

/// One model at one provider.
pub(super) struct Embeddings {
    exchange: Exchange,
    text: EmbeddedText,
    model: String,
    dimensions: Option<u32>,
}

impl Embeddings {
    pub(super) fn open(
        config: &EmbeddingsAdapter,
        provider: &Provider,
        model: &str,
        client: &Client,
        wording: Wording,
    ) -> Result<Self, CallError> {
        let (method, none) = (Method::POST, BTreeMap::new());
        let exchange = Exchange::new(
            client,
            method,
            provider,
            "embeddings",
            &none,
            "application/json",
            wording,
        )?;
        Ok(Self {
            exchange,
            text: EmbeddedText::compile(config).map_err(|fault| faulty(&[fault]))?,
            model: model.to_owned(),
            dimensions: config.dimensions,
        })
    }

    /// All that equal calls have in common but the text.
    pub(super) fn common(config: &EmbeddingsAdapter, provider: &Provider, model: &str) -> Value {
        json!({
            "type": "embeddings",
            "provider": config.provider,
            "base_url": provider.base_url().as_str(),
            "model": model,
            "dimensions": config.dimensions,
        })
    }

    pub(super) fn question(&self, item: &DatasetItem) -> Result<Question, RenderError> {
        let text = self.text.render(item)?;
        Ok(Question::from_iter([("text".to_owned(), json!(text))]))
    }

    /// <https://platform.openai.com/docs/api-reference/embeddings/create>
    pub(super) async fn ask(&self, question: Question) -> Result<Answer, CallError> {
        let mut body = json!({"model": self.model, "input": question.get("text")});
        if let Some(dimensions) = self.dimensions {
            body["dimensions"] = json!(dimensions);
        }
        let response = self.exchange.send(&[], Some(&body)).await?;
        let body = self.exchange.json(response).await?;
        let embedding = body.pointer("/data/0/embedding").and_then(Value::as_array);
        let numbers =
            embedding.filter(|numbers| !numbers.is_empty() && numbers.iter().all(Value::is_number));
        let Some(numbers) = numbers else {
            return Err(self.exchange.wording.bad_answer("answered no embedding"));
        };
        let read = body.pointer("/usage/prompt_tokens").and_then(Value::as_u64);
        Ok(Answer {
            usage: TokenUsage::counted(read, None),
            model: body["model"].as_str().map(ToOwned::to_owned),
            ..Answer::of(json!(numbers))
        })
    }
}
