//! Progress as plain lines, for logs: one whenever something changed.

use std::io;

use api_types::experiments::{Experiment, ModelRun};

use crate::output::line;
use crate::output::words::{self, one_line};

/// The lines printed last, so that nothing is said twice.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    head: String,
    models: Vec<String>,
}

impl Lines {
    pub(super) fn show(&mut self, experiment: &Experiment) -> io::Result<()> {
        let head = head(experiment);
        if head != self.head {
            line(&head)?;
            self.head = head;
        }
        self.models.resize(experiment.models.len(), String::new());
        for (said, run) in self.models.iter_mut().zip(&experiment.models) {
            let text = model(run);
            if text != *said {
                line(&text)?;
                *said = text;
            }
        }
        Ok(())
    }
}

/// The experiment as a whole, on one line.
pub(crate) fn head(experiment: &Experiment) -> String {
    let mut text = format!(
        "{} ({}): {}",
        one_line(&experiment.experiment_name, 200),
        one_line(&experiment.id, 100),
        words::status(experiment.status)
    );
    if let Some(reason) = &experiment.reason {
        text += &format!(": {}", one_line(reason, 300));
    }
    if let Some(waiting) = &experiment.waiting_on {
        text += &format!("; {}", words::waiting(waiting));
    }
    text
}

/// The run of a model, on one line.
pub(crate) fn model(run: &ModelRun) -> String {
    let mut parts = vec![words::stage(run).to_owned()];
    if let Some(dataset) = &run.dataset {
        let what = match dataset.samples {
            1 => "items",
            _ => "samples",
        };
        parts.push(format!("{}/{} {what}", run.items_done, dataset.outputs()));
    }
    if run.generated.failed > 0 {
        parts.push(format!("{} failed", run.generated.failed));
    }
    if let Some(reason) = &run.reason {
        parts.push(one_line(reason, 300));
    }
    if let Some(waiting) = &run.waiting_on {
        parts.push(words::waiting(waiting));
    }
    let means = words::means(&run.scorers);
    if !means.is_empty() {
        parts.push(means);
    }
    format!("  {}: {}", one_line(&run.model, 60), parts.join(", "))
}
