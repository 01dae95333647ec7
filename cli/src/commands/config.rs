//! `config`: what an experiment is carried out by, as a file that `run` takes again.

use api_types::experiments::CreateExperiment;
use domain::experiment::ExperimentId;

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
}

/// JSON for people, too: it is what an experiment file may be written in.
pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let experiment = context.client.experiment(&args.id).await?;
    output::json(&CreateExperiment {
        experiment_name: experiment.experiment_name,
        experiment_id: None,
        config: context.client.config(&args.id).await?,
    })?;
    Ok(Outcome::Success)
}
