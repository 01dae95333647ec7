//! The search attributes by which experiments are found, and which of them this Temporal knows.
//!
//! They are an extra: without them experiments are started all the same, and lists are filtered by what the memos say.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use temporalio_client::grpc::OperatorService;
use temporalio_client::tonic::Status;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;
use temporalio_common::protos::temporal::api::operatorservice::v1::ListSearchAttributesRequest;
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributes};
use workflows::memo::ExperimentMemo;

use crate::error::ApiError;
use crate::temporal::call::{request, while_alive};

const NAME: SearchAttributeKey<String> = SearchAttributeKey::keyword("AiEvolutionName");
const MODELS: SearchAttributeKey<Vec<String>> =
    SearchAttributeKey::keyword_list("AiEvolutionModels");
const TAGS: SearchAttributeKey<Vec<String>> = SearchAttributeKey::keyword_list("AiEvolutionTags");

/// How long what was missing is taken for missing.
const MISSED_FOR: Duration = Duration::from_secs(5);

/// Temporal refuses longer values, in bytes.
const LONGEST_VALUE: usize = 2000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Name,
    Models,
    Tags,
}

impl Attribute {
    pub(super) const ALL: [Self; 3] = [Self::Name, Self::Models, Self::Tags];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Name => NAME.name(),
            Self::Models => MODELS.name(),
            Self::Tags => TAGS.name(),
        }
    }

    /// The parameter that asks for it.
    pub(super) fn pointer(self) -> &'static str {
        match self {
            Self::Name => "/name",
            Self::Models => "/model",
            Self::Tags => "/tag",
        }
    }

    pub(super) fn kind(self) -> IndexedValueType {
        match self {
            Self::Name => IndexedValueType::Keyword,
            Self::Models | Self::Tags => IndexedValueType::KeywordList,
        }
    }
}

/// Which of them are registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Registered(Vec<Attribute>);

impl Registered {
    pub(super) fn has(&self, attribute: Attribute) -> bool {
        self.0.contains(&attribute)
    }

    pub(super) fn missing(&self) -> Vec<Attribute> {
        let all = Attribute::ALL.into_iter();
        all.filter(|attribute| !self.has(*attribute)).collect()
    }

    /// What an experiment is found by.
    pub(super) fn values(&self, memo: &ExperimentMemo) -> SearchAttributes {
        let mut updates = Vec::new();
        if self.has(Attribute::Name) {
            updates.push(NAME.value_set(memo.experiment_name.clone()));
        }
        if self.has(Attribute::Models) {
            updates.push(MODELS.value_set(that_fit(&memo.models)));
        }
        if self.has(Attribute::Tags) && !memo.tags.is_empty() {
            updates.push(TAGS.value_set(that_fit(&memo.tags)));
        }
        SearchAttributes::new(updates)
    }
}

/// The first of these values that fit into one attribute.
fn that_fit(values: &[String]) -> Vec<String> {
    let mut length = 0;
    let fit = values.iter().take_while(|value| {
        // Quotes and a comma; what is escaped is twice as long at most.
        length += 2 * value.len() + 3;
        length <= LONGEST_VALUE
    });
    fit.cloned().collect()
}

/// What is known of them: asked for when something is missing, and not often.
pub(super) struct Attributes {
    known: Mutex<Option<(Registered, Instant)>>,
    /// Where payloads are encrypted, there are none: Temporal shows attributes to whoever may look.
    is_hidden: bool,
}

impl Attributes {
    pub(super) fn new(is_hidden: bool) -> Self {
        Self {
            known: Mutex::default(),
            is_hidden,
        }
    }

    /// Whether nothing of an experiment may be shown in the clear.
    pub(super) fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// An error only when Temporal is away.
    pub(super) async fn registered(&self, client: &Client) -> Result<Registered, ApiError> {
        if self.is_hidden {
            return Ok(Registered::default());
        }
        if let Some((registered, since)) = &*self.known()
            && (registered.missing().is_empty() || since.elapsed() < MISSED_FOR)
        {
            return Ok(registered.clone());
        }
        let registered = ask(client).await?.unwrap_or_else(|status| {
            tracing::warn!(error = %status, "which search attributes there are is not known");
            Registered::default()
        });
        *self.known() = Some((registered.clone(), Instant::now()));
        Ok(registered)
    }

    /// Something that was registered is not any more.
    pub(super) fn forget(&self) {
        *self.known() = Some((Registered::default(), Instant::now()));
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<(Registered, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is registered, or why Temporal does not say.
pub(super) async fn ask(client: &Client) -> Result<Result<Registered, Status>, ApiError> {
    let mut service = client.clone();
    let list = service.list_search_attributes(request(ListSearchAttributesRequest {
        namespace: client.namespace(),
    }));
    let listed = match while_alive(client, list).await? {
        Ok(listed) => listed.into_inner().custom_attributes,
        Err(status) => return Ok(Err(status)),
    };
    let is_there = |attribute: &Attribute| {
        let kind = listed.get(attribute.name());
        kind.is_some_and(|kind| *kind == attribute.kind() as i32)
    };
    let registered = Attribute::ALL.into_iter().filter(is_there).collect();
    Ok(Ok(Registered(registered)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memo(models: Vec<String>) -> ExperimentMemo {
        ExperimentMemo {
            experiment_name: "name".to_owned(),
            models,
            created_at: None,
            spec_sha256: None,
            round: 0,
            tags: vec!["a".to_owned()],
            schedule_id: None,
            trace_id: None,
        }
    }

    #[test]
    fn only_what_is_registered_is_set() {
        let none = Registered::default();
        assert!(none.values(&memo(Vec::new())).is_empty());
        assert_eq!(none.missing(), Attribute::ALL);
        let some = Registered(vec![Attribute::Name, Attribute::Tags]);
        let values = some.values(&memo(vec!["m".to_owned()]));
        let mut keys: Vec<&str> = values.keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, ["AiEvolutionName", "AiEvolutionTags"]);
        assert_eq!(some.missing(), [Attribute::Models]);
    }

    #[test]
    fn more_than_fits_is_left_out() {
        let long: Vec<String> = (0..100).map(|n| format!("{n:0200}")).collect();
        let fit = that_fit(&long);
        assert!(!fit.is_empty() && fit.len() < 100);
        assert!(serde_json::to_vec(&fit).unwrap().len() <= LONGEST_VALUE);
    }
}
