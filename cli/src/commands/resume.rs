//! `resume`: lets a paused experiment go on where it was.

use domain::experiment::ExperimentId;
use serde_json::json;

use crate::commands::{Context, status};
use crate::exit::Outcome;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let experiment = context.client.tell(&args.id, "resume", &json!({})).await?;
    status::show(context, &experiment)?;
    Ok(Outcome::Success)
}
