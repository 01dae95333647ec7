//! `webhook`: those that workers know, and whether messages reach them.

use api_types::discovery::WebhookTestResult;

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::words::one_line;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the webhooks that workers know.
    List,
    /// Send a webhook a signed message that only says that it is a test; the exit code says whether it was taken.
    Test { name: String },
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::List => {
            list(context).await?;
            Ok(Outcome::Success)
        }
        Command::Test { name } => test(context, &name).await,
    }
}

pub(crate) async fn list(context: &Context) -> anyhow::Result<()> {
    let webhooks = context.client.webhooks().await?.webhooks;
    match (context.json, webhooks.is_empty()) {
        (true, _) => webhooks.iter().try_for_each(output::json_line),
        (false, true) => Ok(output::line("the workers know no webhook")?),
        (false, false) => webhooks
            .iter()
            .try_for_each(|webhook| Ok(output::line(one_line(&webhook.name, 100))?)),
    }
}

async fn test(context: &Context, name: &str) -> anyhow::Result<Outcome> {
    let result = context.client.test_webhook(name).await?;
    match context.json {
        true => output::json(&result)?,
        false => output::line(words(&result))?,
    }
    Ok(match result.delivered {
        true => Outcome::Success,
        false => Outcome::Rejected,
    })
}

fn words(result: &WebhookTestResult) -> String {
    let name = one_line(&result.webhook, 100);
    let time = result.duration_ms;
    match (&result.error, result.status) {
        (Some(error), _) => format!("`{name}`, after {time} ms: {}", one_line(error, 300)),
        (None, Some(status)) => format!("`{name}` has answered {status} after {time} ms"),
        (None, None) => format!("`{name}` has taken the message after {time} ms"),
    }
}
