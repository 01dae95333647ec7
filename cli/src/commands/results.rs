//! `results`: items with their outputs and scores, as a table or one JSON line each.

use domain::experiment::ExperimentId;

use crate::client::{ResultFilter, ResultQuery};
use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::tables;

/// Rows of the table, unless told otherwise; programs get everything.
const ROWS: usize = 50;
/// Results asked for at once.
const PAGE: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    #[command(flatten)]
    filter: ResultFilter,
    /// Print at most so many results [default: 50 in the table, all with --json].
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let limit = args.limit.unwrap_or(match context.json {
        true => usize::MAX,
        false => ROWS,
    });
    let mut query = ResultQuery {
        filter: args.filter,
        page_size: PAGE,
    };
    let mut left = limit;
    let mut rows = Vec::new();
    let mut token: Option<String> = None;
    let mut is_more = false;
    let mut is_complete = true;
    while left > 0 {
        query.page_size = left.min(PAGE);
        let page = context
            .client
            .results(&args.id, &query, token.as_deref())
            .await?;
        left = left.saturating_sub(page.results.len());
        is_complete = page.complete;
        match context.json {
            true => page.results.iter().try_for_each(output::json_line)?,
            false => rows.extend(page.results),
        }
        token = page.next_page_token;
        is_more = token.is_some();
        if !is_more {
            break;
        }
    }
    if !context.json {
        output::line(tables::results(&rows))?;
        if is_more && args.limit.is_none() {
            eprintln!("the first {ROWS} are shown; more with --limit or --json");
        }
        if !is_complete {
            eprintln!("the experiment has not ended: results will be added");
        }
    }
    Ok(Outcome::Success)
}
