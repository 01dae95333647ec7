//! `ledger`: an account of every model call, as a table or one JSON line an item.

use domain::experiment::ExperimentId;

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::accounts;

/// Rows of the table, unless told otherwise; programs get everything.
const ROWS: usize = 50;
/// Entries asked for at once.
const PAGE: usize = 1000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    /// Only calls of this model.
    #[arg(long)]
    model: Option<String>,
    /// Print at most so many items [default: 50 in the table, all with --json].
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let mut left = args.limit.unwrap_or(match context.json {
        true => usize::MAX,
        false => ROWS,
    });
    let mut rows = Vec::new();
    let mut token: Option<String> = None;
    let page = loop {
        let mut page = context
            .client
            .ledger(
                &args.id,
                args.model.as_deref(),
                left.clamp(1, PAGE),
                token.as_deref(),
            )
            .await?;
        page.entries.truncate(left);
        left -= page.entries.len();
        match context.json {
            true => page.entries.iter().try_for_each(output::json_line)?,
            false => rows.append(&mut page.entries),
        }
        if left == 0 || page.next_page_token.is_none() {
            break page;
        }
        token = page.next_page_token;
    };
    if context.json {
        return Ok(Outcome::Success);
    }
    output::line(accounts::entries(&rows))?;
    output::line(accounts::totals(&page.models))?;
    if page.next_page_token.is_some() && args.limit.is_none() {
        eprintln!("the first {ROWS} are shown; more with --limit or --json");
    }
    if !page.complete {
        eprintln!("the experiment has not ended: calls will be added");
    }
    Ok(Outcome::Success)
}
