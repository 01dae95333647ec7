//! What each protocol calls the parts of a chat, as far as genai does not say it.

use domain::config::{ChatAdapter, ResponseFormat, Tool};
use domain::output::{CallError, CallErrorKind};
use genai::adapter::AdapterKind;
use serde_json::{Map, Value, json};

use crate::providers::Api;

/// The protocols that are spoken here.
pub(in crate::adapters) const CHATS: [Api; 4] =
    [Api::OpenAi, Api::Anthropic, Api::Gemini, Api::Ollama];

/// The protocol in genai's words; `http` is none of a chat, and is refused before.
pub(super) fn kind(api: Api) -> AdapterKind {
    match api {
        Api::OpenAi | Api::Http => AdapterKind::OpenAI,
        Api::Anthropic => AdapterKind::Anthropic,
        Api::Gemini => AdapterKind::Gemini,
        Api::Ollama => AdapterKind::Ollama,
    }
}

/// The path below the provider's address, in segments.
pub(super) fn path(api: Api, model: &str) -> Vec<String> {
    match api {
        Api::OpenAi | Api::Http => vec!["chat".to_owned(), "completions".to_owned()],
        Api::Anthropic => vec!["messages".to_owned()],
        Api::Gemini => vec!["models".to_owned(), format!("{model}:generateContent")],
        Api::Ollama => vec!["api".to_owned(), "chat".to_owned()],
    }
}

/// The name that genai is told. It reads efforts, namespaces and limits out of names, which are not meant here; the real name
/// is in the body or the address.
pub(super) fn name_for_genai(api: Api, model: &str) -> &str {
    match api {
        Api::Anthropic | Api::Gemini => "model",
        // OpenAI's newer models have another key for `max_tokens`; with Ollama the name is sent as it is.
        Api::OpenAi | Api::Ollama | Api::Http => model,
    }
}

/// Refuses what a protocol has no words for, rather than leave it out.
pub(super) fn check(api: Api, config: &ChatAdapter) -> Result<(), CallError> {
    let has_schema = matches!(config.response_format, Some(ResponseFormat::JsonSchema(_)));
    let has_json = matches!(config.response_format, Some(ResponseFormat::JsonObject(_)));
    let chooses = config
        .tool_choice
        .as_deref()
        .is_some_and(|choice| choice != "auto");
    let what = match api {
        Api::Anthropic if config.seed.is_some() => "`seed`",
        Api::Anthropic if has_json => "`json_object` without a schema",
        Api::Ollama if has_schema => "`json_schema`; use its address for OpenAI's protocol",
        Api::Ollama if chooses => "`tool_choice`; use its address for OpenAI's protocol",
        _ => return Ok(()),
    };
    Err(CallError::new(
        CallErrorKind::Refused,
        format!(
            "`{}`, which provider `{}` speaks, knows no {what}",
            api.name(),
            config.provider
        ),
    ))
}

/// What is put into the body as the protocol names it, in place of genai's words.
pub(super) fn extra_body(api: Api, config: &ChatAdapter, model: &str) -> Value {
    match api {
        Api::OpenAi | Api::Http => openai(config, model),
        Api::Anthropic => anthropic(config, model),
        Api::Gemini => gemini(config),
        // genai sends Ollama nothing of the kind.
        Api::Ollama => Value::Null,
    }
}

/// <https://platform.openai.com/docs/api-reference/chat/create>
fn openai(config: &ChatAdapter, model: &str) -> Value {
    let mut body = json!({"model": model});
    match &config.response_format {
        Some(ResponseFormat::JsonObject(_)) => {
            body["response_format"] = json!({"type": "json_object"});
        }
        Some(ResponseFormat::JsonSchema(format)) => {
            let mut schema = json!({"name": format.name, "schema": format.schema});
            if let Some(strict) = format.strict {
                schema["strict"] = json!(strict);
            }
            body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
        }
        None => {}
    }
    if !config.tools.is_empty() {
        let tools = config.tools.iter();
        body["tools"] = tools
            .map(|tool| json!({"type": "function", "function": described(tool, "parameters")}))
            .collect();
    }
    if let Some(choice) = &config.tool_choice {
        body["tool_choice"] = match choice.as_str() {
            "auto" | "none" | "required" => json!(choice),
            name => json!({"type": "function", "function": {"name": name}}),
        };
    }
    body
}

