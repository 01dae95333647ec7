//! Exit codes: what they mean, and which error ends in which.

use std::io;
use std::process::ExitCode;

use domain::summary::Status;
use owo_colors::{OwoColorize, Stream};

use crate::client;
use crate::file;
use crate::output::words::{one_line, printable};

/// What `--help` says about exit codes.
pub(crate) const HELP: &str = "\
Exit codes:
  0  success; with --watch, the experiment completed
  1  with --watch, the experiment failed, was cancelled or terminated, or timed out; of gate, a rule failed;
     of webhook test, the message was not taken
  2  wrong usage, or an input that was refused
  3  the API cannot be reached or failed, or what was asked for could not be done";

/// How a command ended that did what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// The experiment that was watched ended without completing.
    Ended,
    /// A gate was not passed, or a webhook has not taken its test.
    Rejected,
    /// The input has faults, which have been printed.
    Faulty,
}

impl Outcome {
    /// What becomes of a command that watched an experiment to its end.
    pub(crate) fn of(status: Status) -> Self {
        match status {
            Status::Completed => Self::Success,
            Status::Failed | Status::Cancelled | Status::Terminated | Status::TimedOut => {
                Self::Ended
            }
            Status::Running | Status::Paused => Self::Success,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Success => 0,
            Outcome::Ended | Outcome::Rejected => 1,
            Outcome::Faulty => 2,
        })
    }
}

/// Prints what went wrong on standard error, and says with which code to exit.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    // Whoever read our output has enough of it, as in `results … | head`.
    let is_broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.downcast_ref::<client::Error>().is_none() && error.chain().any(is_broken_pipe) {
        return ExitCode::SUCCESS;
    }
    let label = "error:".if_supports_color(Stream::Stderr, |text| text.red());
    eprintln!("{label} {}", printable(&format!("{error:#}")));
    if let Some(problem) = error
        .downcast_ref::<client::Error>()
        .and_then(client::Error::problem)
    {
        for fault in &problem.errors {
            eprintln!("  {}", one_line(&fault.to_string(), usize::MAX));
        }
        if let Some(id) = &problem.request_id {
            eprintln!("  (request {})", one_line(id, 100));
        }
    }
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    let is_input = error.downcast_ref::<file::Error>().is_some();
    let is_refused = error
        .downcast_ref::<client::Error>()
        .is_some_and(client::Error::is_refused);
    match is_input || is_refused {
        true => 2,
        false => 3,
    }
}
