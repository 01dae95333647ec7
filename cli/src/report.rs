//! A report of experiments, made of what the API tells of them.

use std::path::Path;

use anyhow::Context as _;
use api_types::experiments::{Experiment, ModelRun};
use clap::ValueEnum;
use domain::comparison::Comparison;
use domain::experiment::ExperimentId;
use reports::digest::{Digest, Digested};
use reports::report::{Report, Run, name};

use crate::client::{Client, ResultFilter, ResultQuery};

/// Results asked for at once.
const PAGE: usize = 1000;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Html,
    Markdown,
}

impl Format {
    /// The format that the name of a file asks for: Markdown if it ends in `.md`, else HTML.
    pub(crate) fn of(path: &Path) -> Self {
        match path.extension().is_some_and(|extension| extension == "md") {
            true => Self::Markdown,
            false => Self::Html,
        }
    }
}

/// What a report is to be about, and how much it shows.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) ids: &'a [ExperimentId],
    /// Only runs of these models; of all when there are none.
    pub(crate) models: &'a [String],
    /// The seed of the permutation tests.
    pub(crate) seed: u32,
    /// Items with the lowest scores to show for each scorer.
    pub(crate) worst_items: usize,
}

impl<'a> Request<'a> {
    /// All runs of these experiments, as much of them as is shown unless told otherwise.
    pub(crate) fn about(ids: &'a [ExperimentId]) -> Self {
        Self {
            ids,
            models: &[],
            seed: 0,
            worst_items: 5,
        }
    }
}

/// The report as one text. Runs that cannot be compared are told of side by side.
pub(crate) async fn write(
    client: &Client,
    request: &Request<'_>,
    format: Format,
) -> anyhow::Result<String> {
    let mut runs = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for id in request.ids {
        let experiment = client.experiment(id).await?;
        for run in &experiment.models {
            if request.models.is_empty() || request.models.contains(&run.model) {
                let digest = digest(client, id, &run.model, request.worst_items).await?;
                runs.push(shown(&experiment, run, digest));
            }
        }
        if !names.contains(&experiment.experiment_name) {
            names.push(experiment.experiment_name);
        }
    }
    anyhow::ensure!(!runs.is_empty(), "there is no run of that model");
    let comparison = match runs.len() {
        1 => None,
        _ => comparison(client, request).await,
    };
    let report = Report {
        title: names.join(" and "),
        runs,
        comparison,
    };
    Ok(match format {
        Format::Html => reports::html(&report)?,
        Format::Markdown => reports::markdown(&report)?,
    })
}

/// Writes the report into a file, in the format that its name asks for.
pub(crate) async fn write_file(
    client: &Client,
    request: &Request<'_>,
    path: &Path,
) -> anyhow::Result<()> {
    let text = write(client, request, Format::of(path)).await?;
    std::fs::write(path, text).with_context(|| format!("`{}` cannot be written", path.display()))
}

/// Reads every result of a run once, page by page, and keeps what a report shows of them.
async fn digest(
    client: &Client,
    id: &ExperimentId,
    model: &str,
    worst_items: usize,
) -> anyhow::Result<Digested> {
    let query = ResultQuery {
        filter: ResultFilter::of_model(model),
        page_size: PAGE,
    };
    let mut digest = Digest::new(worst_items);
    let mut token: Option<String> = None;
    loop {
        let page = client.results(id, &query, token.as_deref()).await?;
        page.results
            .iter()
            .for_each(|result| digest.push(&result.result));
        token = page.next_page_token;
        if token.is_none() {
            return Ok(digest.finish());
        }
    }
}

fn shown(experiment: &Experiment, run: &ModelRun, digest: Digested) -> Run {
    Run {
        name: name(&experiment.id, &run.model),
        experiment_id: experiment.id.clone(),
        experiment_name: experiment.experiment_name.clone(),
        model: run.model.clone(),
        status: run.status,
        reason: run.reason.clone(),
        round: run.round,
        config_sha256: run.spec_sha256.clone(),
        dataset: run.dataset.clone(),
        started_at: run.started_at,
        ended_at: run.ended_at,
        states: run.states,
        generated: run.generated,
        scorers: run.scorers.clone(),
        digest,
    }
}

async fn comparison(client: &Client, request: &Request<'_>) -> Option<Comparison> {
    let answer = client.comparison(request.ids, request.models, request.seed);
    match answer.await {
        Ok(comparison) => Some(Comparison {
            standings: comparison.standings,
            differences: comparison.differences,
            partial_scorers: comparison.partial_scorers,
        }),
        Err(error) => {
            eprintln!("the runs are not compared: {error}");
            None
        }
    }
}
