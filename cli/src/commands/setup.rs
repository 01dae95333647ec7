//! `setup`: prepares Temporal, by the API's program, which alone speaks to it.

use std::process::Command;

use anyhow::Context as _;
use serde_json::json;

use crate::commands::{Context, dev};
use crate::exit::Outcome;
use crate::output;

/// Beside these options, the programs' own variables say where Temporal is: TEMPORAL_ADDRESS, TEMPORAL_API_KEY and so on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of Temporal as `host:port` [default: as the API is told by its variables, or localhost:7233]
    #[arg(long)]
    temporal_host: Option<String>,
    /// Temporal namespace [default: as the API is told, or `default`]
    #[arg(long)]
    temporal_namespace: Option<String>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let api = dev::api_program().await?;
    let mut command = Command::new(&api);
    command.arg("setup");
    for (option, value) in [
        ("--temporal-host", args.temporal_host),
        ("--temporal-namespace", args.temporal_namespace),
    ] {
        command.args(
            value
                .into_iter()
                .flat_map(|value| [option.to_owned(), value]),
        );
    }
    if context.json {
        // What it says is for people.
        command.stdout(std::io::stderr());
    }
    let status = tokio::process::Command::from(command)
        .status()
        .await
        .with_context(|| format!("`{}` cannot be started", api.display()))?;
    anyhow::ensure!(status.success(), "Temporal is not set up");
    if context.json {
        output::json(&json!({"set_up": true}))?;
    }
    Ok(Outcome::Success)
}
