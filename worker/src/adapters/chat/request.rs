//! What is sent with every call to a model: address, headers and parameters.

use domain::config::{ChatAdapter, ResponseFormat};
use domain::output::CallError;
use genai::chat::{ChatOptions, ChatResponseFormat, JsonSpec, ReasoningEffort, Tool};
use genai::resolver::{AuthData, Endpoint};
use genai::{Headers, ModelIden, ServiceTarget};
use secrecy::ExposeSecret;

use super::wire;
use crate::adapters::exchange::below;
use crate::providers::{Api, Provider};
use crate::traces::calls;

/// What Anthropic's protocol is told when the experiment says nothing: it demands a number, and every model knows this one.
const ANTHROPIC_MAX_TOKENS: u32 = 4096;

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
    let api = provider.api();
    let url = below(provider.base_url(), &wire::path(api, model));
    Ok(ServiceTarget {
        endpoint: Endpoint::from_owned(provider.base_url().as_str()),
        auth: AuthData::RequestOverride {
            url: url.into(),
            headers: Headers::from(headers),
        },
        model: ModelIden::new(wire::kind(api), wire::name_for_genai(api, model)),
    })
}

/// The same target, which learns below which span it works.
pub(super) fn within_trace(mut target: ServiceTarget) -> ServiceTarget {
    if let AuthData::RequestOverride { headers, .. } = &mut target.auth
        && let Some(traceparent) = calls::carries()
    {
        headers.merge(("traceparent", traceparent));
    }
    target
}

pub(super) fn options(api: Api, config: &ChatAdapter, model: &str) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_capture_raw_body(true)
        .with_extra_body(wire::extra_body(api, config, model))
        .with_stop_sequences(config.stop.clone());
    if api == Api::OpenAi {
        // The name as it is: genai would take an ending such as `-high` for an effort.
        options.reasoning_effort = Some(ReasoningEffort::Budget(0));
    }
    options.temperature = config.temperature;
    options.top_p = config.top_p;
    options.max_tokens = match api {
        Api::Anthropic => config.max_tokens.or(Some(ANTHROPIC_MAX_TOKENS)),
        _ => config.max_tokens,
    };
    options.seed = config.seed;
    // The other protocols are told by the extra body.
    options.response_format = match (api, &config.response_format) {
        (Api::Anthropic, Some(ResponseFormat::JsonSchema(format))) => {
            let spec = JsonSpec::new(&format.name, format.schema.clone());
            Some(ChatResponseFormat::JsonSpec(spec))
        }
        (Api::Ollama, Some(_)) => Some(ChatResponseFormat::JsonMode),
        _ => None,
    };
    options
}

/// The tools in genai's words, for the one protocol that has no extra body.
pub(super) fn tools(api: Api, config: &ChatAdapter) -> Vec<Tool> {
    let tools = config.tools.iter().filter(|_| api == Api::Ollama);
    tools
        .map(|tool| {
            let mut described = Tool::new(tool.name.as_str());
            described.description.clone_from(&tool.description);
            described.schema = tool.parameters.clone().map(Into::into);
            described
        })
        .collect()
}
