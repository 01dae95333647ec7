//! What all adapters share that ask a provider: one time limit, one price, one way to tell equal calls.

use std::time::{Duration, Instant};

use domain::config::AdapterConfig;
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::money::Money;
use domain::output::{Answer, CallError, CallErrorKind, TokenUsage};
use evaluation::RenderError;
use jiff::civil::Date;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Resources;
use super::chat::{CHATS, Chat};
use super::embeddings::Embeddings;
use super::http::Http;
use super::sse::Sse;
use super::wording::Wording;
use crate::providers::{Api, Price};

/// What is asked for an item: the parts of a call that its templates make.
pub(super) type Question = Map<String, Value>;

/// One model, or another system under test, at one provider.
pub struct Called {
    wording: Wording,
    price: Option<Price>,
    timeout: Duration,
    /// All that equal calls have in common but the question.
    common: Value,
    kind: Kind,
}

enum Kind {
    Chat(Box<Chat>),
    Http(Box<Http>),
    Sse(Box<Sse>),
    Embeddings(Box<Embeddings>),
}

impl Called {
    /// Opens an adapter that asks a provider, which all but `recorded` do.
    pub(super) fn open(
        config: &AdapterConfig,
        model_name: &str,
        call_timeout: Duration,
        resources: &Resources,
    ) -> Result<Self, CallError> {
        let name = config.provider().ok_or_else(calls_nobody)?;
        let model = config.model().unwrap_or(model_name);
        let provider = resources.providers.get(name)?;
        let api = provider.api();
        let wording = Wording {
            provider: name.to_owned(),
            secrets: provider.secrets(),
        };
        let speaks = |spoken: &[Api]| api.spoken_by(config.kind(), name, spoken);
        let http = &resources.http;
        let own = wording.clone();
        let (common, kind) = match config {
            AdapterConfig::Recorded(_) | AdapterConfig::Activity(_) => return Err(calls_nobody()),
            AdapterConfig::OpenAi(chat) | AdapterConfig::Chat(chat) => {
                match config {
                    AdapterConfig::OpenAi(_) => speaks(&[Api::OpenAi])?,
                    _ => speaks(&CHATS)?,
                }
                let client = resources.client.clone();
                let kind = Chat::open(chat, provider, model, client, own)?;
                let common = Chat::common(chat, provider, model);
                (common, Kind::Chat(Box::new(kind)))
            }
            AdapterConfig::Http(service) => {
                speaks(&[Api::Http])?;
                let kind = Http::open(service, provider, model, http, own)?;
                let common = Http::common(service, provider, model);
                (common, Kind::Http(Box::new(kind)))
            }
            AdapterConfig::Sse(service) => {
                speaks(&[Api::Http])?;
                let kind = Sse::open(service, provider, model, http, own)?;
                let common = Sse::common(service, provider, model);
                (common, Kind::Sse(Box::new(kind)))
            }
            AdapterConfig::Embeddings(embeddings) => {
                speaks(&[Api::OpenAi])?;
                let kind = Embeddings::open(embeddings, provider, model, http, own)?;
                let common = Embeddings::common(embeddings, provider, model);
                (common, Kind::Embeddings(Box::new(kind)))
            }
        };
        let own = config.timeout().map(|limit| limit.as_duration());
        Ok(Self {
            wording,
            price: provider.price(model),
            timeout: own.unwrap_or(call_timeout),
            common,
            kind,
        })
    }

    pub(super) fn provider(&self) -> &str {
        &self.wording.provider
    }

    pub(super) fn cost(&self, usage: TokenUsage) -> Option<Money> {
        self.price.as_ref().map(|price| price.cost(usage))
    }

    pub(super) fn priced_as_of(&self) -> Option<Date> {
        self.price.as_ref().and_then(Price::as_of)
    }

    /// SHA-256 of the call as JSON, in hexadecimal.
    pub(super) fn cache_key(&self, item: &DatasetItem, sample: u32) -> Option<String> {
        let mut common = self.common.clone();
        // The first is named as calls were before there were several.
        if sample > 0 {
            common["sample"] = sample.into();
        }
        let mut call = Map::from_iter([("call".to_owned(), common)]);
        call.extend(self.question(item).ok()?);
        let call = Value::Object(call).to_string();
        Some(hex::encode(Sha256::digest(call.as_bytes())))
    }

    pub(super) async fn answer(
        &self,
        item: &DatasetItem,
        sample: u32,
    ) -> Result<Answer, CallError> {
        let question = self
            .question(item)
            .map_err(|error| CallError::new(CallErrorKind::Item, error.to_string()))?;
        let started = Instant::now();
        let asking = async {
            match &self.kind {
                Kind::Chat(chat) => chat.ask(question, sample).await,
                Kind::Http(http) => http.ask(question).await,
                Kind::Sse(sse) => sse.ask(question, started).await,
                Kind::Embeddings(embeddings) => embeddings.ask(question).await,
            }
        };
        let answer = tokio::time::timeout(self.timeout, asking)
            .await
            .map_err(|_| self.wording.timed_out(self.timeout))??;
        Ok(Answer {
            latency_ms: Some(milliseconds(started.elapsed())),
            ..answer
        })
    }

    fn question(&self, item: &DatasetItem) -> Result<Question, RenderError> {
        match &self.kind {
            Kind::Chat(chat) => chat.question(item),
            Kind::Http(http) => http.question(item),
            Kind::Sse(sse) => sse.question(item),
            Kind::Embeddings(embeddings) => embeddings.question(item),
        }
    }
}

fn calls_nobody() -> CallError {
    CallError::new(CallErrorKind::Refused, "recorded outputs call nobody")
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// A configuration that does not compile: every call would fail alike.
pub(super) fn faulty(faults: &[Fault]) -> CallError {
    let faults = faults.iter().map(ToString::to_string);
    let faults = faults.collect::<Vec<_>>().join("; ");
    CallError::new(CallErrorKind::Refused, faults)
}
