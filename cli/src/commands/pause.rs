//! `pause`: holds an experiment until it is resumed.

use domain::experiment::ExperimentId;
use serde_json::json;

use crate::commands::{Context, status};
use crate::exit::Outcome;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    /// Why, for whoever looks at the experiment meanwhile.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let body = match args.reason {
        Some(reason) => json!({"reason": reason}),
        None => json!({}),
    };
    let experiment = context.client.tell(&args.id, "pause", &body).await?;
    status::show(context, &experiment)?;
    Ok(Outcome::Success)
}
