//! The ids of workflows: made here, and taken apart here.

use domain::experiment::ExperimentId;
use domain::tenant::Tenant;

/// Separates an experiment's id from a run's index; no experiment id contains it.
const SEPARATOR: char = '~';

/// The workflow of an experiment. Its id is the experiment's whole id.
pub fn experiment_workflow(id: &ExperimentId) -> String {
    id.whole()
}

/// The workflow of one run of an experiment with `models` models: with a single model, the experiment's own.
pub fn run_workflow(id: &ExperimentId, index: u32, models: usize) -> String {
    match models {
        1 => experiment_workflow(id),
        _ => format!("{}{SEPARATOR}{index}", experiment_workflow(id)),
    }
}

/// The workflow that keeps what the workers of a task queue together may ask of a provider. No experiment's id begins so.
pub fn provider_limit_workflow(task_queue: &str, provider: &str) -> String {
    format!("{SEPARATOR}provider-limit{SEPARATOR}{task_queue}{SEPARATOR}{provider}")
}

/// The experiment that a workflow belongs to; none for a workflow that is not ours.
pub fn experiment_of(workflow_id: &str) -> Option<ExperimentId> {
    let id = workflow_id
        .split_once(SEPARATOR)
        .map_or(workflow_id, |(experiment, _)| experiment);
    ExperimentId::of_whole(id).ok()
}

/// The id of a workflow as users know it: that of the experiment, without the tenant, and the run.
pub fn shown(workflow_id: &str) -> &str {
    let of_experiment = experiment_of(workflow_id);
    let tenant = of_experiment.as_ref().and_then(ExperimentId::tenant);
    let prefix = tenant.map(Tenant::prefix).unwrap_or_default();
    workflow_id.strip_prefix(&prefix).unwrap_or(workflow_id)
}

/// The workflow that a tenant, or nobody's user, knows by this id; none when it cannot be one of ours.
pub fn known_as(shown: &str, tenant: Option<&Tenant>) -> Option<String> {
    let (id, rest) = shown.split_at(shown.find(SEPARATOR).unwrap_or(shown.len()));
    let id: ExperimentId = id.parse().ok()?;
    Some(experiment_workflow(&id.within(tenant.cloned())) + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_workflow_is_known_by_its_plain_id() {
        let tenant: Tenant = "acme".parse().unwrap();
        let id: ExperimentId = "exp_1".parse().unwrap();
        let id = id.within(Some(tenant.clone()));
        assert_eq!(run_workflow(&id, 3, 5), "acme@exp_1~3");
        assert_eq!(experiment_of("acme@exp_1~3"), Some(id));
        assert_eq!(shown("acme@exp_1~3"), "exp_1~3");
        let known = known_as("exp_1~3", Some(&tenant));
        assert_eq!(known.as_deref(), Some("acme@exp_1~3"));
        for foreign in ["other@exp_1", "acme@exp_1", "@exp_1", "", "~3"] {
            assert_eq!(known_as(foreign, Some(&tenant)), None, "{foreign}");
            assert_eq!(known_as(foreign, None), None, "{foreign}");
        }
    }

    #[test]
    fn a_run_is_traced_back_to_its_experiment() {
        let id: ExperimentId = "exp_1".parse().unwrap();
        assert_eq!(run_workflow(&id, 0, 1), "exp_1");
        assert_eq!(run_workflow(&id, 3, 5), "exp_1~3");
        assert_eq!(experiment_of("exp_1~3"), Some(id.clone()));
        assert_eq!(experiment_of("exp_1"), Some(id));
        assert_eq!(experiment_of("not/ours"), None);
        assert_eq!(shown("exp_1~3"), "exp_1~3");
        assert_eq!(known_as("exp_1~3", None).as_deref(), Some("exp_1~3"));
        assert_eq!(
            experiment_of(&provider_limit_workflow("queue", "openai")),
            None
        );
    }
}
