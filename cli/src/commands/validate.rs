//! `validate`: checks an experiment file, here and, when it answers, by the API; starts nothing.

use std::path::PathBuf;

use domain::estimate::{Bounds, CostBounds, Estimate};
use domain::fault::Fault;
use serde_json::json;

use crate::client::{self, Client};
use crate::commands::Context;
use crate::exit::Outcome;
use crate::output::words::one_line;
use crate::{file, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An experiment in YAML or JSON. `-` is standard input.
    file: PathBuf,
}

/// What was found, and by whom.
struct Verdict {
    faults: Vec<Fault>,
    /// Why the API did not check it too.
    unchecked: Option<String>,
    /// What it may take, if the API can tell.
    estimate: Option<Estimate>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let experiment = file::read(&args.file)?;
    let local = file::faults(&experiment);
    let verdict = judge(&context.client, &experiment, local).await;
    let valid = verdict.faults.is_empty();
    if context.json {
        output::json(&json!({
            "valid": valid,
            "checked_by_api": verdict.unchecked.is_none(),
            "errors": verdict.faults,
            "estimate": verdict.estimate,
        }))?;
    } else {
        for fault in &verdict.faults {
            output::line(one_line(&fault.to_string(), usize::MAX))?;
        }
        if valid {
            output::line("the experiment is valid")?;
        }
        if let Some(estimate) = &verdict.estimate {
            output::line(estimated(estimate))?;
        }
        if let Some(reason) = &verdict.unchecked {
            eprintln!("only the rules known here were checked: {reason}");
        }
    }
    Ok(match valid {
        true => Outcome::Success,
        false => Outcome::Faulty,
    })
}

/// The API's word counts, for it names every fault at once and knows what its workers can do.
async fn judge(client: &Client, experiment: &serde_json::Value, local: Vec<Fault>) -> Verdict {
    match client.check(experiment).await {
        Ok(estimate) => Verdict {
            faults: Vec::new(),
            unchecked: None,
            estimate,
        },
        Err(client::Error::Refused(problem)) if matches!(problem.status, 400 | 422) => {
            let faults = match (problem.errors.is_empty(), local.is_empty()) {
                (false, _) => problem.errors,
                (true, false) => local,
                (true, true) => vec![Fault::new("", problem.detail)],
            };
            Verdict {
                faults,
                unchecked: None,
                estimate: None,
            }
        }
        Err(error) => Verdict {
            faults: local,
            unchecked: Some(one_line(&error.to_string(), 300)),
            estimate: None,
        },
    }
}

/// What it may take, in words.
fn estimated(estimate: &Estimate) -> String {
    let bounds = |bounds: Bounds| match bounds.most {
        Some(most) if most == bounds.least => most.to_string(),
        Some(most) => format!("{} to {most}", bounds.least),
        None => format!("{} or more", bounds.least),
    };
    let mut words = format!("it takes {} calls", bounds(estimate.calls));
    if estimate.scorer_calls.most != Some(0) {
        words += &format!(", and {} of scorers", bounds(estimate.scorer_calls));
    }
    match estimate.cost {
        None => {}
        Some(CostBounds {
            least,
            most: Some(most),
        }) => words += &format!("; the outputs cost {least} to {most} dollars"),
        Some(CostBounds { least, most: None }) => {
            words += &format!("; the outputs cost {least} dollars or more");
        }
    }
    words
}
