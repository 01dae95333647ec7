//! `summary`: the scores by model and scorer, with their uncertainty.

use domain::experiment::ExperimentId;

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::tables;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let summary = context.client.summary(&args.id).await?;
    match context.json {
        true => output::json(&summary)?,
        false => output::line(tables::scores(&summary))?,
    }
    Ok(Outcome::Success)
}
