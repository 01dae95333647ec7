//! The protocols that providers speak, and how each is told the key.

use domain::output::{CallError, CallErrorKind};
use secrecy::{ExposeSecret, SecretString};

/// What a provider speaks, as its entry in the table says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// Chat completions as OpenAI defined them; what most providers and local servers speak.
    #[default]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
    /// Ollama's own `api/chat`.
    Ollama,
    /// JSON over HTTP of any form; an experiment says which.
    Http,
}

impl Api {
    /// All of them, in the order in which they are told.
    const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Gemini,
        Self::Ollama,
        Self::Http,
    ];

    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
            Self::Http => "http",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.name() == name)
    }

    /// All names, for a fault.
    pub(super) fn names() -> String {
        let names = Self::ALL.map(|api| format!("`{}`", api.name()));
        names.join(", ")
    }

    /// The header that carries the key.
    pub(super) fn key_header(self, key: &SecretString) -> (&'static str, SecretString) {
        match self {
            Self::Anthropic => ("x-api-key", key.clone()),
            Self::Gemini => ("x-goog-api-key", key.clone()),
            Self::OpenAi | Self::Ollama | Self::Http => {
                let bearer = format!("Bearer {}", key.expose_secret());
                ("authorization", SecretString::from(bearer))
            }
        }
    }

    /// What the protocol wants with every call beside the key.
    pub(super) fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            // https://docs.anthropic.com/en/api/versioning
            Self::Anthropic => &[("anthropic-version", "2023-06-01")],
            Self::OpenAi | Self::Gemini | Self::Ollama | Self::Http => &[],
        }
    }

    /// Refuses a provider that an adapter cannot speak to; every call would fail alike.
    pub(crate) fn spoken_by(
        self,
        adapter: &str,
        provider: &str,
        spoken: &[Self],
    ) -> Result<(), CallError> {
        if spoken.contains(&self) {
            return Ok(());
        }
        let spoken = spoken.iter().map(|api| format!("`{}`", api.name()));
        let spoken = spoken.collect::<Vec<_>>().join(", ");
        Err(CallError::new(
            CallErrorKind::Refused,
            format!(
                "the adapter `{adapter}` cannot ask provider `{provider}`, whose `api` in the provider table is `{}`: it speaks {spoken}",
                self.name()
            ),
        ))
    }
}
