//! A call in the words of the semantic conventions of OpenTelemetry for generative AI
//! (<https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>), and of Langfuse
//! (<https://langfuse.com/integrations/native/opentelemetry#property-mapping>).

use domain::config::AdapterConfig;
use domain::item::DatasetItem;
use domain::output::{Answer, CallErrorKind, Output};
use evaluation::prompts::Prompt;
use opentelemetry::{Array, KeyValue, StringValue, Value as Attribute};
use serde_json::{Value, json};

/// Who is asked, and how.
pub(super) struct Respondent<'a> {
    adapter: &'a AdapterConfig,
    model: &'a str,
    operation: &'static str,
    /// Renders the messages of a chat, when they are told.
    prompt: Option<Prompt>,
}

impl<'a> Respondent<'a> {
    /// None of an adapter that calls nobody. `name` is that of the model in the experiment.
    pub(super) fn new(
        adapter: &'a AdapterConfig,
        name: &'a str,
        tells_messages: bool,
    ) -> Option<Self> {
        let operation = match adapter {
            AdapterConfig::Recorded(_) => return None,
            AdapterConfig::OpenAi(_) | AdapterConfig::Chat(_) => "chat",
            AdapterConfig::Embeddings(_) => "embeddings",
            AdapterConfig::Http(_) | AdapterConfig::Sse(_) | AdapterConfig::Activity(_) => {
                "invoke_agent"
            }
        };
        let prompt = match adapter {
            AdapterConfig::OpenAi(chat) | AdapterConfig::Chat(chat) if tells_messages => {
                Prompt::compile(chat).ok()
            }
            _ => None,
        };
        Some(Self {
            adapter,
            model: adapter.model().unwrap_or(name),
            operation,
            prompt,
        })
    }

    pub(super) fn span_name(&self) -> String {
        format!("{} {}", self.operation, self.model)
    }

