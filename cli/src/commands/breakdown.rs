//! `breakdown`: the scores by model, scorer and tag, with resampled or clustered intervals on demand.

use domain::experiment::ExperimentId;

use crate::client::BreakdownQuery;
use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::breakdown;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    /// Only scores of this model.
    #[arg(long)]
    model: Option<String>,
    /// A key of the items' metadata whose values name clusters of items that are alike.
    #[arg(long, value_name = "KEY")]
    cluster_by: Option<String>,
    /// Resample each group so often for bootstrap intervals.
    #[arg(long, value_name = "N", default_value_t = 0)]
    resamples: u32,
    /// The seed of the bootstrap.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let query = BreakdownQuery {
        model: args.model,
        cluster_by: args.cluster_by,
        resamples: args.resamples,
        seed: args.seed,
    };
    let answer = context.client.breakdown(&args.id, &query).await?;
    if context.json {
        output::json(&answer)?;
        return Ok(Outcome::Success);
    }
    output::line(breakdown::report(&answer))?;
    if !answer.complete {
        eprintln!("the experiment has not ended: scores will be added");
    }
    Ok(Outcome::Success)
}
