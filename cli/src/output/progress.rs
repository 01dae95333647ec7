//! Progress of an experiment: bars on a terminal, a line at each change elsewhere, a JSON line at each change for programs.

mod bars;
pub(crate) mod lines;
mod pace;

use api_types::experiments::Experiment;

use self::bars::Bars;
use self::lines::Lines;
use crate::output::{Screen, json_line};

/// How progress is shown.
pub(crate) enum Progress {
    Bars(Bars),
    Lines(Lines),
    Json { last: Option<Box<Experiment>> },
}

impl Progress {
    /// What suits the reader of standard output.
    pub(crate) fn new(screen: &Screen, json: bool) -> Self {
        match (json, screen.is_terminal()) {
            (true, _) => Self::Json { last: None },
            (false, true) => Self::Bars(Bars::new(screen.clone())),
            (false, false) => Self::Lines(Lines::default()),
        }
    }

    pub(crate) fn show(&mut self, experiment: &Experiment) -> anyhow::Result<()> {
        match self {
            Self::Bars(bars) => bars.show(experiment),
            Self::Lines(lines) => lines.show(experiment)?,
            Self::Json { last } => {
                if last.as_deref() != Some(experiment) {
                    json_line(experiment)?;
                    *last = Some(Box::new(experiment.clone()));
                }
            }
        }
        Ok(())
    }

    /// Says something that is no state of the experiment, such as that the API is away.
    pub(crate) fn remark(&mut self, text: &str) {
        match self {
            Self::Bars(bars) => bars.remark(text),
            Self::Lines(_) | Self::Json { .. } => eprintln!("{text}"),
        }
    }
}
