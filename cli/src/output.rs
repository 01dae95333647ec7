//! What commands print: words and tables for people, JSON for programs, and progress for both.

pub(crate) mod accounts;
pub(crate) mod breakdown;
pub(crate) mod comparison;
pub(crate) mod grid;
pub(crate) mod links;
pub(crate) mod progress;
pub(crate) mod schedules;
pub(crate) mod tables;
pub(crate) mod words;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use indicatif::{MultiProgress, ProgressDrawTarget};
use serde::Serialize;

/// Prints a line. A reader that has left is an error, and ends the command quietly.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints a document for programs.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string_pretty(value)?)?)
}

/// Prints an element of a list for programs, on a line of its own.
pub(crate) fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string(value)?)?)
}

/// Standard output, shared by lines that stay and bars that move.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    bars: MultiProgress,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let target = ProgressDrawTarget::stdout();
        Self {
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Whether bars can move on it.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal() && !self.bars.is_hidden()
    }

    /// Prints a line above the bars. That nobody reads it is no reason to stop what it tells of.
    pub(crate) fn say(&self, text: impl Display) {
        let _ = self.bars.suspend(|| line(text));
    }
}
