//! `gate`: judges the runs of an experiment by rules, for CI.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use api_types::comparisons::Comparison;
use api_types::experiments::ModelSummary;
use domain::comparison::difference::Difference;
use domain::experiment::ExperimentId;
use domain::gate::rule::Rule;
use domain::gate::{Judged, ScorerFigures, Verdict, judge};
use domain::summary::Status;
use reports::junit;
use serde_json::json;

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::words::{self, one_line};

const LONGEST_LINE: usize = 300;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    /// What must hold: `mean(scorer) >= 0.8`, `pass_rate(scorer) >= 90%`, `failure_rate <= 1%`, or, beside a baseline,
    /// `margin(scorer) >= -0.02`; may be given several times.
    #[arg(long = "rule", value_name = "RULE", required = true)]
    rules: Vec<Rule>,
    /// The experiment that margins are about: its run of the same model, or all of its runs when it has none.
    #[arg(long, value_name = "ID")]
    baseline: Option<ExperimentId>,
    /// Judge only the run of this model.
    #[arg(long)]
    model: Option<String>,
    /// Write the verdict as JUnit XML into this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let verdicts = verdicts(context, &args).await?;
    if let Some(path) = &args.junit {
        let written = std::fs::write(path, junit::verdicts(&verdicts));
        written.with_context(|| format!("`{}` cannot be written", path.display()))?;
    }
    let passed = verdicts.iter().all(|(_, verdict)| verdict.passed);
    match context.json {
        true => {
            let runs = verdicts.iter().map(|(run, verdict)| {
                json!({"run": run, "passed": verdict.passed, "rules": verdict.rules})
            });
            output::json(&json!({"passed": passed, "runs": runs.collect::<Vec<_>>()}))?;
        }
        false => tell(&verdicts)?,
    }
    Ok(match passed {
        true => Outcome::Success,
        false => Outcome::Rejected,
    })
}

/// The verdict on each run.
async fn verdicts(context: &Context, args: &Args) -> anyhow::Result<Vec<(String, Verdict)>> {
    let summary = context.client.summary(&args.id).await?;
    let is_judged =
        |run: &&ModelSummary| args.model.as_ref().is_none_or(|model| *model == run.model);
    let runs: Vec<&ModelSummary> = summary.models.iter().filter(is_judged).collect();
    if runs.is_empty() {
        bail!("`{}` has no run of that model", args.id);
    }
    // Of a run that has not seen all its items, no figure is final.
    if let Some(run) = runs.iter().find(|run| run.status != Status::Completed) {
        let status = words::status(run.status);
        bail!(
            "the run of `{}` is {status}; only completed runs can be judged",
            run.model
        );
    }
    let comparison = comparison(context, args).await?;
    let judged = runs.into_iter().map(|run| {
        let judged = judged(&args.id, run);
        let differences = match (&comparison, &args.baseline) {
            (Some(comparison), Some(baseline)) => {
                concerning(comparison, baseline, &judged.run, &run.model)
            }
            _ => Vec::new(),
        };
        let verdict = judge(&judged, &differences, &args.rules);
        (judged.run, verdict)
    });
    Ok(judged.collect())
}

/// The comparison with the baseline, when a rule needs it.
async fn comparison(context: &Context, args: &Args) -> anyhow::Result<Option<Comparison>> {
    let is_needed = args.rules.iter().any(|rule| rule.measure.needs_baseline());
    let (true, Some(baseline)) = (is_needed, &args.baseline) else {
        return Ok(None);
    };
    let experiments = [baseline.clone(), args.id.clone()];
    let comparison = context.client.comparison(&experiments, &[], 0).await?;
    if !comparison.complete {
        bail!("`{baseline}` has not ended; only completed runs can be a baseline");
    }
    Ok(Some(comparison))
}

fn judged(id: &ExperimentId, run: &ModelSummary) -> Judged {
    let scorers = run.scorers.iter();
    Judged {
        run: format!("{id}/{}", run.model),
        states: run.states,
        scorers: scorers
            .map(|scorer| (scorer.scorer.clone(), ScorerFigures::from(scorer)))
            .collect(),
    }
}

/// The differences of a run from the baseline's run of the same model, or from all of its runs when it has none.
fn concerning(
    comparison: &Comparison,
    baseline: &ExperimentId,
    run: &str,
    model: &str,
) -> Vec<Difference> {
    let runs = || {
        comparison
            .runs
            .iter()
            .filter(|run| run.experiment_id == baseline.as_ref())
    };
    let has_same = runs().any(|run| run.model == model);
    let baselines = runs().filter(|run| !has_same || run.model == model);
    let baselines: Vec<&str> = baselines.map(|run| run.name.as_str()).collect();
    let differences = comparison.differences.iter().filter(|difference| {
        difference.candidate == run && baselines.contains(&difference.baseline.as_str())
    });
    differences.cloned().collect()
}

fn tell(verdicts: &[(String, Verdict)]) -> anyhow::Result<()> {
    for (run, verdict) in verdicts {
        let word = if verdict.passed { "passed" } else { "failed" };
        output::line(format!("{}: {word}", one_line(run, LONGEST_LINE)))?;
        for rule in &verdict.rules {
            output::line(format!("  {}", one_line(&rule.message, LONGEST_LINE)))?;
        }
    }
    Ok(())
}
