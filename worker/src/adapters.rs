//! Adapters: how an output is obtained for an item. They never try again by themselves, and know no Temporal, but for
//! `activity`, which asks by way of it.
//!
//! `recorded` calls nobody. All others ask a provider and are `called`: `chat` in the protocols of `providers::Api`, `http`, `sse` and `embeddings`
//! by way of `exchange`. `wording` tells what has gone wrong.

mod activity;
mod called;
mod chat;
mod client;
mod embeddings;
mod exchange;
mod http;
mod recorded;
mod sse;
#[cfg(test)]
mod stub;
mod wording;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use artifacts::run::Caller;
use domain::config::AdapterConfig;
use domain::item::DatasetItem;
use domain::money::Money;
use domain::output::{Answer, CallError, TokenUsage};
use evaluation::scorers::{Respondent, Sends};
use jiff::civil::Date;

use self::activity::Activity;
use self::called::Called;
use self::recorded::{Recorded, Recordings};
use crate::providers::Providers;
use crate::standalone::Standalone;

/// What the adapters of all runs share.
pub struct Resources {
    providers: Providers,
    http: reqwest::Client,
    /// The same client, for chats.
    client: genai::Client,
    /// The folder that paths of datasets and of recorded outputs are relative to.
    pub(crate) dataset_root: PathBuf,
    recordings: Recordings,
    pub(crate) standalone: Arc<Standalone>,
}

impl Resources {
    /// Outputs recorded in files are looked for below `dataset_root`.
    pub fn new(providers: Providers, dataset_root: PathBuf) -> anyhow::Result<Self> {
        let http = client::client()?;
        Ok(Self {
            providers,
            client: genai::Client::builder()
                .with_reqwest(http.clone())
                .build()?,
            http,
            dataset_root,
            recordings: Recordings::default(),
            standalone: Arc::default(),
        })
    }
}

/// One model's way to outputs, made once and asked for every item of a run.
pub enum Adapter {
    Recorded(Recorded),
    Called(Box<Called>),
    Activity(Box<Activity>),
}

impl Adapter {
    /// What is found wrong here would be wrong for every item. The adapter's own `timeout` goes before `call_timeout`.
    pub async fn open(
        config: &AdapterConfig,
        model_name: &str,
        caller: &Caller,
        call_timeout: Duration,
        resources: &Resources,
    ) -> Result<Self, CallError> {
        let respondent = Respondent {
            adapter: config.clone(),
            name: model_name.to_owned(),
            sends: Sends::Item,
        };
        Self::of(&respondent, caller, call_timeout, resources).await
    }

    /// The same for one whom a scorer asks.
    pub async fn of(
        respondent: &Respondent,
        caller: &Caller,
        call_timeout: Duration,
        resources: &Resources,
    ) -> Result<Self, CallError> {
        let name = &respondent.name;
        match &respondent.adapter {
            AdapterConfig::Recorded(config) => {
                let (root, recordings) = (&resources.dataset_root, &resources.recordings);
                let recorded = Recorded::open(config, name, root, recordings).await?;
                Ok(Self::Recorded(recorded))
            }
            AdapterConfig::Activity(config) => Ok(Self::Activity(Box::new(Activity::open(
                config,
                caller,
                name,
                respondent.sends,
                call_timeout,
                Arc::clone(&resources.standalone),
            )))),
            called => {
                let called = Called::open(called, name, call_timeout, resources)?;
                Ok(Self::Called(Box::new(called)))
            }
        }
    }

    /// The provider that is asked, by its name in the provider table; none when nobody is called.
    pub fn provider(&self) -> Option<&str> {
        match self {
            Self::Recorded(_) => None,
            Self::Called(called) => Some(called.provider()),
            Self::Activity(activity) => Some(activity.provider()),
        }
    }

    /// What a call with this usage costs, when the provider table has a price for the model.
    pub fn cost(&self, usage: TokenUsage) -> Option<Money> {
        self.called()?.cost(usage)
    }

    /// The date of the price, when the provider table says so.
    pub fn priced_as_of(&self) -> Option<Date> {
        self.called()?.priced_as_of()
    }

    /// By what the answer to a sample of an item is found in the cache: equal for calls that are equal in all that matters,
    /// and another for each sample. None when nothing is called, or the item cannot be asked.
    pub fn cache_key(&self, item: &DatasetItem, sample: u32) -> Option<String> {
        self.called()?.cache_key(item, sample)
    }

    /// Asks once, for one of the item's samples.
    pub async fn answer(&self, item: &DatasetItem, sample: u32) -> Result<Answer, CallError> {
        match self {
            Self::Recorded(recorded) => recorded.answer(item, sample).await,
            Self::Called(called) => called.answer(item, sample).await,
            Self::Activity(activity) => activity.answer(item, sample).await,
        }
    }

    fn called(&self) -> Option<&Called> {
        match self {
            Self::Recorded(_) | Self::Activity(_) => None,
            Self::Called(called) => Some(called),
        }
    }
}
