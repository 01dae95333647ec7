//! An experiment that may be started: its names are valid and its configuration keeps the rules that types cannot express.

mod adapters;
mod dataset;
mod sinks;

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::dataset::{check_dataset, check_path};
use crate::config::{AdapterConfig, DatasetConfig, ExperimentConfig, ModelConfig, ScorerConfig};
use crate::fault::Fault;
use crate::tag::Tag;
use crate::tenant::{self, Tenant};

/// The most tags that an experiment has.
const MOST_TAGS: usize = 20;

/// The longest id of an experiment, in characters.
pub const LONGEST_ID: usize = 100;

/// Identifies an experiment. Shown and read as users know it; written into payloads, the ids of workflows and the keys of
/// artifacts as the whole id, with the tenant that the experiment belongs to. Colons stand only in the ids that schedules make,
/// which end with a time: nobody can choose such an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExperimentId {
    tenant: Option<Tenant>,
    id: String,
}

impl ExperimentId {
    /// The same id as that of a tenant's experiment, or of one that is nobody's.
    pub fn within(self, tenant: Option<Tenant>) -> Self {
        Self { tenant, ..self }
    }

    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    /// With the tenant.
    pub fn whole(&self) -> String {
        tenant::whole(self.tenant.as_ref(), &self.id)
    }

    /// Reads a whole id.
    pub fn of_whole(text: &str) -> Result<Self, NotAnExperimentId> {
        let (tenant, id) = tenant::parts(text).map_err(|_| NotAnExperimentId)?;
        Ok(id.parse::<Self>()?.within(tenant))
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "an experiment id has 1 to {LONGEST_ID} letters, digits, `_`, `-`, `.` or `:`, and begins with a letter or digit"
)]
pub struct NotAnExperimentId;

impl FromStr for ExperimentId {
    type Err = NotAnExperimentId;

    fn from_str(text: &str) -> Result<Self, NotAnExperimentId> {
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let goes_on_well = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
        match begins_well && goes_on_well && text.len() <= LONGEST_ID {
            true => Ok(Self {
                tenant: None,
                id: text.to_owned(),
            }),
            false => Err(NotAnExperimentId),
        }
    }
}

impl TryFrom<String> for ExperimentId {
    type Error = NotAnExperimentId;

    fn try_from(text: String) -> Result<Self, NotAnExperimentId> {
        Self::of_whole(&text)
    }
}

impl From<ExperimentId> for String {
    fn from(id: ExperimentId) -> Self {
        id.whole()
    }
}

impl fmt::Display for ExperimentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl AsRef<str> for ExperimentId {
    fn as_ref(&self) -> &str {
        &self.id
    }
}

/// An experiment that keeps every rule. The only way to one is [`NewExperiment::new`].
#[derive(Clone, Debug, PartialEq)]
pub struct NewExperiment {
    name: String,
    config: ExperimentConfig,
}