/// <https://docs.anthropic.com/en/api/messages>
fn anthropic(config: &ChatAdapter, model: &str) -> Value {
    let mut body = json!({"model": model});
    if !config.tools.is_empty() {
        let tools = config.tools.iter().map(|tool| {
            let mut described = described(tool, "input_schema");
            let no_arguments = || json!({"type": "object", "properties": {}});
            described.entry("input_schema").or_insert_with(no_arguments);
            Value::Object(described)
        });
        body["tools"] = tools.collect();
    }
    if let Some(choice) = &config.tool_choice {
        body["tool_choice"] = match choice.as_str() {
            "auto" | "none" => json!({"type": choice}),
            "required" => json!({"type": "any"}),
            name => json!({"type": "tool", "name": name}),
        };
    }
    body
}

/// <https://ai.google.dev/api/generate-content>
fn gemini(config: &ChatAdapter) -> Value {
    let mut body = json!({});
    if config.response_format.is_some() {
        body["generationConfig"] = gemini_generation(config);
    }
    if !config.tools.is_empty() {
        let tools = config.tools.iter();
        let tools: Vec<_> = tools
            .map(|tool| described(tool, "parametersJsonSchema"))
            .collect();
        body["tools"] = json!([{"functionDeclarations": tools}]);
    }
    if let Some(choice) = &config.tool_choice {
        body["toolConfig"] = json!({"functionCallingConfig": match choice.as_str() {
            "auto" => json!({"mode": "AUTO"}),
            "none" => json!({"mode": "NONE"}),
            "required" => json!({"mode": "ANY"}),
            name => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
        }});
    }
    body
}

/// The whole of it, for an extra body replaces what genai has put there.
fn gemini_generation(config: &ChatAdapter) -> Value {
    let mut generation = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            generation.insert(key.to_owned(), value);
        }
    };
    set("temperature", config.temperature.map(Value::from));
    set("topP", config.top_p.map(Value::from));
    set("maxOutputTokens", config.max_tokens.map(Value::from));
    set("seed", config.seed.map(Value::from));
    set(
        "stopSequences",
        (!config.stop.is_empty()).then(|| json!(config.stop)),
    );
    set("responseMimeType", Some(json!("application/json")));
    if let Some(ResponseFormat::JsonSchema(format)) = &config.response_format {
        set("responseJsonSchema", Some(json!(format.schema)));
    }
    Value::Object(generation)
}

/// A tool with its parameters under the protocol's name for them.
fn described(tool: &Tool, parameters: &str) -> Map<String, Value> {
    let mut described = Map::new();
    described.insert("name".to_owned(), json!(tool.name));
    if let Some(description) = &tool.description {
        described.insert("description".to_owned(), json!(description));
    }
    if let Some(schema) = &tool.parameters {
        described.insert(parameters.to_owned(), json!(schema));
    }
    described
}

/// The text as the model wrote it: genai trims it, puts blank lines between its parts, and does not tell an empty text
/// from none.
pub(super) fn text(api: Api, body: &Value) -> Option<String> {
    let parts = |pointer: &str| body.pointer(pointer).and_then(Value::as_array);
    match api {
        Api::OpenAi | Api::Http => match body.pointer("/choices/0/message/content")? {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) => joined(parts.iter().filter(|part| part["type"] == "text")),
            _ => None,
        },
        Api::Anthropic => joined(
            parts("/content")?
                .iter()
                .filter(|part| part["type"] == "text"),
        ),
        Api::Gemini => {
            let parts = parts("/candidates/0/content/parts")?.iter();
            joined(parts.filter(|part| part["thought"] != true))
        }
        Api::Ollama => Some(body.pointer("/message/content")?.as_str()?.to_owned()),
    }
}

fn joined<'a>(parts: impl Iterator<Item = &'a Value>) -> Option<String> {
    let texts: Vec<&str> = parts.filter_map(|part| part["text"].as_str()).collect();
    (!texts.is_empty()).then(|| texts.concat())
}

/// Why the model, or a filter before it, refuses to answer.
pub(super) fn refusal(api: Api, body: &Value) -> Option<String> {
    let pointer = match api {
        Api::OpenAi | Api::Http => "/choices/0/message/refusal",
        Api::Gemini => "/promptFeedback/blockReason",
        Api::Anthropic | Api::Ollama => return None,
    };
    body.pointer(pointer)?.as_str().map(ToOwned::to_owned)
}

/// Whether there is a message at all, be it without a text.
pub(super) fn has_message(api: Api, body: &Value) -> bool {
    let pointer = match api {
        Api::OpenAi | Api::Http => "/choices/0",
        Api::Anthropic => "/content",
        Api::Gemini => "/candidates/0",
        Api::Ollama => "/message",
    };
    body.pointer(pointer).is_some()
}

/// The model that the provider says has answered.
pub(super) fn model(api: Api, body: &Value) -> Option<String> {
    let key = match api {
        Api::Gemini => "modelVersion",
        Api::OpenAi | Api::Anthropic | Api::Ollama | Api::Http => "model",
    };
    body[key].as_str().map(ToOwned::to_owned)
}
