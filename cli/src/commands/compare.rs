//! `compare`: how runs on the same items differ, and how sure that is.

use domain::experiment::ExperimentId;

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::comparison;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The experiments; the first is the baseline of all others. One with several models can stand alone.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<ExperimentId>,
    /// Only runs of this model; may be given several times.
    #[arg(long = "model", value_name = "MODEL")]
    models: Vec<String>,
    /// The seed of the permutation tests.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
    /// Print at most so many items that got worse, for each scorer and two runs.
    #[arg(long, value_name = "N", default_value_t = 5)]
    regressions: usize,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let answer = context
        .client
        .comparison(&args.ids, &args.models, args.seed);
    let comparison = answer.await?;
    if context.json {
        output::json(&comparison)?;
        return Ok(Outcome::Success);
    }
    output::line(comparison::report(&comparison, args.regressions))?;
    if !comparison.complete {
        eprintln!("not all experiments have ended: results will be added");
    }
    Ok(Outcome::Success)
}
