//! The section on creation and status.

use super::markdown::{Goal, table};
use super::{Section, measured_on};
use crate::api::{Api, FASTAPI, HEADINGS, MOST_AT_ONCE, OURS, Operation, row};
use crate::measure::human;
use crate::outcome::Outcome;

/// Latency over the bare client's, at most.
const MOST_OVER_BARE: f64 = 1.15;
/// Requests for a second of CPU time, over those of the service in Python, at least.
const LEAST_OVER_FASTAPI: f64 = 5.0;

pub(super) fn section(outcome: &Outcome<Api>) -> anyhow::Result<Section> {
    let api = &outcome.results;
    let mut goals = Vec::new();
    for operation in Operation::ALL {
        for concurrency in [1, MOST_AT_ONCE] {
            goals.extend(over_bare(api, operation, concurrency));
        }
    }
    for operation in Operation::ALL {
        goals.extend(over_fastapi(api, operation));
    }
    let mut text = "## Creating experiments and asking for their status\n\n\
        The API over HTTP, beside two others that ask the same Temporal server: the bare client (the same start, copied \
        from one of ours with its input and memo, and the same description, without HTTP) and an equivalent service in \
        FastAPI and temporalio (`bench/peers/fastapi_temporal`: uvloop, httptools, pydantic, one process). Experiments \
        under way have no worker. At 16 at once the development server of Temporal is what everybody waits for. All 16 \
        ask for the status of the same experiment, except where each asks for one of its own: ours asks Temporal once for \
        the requests that come while it waits.\n\n"
        .to_owned();
    text += &table(&HEADINGS, api.series.iter().map(row));
    if let Some(error) = &api.fastapi_error {
        text += &format!("\n{FASTAPI} could not be obtained: {error}\n");
    } else {
        text += &format!("\n{FASTAPI}: {}.\n", api.fastapi);
    }
    Ok(Section {
        goals,
        text,
        machine: measured_on(outcome),
    })
}

fn over_bare(api: &Api, operation: Operation, concurrency: u32) -> Option<Goal> {
    let ratios = api.over_bare(operation, concurrency)?;
    let (low, high) = ratios.range();
    let ratio = ratios.median();
    let spread = format!("{} ({} to {})", human(ratio), human(low), human(high));
    Some(Goal {
        what: format!(
            "{}, {concurrency} at once: p50 ÷ the bare client's",
            operation.name()
        ),
        goal: format!("≤ {MOST_OVER_BARE}"),
        measured: spread,
        met: Some(ratio <= MOST_OVER_BARE),
    })
}

/// Over both concurrencies, the one at which there is more to do.
fn over_fastapi(api: &Api, operation: Operation) -> Option<Goal> {
    let ratio = api.over_fastapi(operation, MOST_AT_ONCE)?;
    let of = |name| api.find(name, operation, MOST_AT_ONCE)?.per_cpu_second();
    Some(Goal {
        what: format!(
            "{}, {MOST_AT_ONCE} at once: requests per CPU-second ÷ {FASTAPI}'s",
            operation.name()
        ),
        goal: format!("≥ {LEAST_OVER_FASTAPI}"),
        measured: format!(
            "{} ({} ÷ {})",
            human(ratio),
            human(of(OURS)?),
            human(of(FASTAPI)?)
        ),
        met: Some(ratio >= LEAST_OVER_FASTAPI),
    })
}
