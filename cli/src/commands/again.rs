//! `retry`, `rescore` and `emit`: another round of an experiment that has ended.

use std::path::PathBuf;

use domain::experiment::ExperimentId;
use serde_json::json;

use crate::commands::{Context, Watch, status};
use crate::exit::Outcome;
use crate::file;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    /// What is done otherwise, in YAML or JSON: for `retry` a `config` with `adapter`, `execution`, `retry` or `scorers`,
    /// for `rescore` the `scorers`, for `emit` the `sinks`. `-` is standard input.
    #[arg(long, short)]
    file: Option<PathBuf>,
    /// Follow the experiment to its end.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    following: Watch,
}

/// Begins a round; `what` is the name of the command, and the last part of the path.
pub(crate) async fn run(context: &Context, what: &str, args: Args) -> anyhow::Result<Outcome> {
    let body = match &args.file {
        Some(path) => file::read(path)?,
        None => json!({}),
    };
    let experiment = context.client.tell(&args.id, what, &body).await?;
    if args.watch {
        return status::follow(context, &args.id, &args.following).await;
    }
    status::show(context, &experiment)?;
    Ok(Outcome::Success)
}
