//! `status`: how far an experiment has come, once or until its end.

use api_types::experiments::Experiment;
use domain::experiment::ExperimentId;

use crate::commands::{Context, Watch};
use crate::exit::Outcome;
use crate::output;
use crate::output::progress::{Progress, lines};
use crate::output::{Screen, links};
use crate::watch::watch;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    /// Follow the experiment to its end; with --json, print it on one line whenever something changed.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    following: Watch,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    if args.watch {
        return follow(context, &args.id, &args.following).await;
    }
    let experiment = context.client.experiment(&args.id).await?;
    show(context, &experiment)?;
    Ok(Outcome::Success)
}

/// Prints an experiment as it stands.
pub(crate) fn show(context: &Context, experiment: &Experiment) -> anyhow::Result<()> {
    if context.json {
        return output::json(experiment);
    }
    output::line(lines::head(experiment))?;
    for run in &experiment.models {
        output::line(lines::model(run))?;
    }
    for page in links::lines(&context.client, &experiment.links) {
        output::line(page)?;
    }
    Ok(())
}

/// Follows an experiment to its end, which decides the exit code.
pub(crate) async fn follow(
    context: &Context,
    id: &ExperimentId,
    following: &Watch,
) -> anyhow::Result<Outcome> {
    let mut progress = Progress::new(&Screen::new(), context.json);
    let experiment = watch(&context.client, id, &mut progress, following.patience).await?;
    Ok(Outcome::of(experiment.status))
}
