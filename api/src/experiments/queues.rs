//! Task queues of activities that are not ours.

use domain::config::{AdapterConfig, ExperimentConfig, ScorerConfig};
use domain::fault::Fault;

/// Faults for all activities that would be put on the task queue of the service, whose workers do not know them.
pub(super) fn faults(config: &ExperimentConfig, own: &str) -> Vec<Fault> {
    let mut adapters = Vec::new();
    if let Some(adapter) = &config.adapter {
        adapters.push(("/config/adapter".to_owned(), adapter));
    }
    for (index, model) in config.models.iter().enumerate() {
        if let Some(adapter) = &model.adapter {
            adapters.push((format!("/config/models/{index}/adapter"), adapter));
        }
    }
    let of_adapters = adapters
        .into_iter()
        .filter_map(|(at, adapter)| match adapter {
            AdapterConfig::Activity(activity) => Some((at, &activity.task_queue)),
            _ => None,
        });
    let scorers = config.scorers.iter().enumerate();
    let of_scorers = scorers.filter_map(|(index, scorer)| match scorer {
        ScorerConfig::Activity(activity) => {
            Some((format!("/config/scorers/{index}"), &activity.task_queue))
        }
        _ => None,
    });
    let refused = of_adapters
        .chain(of_scorers)
        .filter(|(_, queue)| *queue == own);
    refused
        .map(|(at, queue)| {
            let message = format!(
                "`{queue}` is the task queue of the service itself: give that of your own worker"
            );
            Fault::new(format!("{at}/task_queue"), message)
        })
        .collect()
}
