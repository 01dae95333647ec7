//! The ids of workflows: made here, and taken apart here.

use domain::experiment::ExperimentId;

/// Separates an experiment's id from a run's index; no experiment id contains it.
const SEPARATOR: char = '~';

/// The workflow of an experiment. Its id is the experiment's.
pub fn experiment_workflow(id: &ExperimentId) -> String {
    id.to_string()
}

/// The workflow of one run of an experiment with `models` models: with a single model, the experiment's own.
pub fn run_workflow(id: &ExperimentId, index: u32, models: usize) -> String {
    match models {
        1 => experiment_workflow(id),
        _ => format!("{id}{SEPARATOR}{index}"),
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
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_traced_back_to_its_experiment() {
        let id: ExperimentId = "exp_1".parse().unwrap();
        assert_eq!(run_workflow(&id, 0, 1), "exp_1");
        assert_eq!(run_workflow(&id, 3, 5), "exp_1~3");
        assert_eq!(experiment_of("exp_1~3"), Some(id.clone()));
        assert_eq!(experiment_of("exp_1"), Some(id));
        assert_eq!(experiment_of("not/ours"), None);
        assert_eq!(
            experiment_of(&provider_limit_workflow("queue", "openai")),
            None
        );
    }
}
