//! The provider table: the model providers that experiments may name, their addresses and credentials.

mod api;
mod prices;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use domain::equipment::KnownProvider;
use domain::lease::Limits;
use domain::output::{CallError, CallErrorKind};
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::api::Api;
pub use self::prices::Price;

/// The providers by name. Credentials are read when the table is, and missed when they are needed.
#[derive(Clone, Debug)]
pub struct Providers {
    providers: BTreeMap<String, Provider>,
}

/// An address, the protocol that it speaks, and what to send with each call.
#[derive(Clone)]
pub struct Provider {
    base_url: Url,
    api: Api,
    key: Key,
    headers: BTreeMap<String, SecretString>,
    limits: Limits,
    prices: BTreeMap<String, Price>,
}

/// The API key of a provider.
#[derive(Clone)]
pub enum Key {
    /// The provider asks for none.
    Unneeded,
    Present(SecretString),
    /// What is the matter with it.
    Missing(String),
}

/// A table that cannot be used, with all its faults.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the provider table `{path}` cannot be read: {reason}")]
    Unreadable {
        path: String,
        reason: std::io::ErrorKind,
    },
    #[error("the provider table is not TOML: {0}")]
    NotToml(String),
    #[error("the provider table has faults: {}", .0.join("; "))]
    Invalid(Vec<String>),
}

impl Providers {
    /// What needs no file: `openai`, `anthropic` and `gemini`, with the keys in their usual variables, and `ollama`.
    pub fn standard() -> Self {
        table::parse(include_str!("providers/standard.toml"), &environment)
            .expect("the table is good")
    }

    /// The providers of a TOML file beside the standard ones; an entry of the same name replaces a standard one.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::Unreadable {
            path: path.display().to_string(),
            reason: error.kind(),
        })?;
        let mut providers = Self::standard();
        providers
            .providers
            .extend(table::parse(&text, &environment)?.providers);
        Ok(providers)
    }

    /// The table with one more provider, or another one of that name.
    pub fn with(mut self, name: impl Into<String>, provider: Provider) -> Self {
        self.providers.insert(name.into(), provider);
        self
    }

    /// The limits of the providers that have some, by name.
    pub(crate) fn limits(&self) -> BTreeMap<String, Limits> {
        let limits = self.providers.iter();
        limits
            .map(|(name, provider)| (name.clone(), provider.limits()))
            .filter(|(_, limits)| !limits.is_unlimited())
            .collect()
    }

    /// What may be told of them.
    pub(crate) fn known(&self) -> Vec<KnownProvider> {
        let providers = self.providers.iter();
        providers
            .map(|(name, provider)| KnownProvider {
                name: name.clone(),
                api: provider.api.name().to_owned(),
                host: provider.host(),
                ready: !matches!(provider.key, Key::Missing(_)),
                prices: provider.prices.clone(),
            })
            .collect()
    }

    /// The provider of that name. A name that the table lacks is refused, for every call would fail alike.
    pub fn get(&self, name: &str) -> Result<&Provider, CallError> {
        self.providers.get(name).ok_or_else(|| {
            let known = self.providers.keys().map(|name| format!("`{name}`"));
            let known = known.collect::<Vec<_>>().join(", ");
            CallError::new(
                CallErrorKind::Refused,
                format!("the workers know no provider `{name}`; they know {known}"),
            )
        })
    }
}

impl Provider {
    /// Refuses a `base_url` that is not of the web or carries credentials.
    pub fn new(base_url: &str, key: Key) -> Result<Self, String> {
        let mut base_url = Url::parse(base_url).map_err(|error| format!("not a URL: {error}"))?;
        if !matches!(base_url.scheme(), "http" | "https") {
            return Err("begins with neither `http://` nor `https://`".to_owned());
        }
        if !base_url.username().is_empty() || base_url.password().is_some() {
            return Err(
                "has a user name or password; give the key by `api_key_env` or `api_key_file`"
                    .to_owned(),
            );
        }
        base_url.set_fragment(None);
        // What follows the last slash would be lost when the endpoint is joined to it.
        if !base_url.path().ends_with('/') {
            base_url.set_path(&format!("{}/", base_url.path()));
        }
        Ok(Self {
            base_url,
            api: Api::default(),
            key,
            headers: BTreeMap::new(),
            limits: Limits::default(),
            prices: BTreeMap::new(),
        })
    }

    /// The provider as one that speaks this.
    pub fn with_api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// The provider with limits that hold for all workers together.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(crate) fn with_prices(mut self, prices: BTreeMap<String, Price>) -> Self {
        self.prices = prices;
        self
    }

    /// The provider with one more header on each call.
    pub fn with_header(mut self, name: &str, value: SecretString) -> Result<Self, String> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| "not the name of an HTTP header".to_owned())?;
        HeaderValue::from_str(value.expose_secret())
            .map_err(|_| "not a value for an HTTP header".to_owned())?;
        self.headers.insert(name.as_str().to_owned(), value);
        Ok(self)
    }

    /// What all workers together may ask of it.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// What a model costs, if the table says so.
    pub fn price(&self, model: &str) -> Option<Price> {
        self.prices.get(model).copied()
    }

    /// What it speaks.
    pub(crate) fn api(&self) -> Api {
        self.api
    }

    /// The host of its address, and the port if it is not the usual one.
    fn host(&self) -> String {
        let host = self.base_url.host_str().unwrap_or_default();
        match self.base_url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Ends with a slash.
    pub(crate) fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The headers of each call, the key among them; a header of the table goes before the key.
    pub(crate) fn headers(&self, name: &str) -> Result<BTreeMap<String, SecretString>, CallError> {
        let own = self.api.headers().iter();
        let mut headers: BTreeMap<String, SecretString> = own
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect();
        match &self.key {
            Key::Unneeded => {}
            Key::Present(key) => {
                let (header, value) = self.api.key_header(key);
                headers.insert(header.to_owned(), value);
            }
            Key::Missing(reason) => {
                return Err(CallError::new(
                    CallErrorKind::Refused,
                    format!("provider `{name}` has no API key: {reason}"),
                ));
            }
        }
        headers.extend(self.headers.clone());
        Ok(headers)
    }

    /// Texts that must not appear in what is told to users: the key, and what the headers carry after a word like `Bearer`.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let key = match &self.key {
            Key::Present(key) => Some(key),
            Key::Unneeded | Key::Missing(_) => None,
        };
        let texts = key.into_iter().chain(self.headers.values());
        texts
            .filter_map(|text| text.expose_secret().split_whitespace().last())
            .map(SecretString::from)
            .collect()
    }
}

impl Key {
    /// A key without the white space around it, if a header can carry it.
    fn present(text: &str, source: &str) -> Self {
        let key = text.trim();
        match (key.is_empty(), HeaderValue::from_str(key)) {
            (true, _) => Self::Missing(format!("{source} is empty")),
            (false, Err(_)) => Self::Missing(format!(
                "{source} holds characters that an HTTP header cannot carry"
            )),
            (false, Ok(_)) => Self::Present(SecretString::from(key)),
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("base_url", &self.base_url.as_str())
            .field("api", &self.api.name())
            .field("has_key", &matches!(self.key, Key::Present(_)))
            .field("headers", &self.headers.keys())
            .finish()
    }
}

/// The worker's variable of that name.
fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}