impl NewExperiment {
    /// Checks the rules, and names every fault at once; pointers are into a request with `experiment_name` and `config`.
    pub fn new(name: String, config: ExperimentConfig) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        check_name(&name, &mut faults);
        check_dataset(&config.dataset, &mut faults);
        check_models(&config, &mut faults);
        check_scorers(&config, &mut faults);
        check_tags(&config.tags, &mut faults);
        sinks::check(&config, &mut faults);
        check_retry(&config, &mut faults);
        match faults.is_empty() {
            true => Ok(Self { name, config }),
            false => Err(faults),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn config(&self) -> &ExperimentConfig {
        &self.config
    }

    pub fn into_parts(self) -> (String, ExperimentConfig) {
        (self.name, self.config)
    }
}

impl ExperimentConfig {
    /// How outputs of a model are obtained. A checked configuration has an adapter for every model.
    pub fn adapter_of<'a>(&'a self, model: &'a ModelConfig) -> Option<&'a AdapterConfig> {
        model.adapter.as_ref().or(self.adapter.as_ref())
    }
}

/// The rules of the name of an experiment.
pub fn check_name(name: &str, faults: &mut Vec<Fault>) {
    if name.trim().is_empty() {
        faults.push(Fault::new(
            "/experiment_name",
            "a name has at least one visible character",
        ));
    }
    if name.chars().any(char::is_control) {
        faults.push(Fault::new(
            "/experiment_name",
            "a name has no control characters",
        ));
    }
    if name.chars().count() > 200 {
        faults.push(Fault::new(
            "/experiment_name",
            "a name has at most 200 characters",
        ));
    }
}

fn check_tags(tags: &[Tag], faults: &mut Vec<Fault>) {
    if tags.len() > MOST_TAGS {
        let message = format!("an experiment has at most {MOST_TAGS} tags");
        faults.push(Fault::new("/config/tags", message));
    }
    for (index, tag) in tags.iter().enumerate() {
        if tags[..index].contains(tag) {
            let message = format!("the tag `{}` stands here twice", tag.as_ref());
            faults.push(Fault::new(format!("/config/tags/{index}"), message));
        }
    }
}

fn check_models(config: &ExperimentConfig, faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for (index, model) in config.models.iter().enumerate() {
        if !seen.insert(&model.name) {
            faults.push(Fault::new(
                format!("/config/models/{index}/name"),
                format!(
                    "another model is named `{}` too; names are unique in an experiment",
                    model.name
                ),
            ));
        }
        let (adapter, pointer) = match &model.adapter {
            Some(adapter) => (Some(adapter), format!("/config/models/{index}/adapter")),
            None => (config.adapter.as_ref(), "/config/adapter".to_owned()),
        };
        match adapter {
            Some(adapter) => adapters::check(adapter, &pointer, config, faults),
            None => faults.push(Fault::new(
                format!("/config/models/{index}"),
                "nothing says how its outputs are obtained: give it an `adapter`, or give one in `config`",
            )),
        }
    }
    if config.models.is_empty() {
        faults.push(Fault::new(
            "/config/models",
            "an experiment has at least one model",
        ));
    }
    // A shared adapter is checked once for each model that uses it.
    faults.dedup();
}

fn check_scorers(config: &ExperimentConfig, faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for (index, scorer) in config.scorers.iter().enumerate() {
        if !seen.insert(scorer.name().to_owned()) {
            faults.push(Fault::new(
                format!("/config/scorers/{index}"),
                format!(
                    "another scorer is named `{}` too; give one of them a `name`",
                    scorer.name()
                ),
            ));
        }
        if let ScorerConfig::Http(service) = scorer {
            adapters::check_service(service, &format!("/config/scorers/{index}"), faults);
        }
        if let DatasetConfig::Inline(dataset) = &config.dataset
            && scorer.needs_expected()
            && dataset.items.iter().all(|item| item.expected.is_none())
        {
            faults.push(Fault::new(
                format!("/config/scorers/{index}"),
                format!(
                    "`{}` compares with `expected`, which no item has",
                    scorer.kind()
                ),
            ));
        }
    }
    if config.scorers.is_empty() {
        faults.push(Fault::new(
            "/config/scorers",
            "an experiment has at least one scorer",
        ));
    }
}

fn check_retry(config: &ExperimentConfig, faults: &mut Vec<Fault>) {
    if config.retry.maximum_interval < config.retry.initial_interval {
        faults.push(Fault::new(
            "/config/retry/maximum_interval",
            format!(
                "the longest wait is shorter than the first, {}",
                config.retry.initial_interval
            ),
        ));
    }
    if config.execution.call_timeout.as_duration().is_zero() {
        faults.push(Fault::new(
            "/config/execution/call_timeout",
            "a call takes some time",
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(change: impl FnOnce(&mut serde_json::Value)) -> ExperimentConfig {
        let mut config = json!({
            "dataset": {"type": "inline", "items": [
                {"id": "1", "input": {"prompt": "2+2"}, "expected": "4", "output": "4"},
                {"id": "2", "input": {"prompt": "2+3"}, "expected": "5", "output": "5"},
            ]},
            "adapter": {"type": "recorded"},
            "models": [{"name": "a"}],
            "scorers": [{"type": "exact_match"}],
        });
        change(&mut config);
        serde_json::from_value(config).unwrap()
    }

    fn pointers(change: impl FnOnce(&mut serde_json::Value)) -> Vec<String> {
        match NewExperiment::new("name".to_owned(), config(change)) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.into_iter().map(|fault| fault.pointer).collect(),
        }
    }

    #[test]
    fn a_good_experiment_has_no_faults() {
        assert_eq!(pointers(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn every_rule_points_at_its_fault() {
        assert_eq!(
            pointers(|c| c["dataset"]["items"][1]["id"] = json!("1")),
            ["/config/dataset/items/1/id"]
        );
        assert_eq!(
            pointers(|c| c["models"] = json!([{"name": "a"}, {"name": "a"}])),
            ["/config/models/1/name"]
        );
        assert_eq!(
            pointers(|c| c["adapter"] = json!(null)),
            ["/config/models/0"]
        );
        assert_eq!(
            pointers(|c| c["scorers"] = json!([{"type": "numeric"}, {"type": "numeric"}])),
            ["/config/scorers/1"]
        );
        assert_eq!(
            pointers(|c| c["adapter"]["path"] = json!("../x")),
            ["/config/adapter/path"]
        );
        assert_eq!(
            pointers(|c| {
                c["adapter"] = json!({"type": "activity", "task_queue": " ", "activity": "a"});
            }),
            ["/config/adapter/task_queue"]
        );
        assert_eq!(
            pointers(|c| {
                c["scorers"] = json!([{"type": "http", "provider": "p", "path": "../x"}]);
            }),
            ["/config/scorers/0/path"]
        );
        assert_eq!(
            pointers(|c| c["dataset"]["items"] = json!([{"id": "1", "input": {}}])),
            ["/config/adapter", "/config/scorers/0"]
        );
        assert_eq!(
            pointers(|c| c["execution"] = json!({"samples": 2})),
            ["/config/adapter"]
        );
        assert_eq!(
            pointers(|c| c["retry"] = json!({"initial_interval": "2m"})),
            ["/config/retry/maximum_interval"]
        );
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let config = config(|c| {
            c["models"] = json!([{"name": "a"}, {"name": "a"}]);
            c["scorers"] = json!([]);
        });
        let faults = NewExperiment::new(" ".to_owned(), config).unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn ids_that_could_lead_elsewhere_are_refused() {
        for id in ["", "..", "a/b", "a~0", "é", "-a", &"a".repeat(101)] {
            assert!(id.parse::<ExperimentId>().is_err(), "{id}");
        }
        assert!("exp_0-9.A".parse::<ExperimentId>().is_ok());
        assert!("acme@e".parse::<ExperimentId>().is_err());
        assert!("a-2026-11-27T03:00:00Z".parse::<ExperimentId>().is_ok());
    }
}
