//! Progress as moving bars: one for each model, with its scores, and what it waits for, beneath.

use std::time::Instant;

use api_types::experiments::{Experiment, ModelRun};
use indicatif::{ProgressBar, ProgressStyle};

use super::lines;
use super::pace::Pace;
use crate::output::Screen;
use crate::output::words::{self, one_line};

const LONGEST_NAME: usize = 30;

/// The bars of an experiment, drawn for the first time when its models are known.
pub(crate) struct Bars {
    screen: Screen,
    head: ProgressBar,
    models: Vec<ModelBar>,
    remark: ProgressBar,
}

struct ModelBar {
    bar: ProgressBar,
    scores: ProgressBar,
    pace: Pace,
}

impl Bars {
    pub(super) fn new(screen: Screen) -> Self {
        Self {
            head: screen.bars.add(text_bar()),
            remark: screen.bars.add(text_bar()),
            models: Vec::new(),
            screen,
        }
    }

    pub(super) fn show(&mut self, experiment: &Experiment) {
        if self.models.len() != experiment.models.len() {
            self.lay_out(experiment);
        }
        self.head.set_message(lines::head(experiment));
        self.remark.set_message("");
        for (model, run) in self.models.iter_mut().zip(&experiment.models) {
            model.show(run);
        }
        if experiment.status.is_final() {
            self.finish();
        }
    }

    pub(super) fn remark(&self, text: &str) {
        self.remark.set_message(text.to_owned());
    }

    fn lay_out(&mut self, experiment: &Experiment) {
        for model in self.models.drain(..) {
            self.screen.bars.remove(&model.bar);
            self.screen.bars.remove(&model.scores);
        }
        let names: Vec<String> = experiment
            .models
            .iter()
            .map(|run| one_line(&run.model, LONGEST_NAME))
            .collect();
        let width = names.iter().map(|name| name.chars().count()).max();
        let width = width.unwrap_or_default();
        for name in names {
            let bar = ProgressBar::new(0)
                .with_style(waiting_style())
                .with_prefix(format!("{name:width$}"));
            self.models.push(ModelBar {
                bar: self.screen.bars.insert_before(&self.remark, bar),
                scores: self.screen.bars.insert_before(&self.remark, text_bar()),
                pace: Pace::default(),
            });
        }
    }

    /// Leaves the bars where they are.
    fn finish(&self) {
        self.head.abandon();
        for model in &self.models {
            model.bar.abandon();
            model.scores.abandon();
        }
        self.remark.finish_and_clear();
    }
}

impl ModelBar {
    fn show(&mut self, run: &ModelRun) {
        if let Some(dataset) = &run.dataset
            && self.bar.length() != Some(dataset.outputs())
        {
            self.bar.set_length(dataset.outputs());
            self.bar.set_style(bar_style());
        }
        self.bar.set_position(run.items_done);
        let pace = self.pace.see(Instant::now(), run.items_done);
        self.bar.set_message(beside(run, pace));
        self.scores.set_message(format!("    {}", beneath(run)));
    }
}

/// What stands beside the bar: failures, pace and time left, as far as they say something.
fn beside(run: &ModelRun, pace: Option<f64>) -> String {
    let mut parts = vec![words::stage(run).to_owned()];
    if run.generated.failed > 0 {
        parts.push(format!("{} failed", run.generated.failed));
    }
    if !run.status.is_final() {
        if let Some(pace) = pace {
            parts.push(format!("{pace:.1}/s"));
        }
        if let Some(seconds) = run.eta_seconds {
            parts.push(format!("{} left", words::duration(seconds)));
        }
    }
    parts.join(", ")
}

fn beneath(run: &ModelRun) -> String {
    let mut parts = vec![words::means(&run.scorers)];
    parts.extend(run.waiting_on.as_ref().map(words::waiting));
    parts.extend(run.reason.as_ref().map(|reason| one_line(reason, 300)));
    parts.retain(|part| !part.is_empty());
    parts.join("   ")
}

/// Before the number of items is known, there is nothing that a bar could be a part of.
fn waiting_style() -> ProgressStyle {
    ProgressStyle::with_template("  {prefix} {wide_msg}").expect("the template is well-formed")
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("  {prefix} {bar:24.cyan/dim} {pos:>6}/{len} {wide_msg}")
        .expect("the template is well-formed")
        .progress_chars("━━─")
}

/// A bar without a bar: a line of text that changes in its place.
fn text_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_msg}").expect("the template is well-formed");
    ProgressBar::new(0).with_style(style)
}
