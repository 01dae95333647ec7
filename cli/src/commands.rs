//! The commands, one module each: arguments, and what is done with them.

pub(crate) mod again;
pub(crate) mod breakdown;
pub(crate) mod cancel;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod dataset;
pub(crate) mod dev;
pub(crate) mod discover;
pub(crate) mod export;
pub(crate) mod gate;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod pause;
pub(crate) mod report;
pub(crate) mod results;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod setup;
pub(crate) mod status;
pub(crate) mod summary;
pub(crate) mod temporal_path;
pub(crate) mod terminate;
pub(crate) mod validate;
pub(crate) mod webhook;

use std::time::Duration;

use crate::client::Client;

/// What all commands share.
pub(crate) struct Context {
    pub(crate) client: Client,
    /// Whether a program reads the output.
    pub(crate) json: bool,
}

/// How to follow an experiment.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Watch {
    /// How long the API may be away while an experiment is followed.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(crate) patience: Duration,
}
