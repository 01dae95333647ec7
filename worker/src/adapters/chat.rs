//! Models that are asked by a chat, in whichever protocol their provider speaks.

mod failure;
mod request;
#[cfg(test)]
mod tests;
mod wire;

use std::borrow::Cow;

use domain::config::ChatAdapter;
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, TokenUsage, ToolCall};
use evaluation::RenderError;
use evaluation::prompts::Prompt;
use genai::chat::{ChatOptions, ChatRequest, ChatResponse, Tool, Usage};
use genai::{Client, ServiceTarget};
use serde_json::{Value, json};

pub(super) use self::wire::CHATS;
use super::called::{Question, faulty};
use super::wording::Wording;
use crate::providers::{Api, Provider};

/// One model at one provider.
pub(super) struct Chat {
    api: Api,
    client: Client,
    target: ServiceTarget,
    config: ChatAdapter,
    model: String,
    options: ChatOptions,
    tools: Vec<Tool>,
    prompt: Prompt,
    /// Whether the answer is JSON, and the output the value of it.
    reads_json: bool,
    wording: Wording,
}

impl Chat {
    pub(super) fn open(
        config: &ChatAdapter,
        provider: &Provider,
        model: &str,
        client: Client,
        wording: Wording,
    ) -> Result<Self, CallError> {
        let api = provider.api();
        wire::check(api, config)?;
        Ok(Self {
            api,
            client,
            target: request::target(provider, &config.provider, model)?,
            config: config.clone(),
            model: model.to_owned(),
            options: request::options(api, config, model),
            tools: request::tools(api, config),
            prompt: Prompt::compile(config).map_err(|faults| faulty(&faults))?,
            reads_json: config.response_format.is_some(),
            wording,
        })
    }

    /// All that equal calls have in common but the messages: the address, the model's name there and every parameter. The
    /// templates are not in it.
    pub(super) fn common(config: &ChatAdapter, provider: &Provider, model: &str) -> Value {
        let mut common = json!({
            "provider": config.provider,
            "base_url": provider.base_url().as_str(),
            "model": model,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "max_tokens": config.max_tokens,
            "seed": config.seed,
            "stop": config.stop,
            // Of several samples of an item, the first; the others are named by `Called`.
            "sample": 0,
        });
        // What came later is there only when it is used, so that the answers kept before it are still found.
        let mut also = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                common[key] = value;
            }
        };
        let api = provider.api();
        also("api", (api != Api::OpenAi).then(|| json!(api.name())));
        let format = config.response_format.as_ref();
        also("response_format", format.map(|format| json!(format)));
        also(
            "tools",
            (!config.tools.is_empty()).then(|| json!(config.tools)),
        );
        also(
            "tool_choice",
            config.tool_choice.as_ref().map(|choice| json!(choice)),
        );
        common
    }

    /// The messages for an item.
    pub(super) fn question(&self, item: &DatasetItem) -> Result<Question, RenderError> {
        let messages = self.prompt.render(item)?;
        Ok(Question::from_iter([
            ("system".to_owned(), json!(messages.system)),
            ("user".to_owned(), json!(messages.user)),
        ]))
    }

    pub(super) async fn ask(
        &self,
        mut question: Question,
        sample: u32,
    ) -> Result<Answer, CallError> {
        let mut text = |key: &str| match question.remove(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let mut request = ChatRequest::from_user(text("user").unwrap_or_default());
        request.system = text("system");
        request.tools = (!self.tools.is_empty()).then(|| self.tools.clone());
        let target = request::within_trace(self.target.clone());
        let options = self.options(sample);
        let call = self.client.exec_chat(target, request, Some(&options));
        match call.await {
            Ok(response) => self.read(&response),
            Err(error) => Err(failure::call_error(error, self.api, &self.wording)),
        }
    }

    /// What a sample is asked for with: another seed than that of others, if there is one.
    fn options(&self, sample: u32) -> Cow<'_, ChatOptions> {
        match self.config.seed {
            Some(seed) if sample > 0 => {
                let config = ChatAdapter {
                    seed: Some(seed.wrapping_add(sample.into())),
                    ..self.config.clone()
                };
                Cow::Owned(request::options(self.api, &config, &self.model))
            }
            _ => Cow::Borrowed(&self.options),
        }
    }

    fn read(&self, response: &ChatResponse) -> Result<Answer, CallError> {
        let body = response.captured_raw_body.as_ref().unwrap_or(&Value::Null);
        let finish_reason = response.stop_reason.as_ref().map(|reason| reason.raw());
        let tool_calls: Vec<ToolCall> = response
            .content
            .tool_calls()
            .into_iter()
            .map(tool_call)
            .collect();
        let text = wire::text(self.api, body);
        let value = match text {
            Some(text) if text.is_empty() && !tool_calls.is_empty() => Value::Null,
            None if !tool_calls.is_empty() => Value::Null,
            Some(text) if self.reads_json => serde_json::from_str(&text)
                .map_err(|error| failure::not_json(&error, finish_reason, &self.wording))?,
            Some(text) => Value::String(text),
            None => {
                return Err(failure::no_text(
                    self.api,
                    body,
                    finish_reason,
                    &self.wording,
                ));
            }
        };
        Ok(Answer {
            usage: usage(&response.usage),
            finish_reason: finish_reason.map(ToOwned::to_owned),
            model: wire::model(self.api, body),
            tool_calls,
            ..Answer::of(value)
        })
    }
}

fn tool_call(call: &genai::chat::ToolCall) -> ToolCall {
    ToolCall {
        name: call.fn_name.clone(),
        arguments: call.fn_arguments.clone(),
    }
}

fn usage(usage: &Usage) -> Option<TokenUsage> {
    let count = |tokens: Option<i32>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
    let input = usage.prompt_tokens_details.as_ref();
    let cached = count(input.and_then(|details| details.cached_tokens));
    let output = usage.completion_tokens_details.as_ref();
    let reasoning = count(output.and_then(|details| details.reasoning_tokens));
    // Google tells reasoning alone when nothing else was written.
    let written = count(usage.completion_tokens).or(reasoning);
    let counted = TokenUsage::counted(count(usage.prompt_tokens), written)?;
    Some(counted.of_which(cached.unwrap_or_default(), reasoning.unwrap_or_default()))
}
