//! `limits`: changes what an experiment may use while it runs.

use domain::experiment::ExperimentId;
use domain::limits::{LimitsChange, RemovableLimit};
use domain::money::Money;
use serde_json::Value;

use crate::commands::{Context, status};
use crate::exit::Outcome;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    #[command(flatten)]
    limits: Limits,
}

/// Limits of each model; those that are not named stay as they are.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Limits {
    /// Model calls in flight at once.
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,
    /// Model calls begun in a minute.
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<f64>,
    /// Tokens read and written in a minute.
    #[arg(long, value_name = "N")]
    tokens_per_minute: Option<f64>,
    /// What the calls may cost in all, in US dollars.
    #[arg(long, value_name = "AMOUNT")]
    max_cost: Option<Money>,
    /// Tokens that the calls may use in all.
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// The share of failed items beyond which a run fails, from 0 to 1.
    #[arg(long, value_name = "SHARE")]
    max_failure_rate: Option<f64>,
    /// Take a limit away, such as `max-cost`; may be given more than once.
    #[arg(long, value_name = "LIMIT", value_parser = removable)]
    remove: Vec<RemovableLimit>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let limits = args.limits;
    let change = LimitsChange {
        concurrency_limit: limits.concurrency,
        requests_per_minute: limits.requests_per_minute,
        tokens_per_minute: limits.tokens_per_minute,
        max_cost: limits.max_cost,
        max_tokens: limits.max_tokens,
        max_failure_rate: limits.max_failure_rate,
        remove: limits.remove,
    };
    let experiment = context.client.change_limits(&args.id, &change).await?;
    status::show(context, &experiment)?;
    Ok(Outcome::Success)
}

/// A limit as it is written after `--remove`: as the option that sets it, or as the API calls it.
fn removable(text: &str) -> Result<RemovableLimit, String> {
    let name = Value::String(text.replace('-', "_"));
    serde_json::from_value(name).map_err(|error| error.to_string())
}
