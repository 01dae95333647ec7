//! Adapters: how an output is obtained for an item. They never try again by themselves, and know no Temporal, but for
//! `activity`, which asks by way of it.

mod activity;
mod openai;
mod recorded;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use artifacts::run::Caller;
use domain::config::AdapterConfig;
use domain::item::DatasetItem;
use domain::money::Money;
use domain::output::{Answer, CallError, TokenUsage};
use evaluation::scorers::{Respondent, Sends};

use self::activity::Activity;
use self::openai::OpenAi;
use self::recorded::{Recorded, Recordings};
use crate::providers::Providers;
use crate::standalone::Standalone;

/// What the adapters of all runs share.
pub struct Resources {
    providers: Providers,
    client: genai::Client,
    /// The folder that paths of datasets and of recorded outputs are relative to.
    pub(crate) dataset_root: PathBuf,
    recordings: Recordings,
    pub(crate) standalone: Arc<Standalone>,
}

impl Resources {
    /// Outputs recorded in files are looked for below `dataset_root`.
    pub fn new(providers: Providers, dataset_root: PathBuf) -> anyhow::Result<Self> {
        Ok(Self {
            providers,
            client: openai::client()?,
            dataset_root,
            recordings: Recordings::default(),
            standalone: Arc::default(),
        })
    }
}

/// One model's way to outputs, made once and asked for every item of a run.
pub enum Adapter {
    Recorded(Recorded),
    OpenAi(Box<OpenAi>),
    Activity(Box<Activity>),
}

impl Adapter {
    /// What is found wrong here would be wrong for every item.
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
        let model_name = &respondent.name;
        match &respondent.adapter {
            AdapterConfig::Recorded(config) => {
                let recorded = Recorded::open(
                    config,
                    model_name,
                    &resources.dataset_root,
                    &resources.recordings,
                )
                .await?;
                Ok(Self::Recorded(recorded))
            }
            AdapterConfig::OpenAi(config) => {
                let client = resources.client.clone();
                let openai = OpenAi::open(
                    config,
                    model_name,
                    call_timeout,
                    &resources.providers,
                    client,
                )?;
                Ok(Self::OpenAi(Box::new(openai)))
            }
            AdapterConfig::Activity(config) => Ok(Self::Activity(Box::new(Activity::open(
                config,
                caller,
                model_name,
                respondent.sends,
                call_timeout,
                Arc::clone(&resources.standalone),
            )))),
        }
    }

    /// The provider that is asked, by its name in the provider table; none when nobody is called.
    pub fn provider(&self) -> Option<&str> {
        match self {
            Self::Recorded(_) => None,
            Self::OpenAi(openai) => Some(openai.provider()),
            Self::Activity(activity) => Some(activity.provider()),
        }
    }

    /// What a call with this usage costs, when the provider table has a price for the model.
    pub fn cost(&self, usage: TokenUsage) -> Option<Money> {
        match self {
            Self::Recorded(_) | Self::Activity(_) => None,
            Self::OpenAi(openai) => openai.cost(usage),
        }
    }

    /// By what the answer to an item is found in the cache: equal for calls that are equal in all that matters. None when
    /// nothing is called, or the item cannot be asked.
    pub fn cache_key(&self, item: &DatasetItem) -> Option<String> {
        match self {
            Self::Recorded(_) | Self::Activity(_) => None,
            Self::OpenAi(openai) => openai.cache_key(item),
        }
    }

    /// Asks once.
    pub async fn answer(&self, item: &DatasetItem) -> Result<Answer, CallError> {
        match self {
            Self::Recorded(recorded) => recorded.answer(item).await,
            Self::OpenAi(openai) => openai.answer(item).await,
            Self::Activity(activity) => activity.answer(item).await,
        }
    }
}