    pub(super) fn attributes(&self, call: &Output) -> Vec<KeyValue> {
        let provider = self.adapter.provider().unwrap_or(self.adapter.kind());
        let kind = match self.operation {
            "chat" => "LLM",
            "embeddings" => "EMBEDDING",
            _ => "AGENT",
        };
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", self.operation),
            KeyValue::new("gen_ai.provider.name", provider.to_owned()),
            KeyValue::new("gen_ai.request.model", self.model.to_owned()),
            KeyValue::new("openinference.span.kind", kind),
        ];
        let mut add = |name: &'static str, value: Option<Attribute>| {
            attributes.extend(value.map(|value| KeyValue::new(name, value)));
        };
        for (name, value) in self.parameters(call.sample) {
            add(name, value);
        }
        if let Some(answer) = answer(call) {
            let model = answer.model.clone();
            add("gen_ai.response.model", model.map(Attribute::from));
            let reasons = answer
                .finish_reason
                .clone()
                .map(|reason| Attribute::Array(Array::String(vec![StringValue::from(reason)])));
            add("gen_ai.response.finish_reasons", reasons);
            if let Some(usage) = answer.usage {
                let count = |count: u64| Some(Attribute::from(count.cast_signed()));
                add("gen_ai.usage.input_tokens", count(usage.input_tokens));
                add("gen_ai.usage.output_tokens", count(usage.output_tokens));
                if usage.cached_input_tokens > 0 {
                    let cached = count(usage.cached_input_tokens);
                    add("gen_ai.usage.cache_read.input_tokens", cached);
                }
            }
        }
        if let Some(error) = &call.error {
            add("error.type", Some(word(error.kind).into()));
            let status = error.status.map(i64::from);
            add("http.response.status_code", status.map(Attribute::from));
        }
        attributes
    }

    fn parameters(&self, sample: u32) -> Vec<(&'static str, Option<Attribute>)> {
        match self.adapter {
            AdapterConfig::OpenAi(chat) | AdapterConfig::Chat(chat) => {
                let seed = chat.seed.map(|seed| seed.wrapping_add(sample.into()));
                vec![
                    (
                        "gen_ai.request.temperature",
                        chat.temperature.map(Into::into),
                    ),
                    ("gen_ai.request.top_p", chat.top_p.map(Into::into)),
                    (
                        "gen_ai.request.max_tokens",
                        chat.max_tokens.map(|most| i64::from(most).into()),
                    ),
                    (
                        "gen_ai.request.seed",
                        seed.map(|seed| seed.cast_signed().into()),
                    ),
                ]
            }
            AdapterConfig::Embeddings(embeddings) => vec![(
                "gen_ai.embeddings.dimension.count",
                embeddings.dimensions.map(|count| i64::from(count).into()),
            )],
            _ => Vec::new(),
        }
    }

    /// What was asked and answered, when it is told.
    pub(super) fn messages(&self, item: &DatasetItem, call: &Output) -> Vec<KeyValue> {
        let mut asked = Vec::new();
        match self.prompt.as_ref().map(|prompt| prompt.render(item)) {
            Some(Ok(messages)) => {
                let system = messages
                    .system
                    .map(|system| message("system", json!(system)));
                asked.extend(system);
                asked.push(message("user", json!(messages.user)));
            }
            _ => asked.push(message("user", json!(item.input))),
        }
        let mut told = vec![KeyValue::new(
            "gen_ai.input.messages",
            json!(asked).to_string(),
        )];
        if let Some(answer) = answer(call) {
            let mut answered = message("assistant", answer.value.clone());
            if let Some(reason) = &answer.finish_reason {
                answered["finish_reason"] = json!(reason);
            }
            let answered = json!([answered]).to_string();
            told.push(KeyValue::new("gen_ai.output.messages", answered));
        }
        told
    }

    /// The same call for Langfuse.
    pub(super) fn in_langfuse(&self, call: &Output) -> Vec<KeyValue> {
        let kind = match self.operation {
            "chat" => "generation",
            "embeddings" => "embedding",
            _ => "agent",
        };
        let named = answer(call).and_then(|answer| answer.model.as_deref());
        let model = named.unwrap_or(self.model).to_owned();
        let mut attributes = vec![
            KeyValue::new("langfuse.observation.type", kind),
            KeyValue::new("langfuse.observation.model.name", model),
        ];
        let parameters = self.parameters(call.sample).into_iter();
        let parameters = parameters.filter_map(|(name, value)| {
            let name = name.rsplit('.').next()?.to_owned();
            Some((name, plain(&value?)))
        });
        let parameters = Value::Object(parameters.collect());
        attributes.push(KeyValue::new(
            "langfuse.observation.model.parameters",
            parameters.to_string(),
        ));
        if let Some(usage) = answer(call).and_then(|answer| answer.usage) {
            let total = usage.input_tokens + usage.output_tokens;
            let usage =
                json!({"input": usage.input_tokens, "output": usage.output_tokens, "total": total});
            attributes.push(KeyValue::new(
                "langfuse.observation.usage_details",
                usage.to_string(),
            ));
        }
        if let Some(cost) = call.cost {
            // Billionths of a dollar are exact up to nine million dollars.
            let cost = json!({"total": cost.nanos() as f64 / 1e9});
            attributes.push(KeyValue::new(
                "langfuse.observation.cost_details",
                cost.to_string(),
            ));
        }
        attributes
    }
}

/// What came back, whether it was of use or not.
fn answer(call: &Output) -> Option<&Answer> {
    call.answer.as_ref().or(call.rejected.as_ref())
}

/// A message with one part, which is text as it is and any other value as JSON.
fn message(role: &str, content: Value) -> Value {
    let content = match content {
        Value::String(text) => text,
        other => other.to_string(),
    };
    json!({"role": role, "parts": [{"type": "text", "content": content}]})
}

fn plain(value: &Attribute) -> Value {
    match value {
        Attribute::I64(number) => json!(number),
        Attribute::F64(number) => json!(number),
        other => json!(other.as_str()),
    }
}

/// A kind of failure, as results name it.
fn word(kind: CallErrorKind) -> String {
    match serde_json::to_value(kind) {
        Ok(Value::String(word)) => word,
        _ => "_OTHER".to_owned(),
    }
}
