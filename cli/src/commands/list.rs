//! `list`: experiments, newest first.

use crate::client::ExperimentFilter;
use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::tables;

/// Experiments asked for at once.
const PAGE: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print at most so many experiments.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    filter: ExperimentFilter,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let mut experiments = Vec::new();
    let mut token: Option<String> = None;
    while experiments.len() < args.limit {
        let page_size = (args.limit - experiments.len()).min(PAGE);
        let page = context
            .client
            .list(&args.filter, page_size, token.as_deref())
            .await?;
        experiments.extend(page.experiments);
        token = page.next_page_token;
        if token.is_none() {
            break;
        }
    }
    experiments.truncate(args.limit);
    match (context.json, experiments.is_empty()) {
        (true, _) => experiments.iter().try_for_each(output::json_line)?,
        (false, true) => output::line("there is no such experiment")?,
        (false, false) => output::line(tables::experiments(&experiments))?,
    }
    Ok(Outcome::Success)
}
