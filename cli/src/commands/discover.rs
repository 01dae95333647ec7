//! `discover`: what can be named in an experiment, and who is there to work.

use api_types::discovery::{ScorerKind, TaskQueue};

use crate::commands::{Context, webhook};
use crate::exit::Outcome;
use crate::output;
use crate::output::grid::Grid;
use crate::output::words::one_line;

/// Characters of a description that a table shows.
const LONGEST: usize = 80;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The types of scorers; with --json, the schema of each configuration too.
    Scorers,
    /// The types of adapters; with --json, the schema of each configuration too.
    Adapters,
    /// The providers that workers know, and whether a worker is there.
    Providers,
    /// The webhooks that workers know.
    Webhooks,
    /// Whether anyone works on a task queue.
    Queue { name: String },
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    match args.what {
        What::Scorers => scorers(context).await?,
        What::Adapters => adapters(context).await?,
        What::Providers => providers(context).await?,
        What::Webhooks => webhook::list(context).await?,
        What::Queue { name } => {
            let queue = context.client.task_queue(&name).await?;
            match context.json {
                true => output::json(&queue)?,
                false => output::line(words(&queue))?,
            }
        }
    }
    Ok(Outcome::Success)
}

async fn scorers(context: &Context) -> anyhow::Result<()> {
    let scorers = context.client.scorers().await?.scorers;
    if context.json {
        return scorers.iter().try_for_each(output::json_line);
    }
    let mut grid = Grid::new(&["type", "version", "asks", "what it tells"]);
    for scorer in scorers {
        let asks = match scorer.kind {
            ScorerKind::Pure => "",
            ScorerKind::Asking => "yes",
        };
        grid.add_row(vec![
            one_line(&scorer.name, LONGEST),
            one_line(&scorer.eval_id, LONGEST),
            asks.to_owned(),
            one_line(&scorer.description, LONGEST),
        ]);
    }
    Ok(output::line(grid)?)
}

async fn adapters(context: &Context) -> anyhow::Result<()> {
    let adapters = context.client.adapters().await?.adapters;
    if context.json {
        return adapters.iter().try_for_each(output::json_line);
    }
    let mut grid = Grid::new(&["type", "what it is"]);
    for adapter in adapters {
        grid.add_row(vec![
            one_line(&adapter.name, LONGEST),
            one_line(&adapter.description, LONGEST),
        ]);
    }
    Ok(output::line(grid)?)
}

async fn providers(context: &Context) -> anyhow::Result<()> {
    let told = context.client.providers().await?;
    if context.json {
        return output::json(&told);
    }
    let mut grid = Grid::new(&["provider", "protocol", "host", "key", "priced models"]);
    for provider in told.providers {
        let models: Vec<String> = provider.models.into_iter().map(|it| it.name).collect();
        let key = match provider.ready {
            true => "",
            false => "missing",
        };
        grid.add_row(vec![
            one_line(&provider.name, LONGEST),
            one_line(&provider.api, LONGEST),
            one_line(&provider.host, LONGEST),
            key.to_owned(),
            one_line(&models.join(", "), LONGEST),
        ]);
    }
    output::line(grid)?;
    Ok(output::line(words(&told.task_queue))?)
}

fn words(queue: &TaskQueue) -> String {
    let name = one_line(&queue.name, LONGEST);
    match queue.activities_polled_at {
        Some(at) => format!("a worker is there on `{name}`, last heard of at {at:.0}"),
        None => format!("nobody works on `{name}`"),
    }
}
