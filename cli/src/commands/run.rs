//! `run`: creates an experiment from a file, and follows it if asked to.

use std::path::PathBuf;

use api_types::experiments::Experiment;
use domain::experiment::ExperimentId;

use crate::client::Client;
use crate::commands::{Context, Watch, status};
use crate::exit::Outcome;
use crate::output::words::one_line;
use crate::output::{links, tables};
use crate::report::{self, Request};
use crate::{file, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An experiment in YAML or JSON: `experiment_name`, `config` and, if you like, `experiment_id`. `-` is standard input.
    file: PathBuf,
    /// Follow the experiment to its end and print the scores.
    #[arg(long)]
    watch: bool,
    /// Follow it, and write a page about it into this file: Markdown if its name ends in `.md`, else HTML.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    following: Watch,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let experiment = context.client.create(&file::read(&args.file)?).await?;
    let is_watched = args.watch || args.report.is_some();
    match context.json {
        // Whoever watches gets the experiment at each change, and so once at least.
        true if is_watched => {}
        true => output::json(&experiment)?,
        false => output::line(created(&context.client, &experiment, is_watched))?,
    }
    if !is_watched {
        return Ok(Outcome::Success);
    }
    let id: ExperimentId = experiment.id.parse()?;
    let outcome = status::follow(context, &id, &args.following).await?;
    if !context.json {
        let summary = context.client.summary(&id).await?;
        output::line(tables::scores(&summary))?;
    }
    if let Some(path) = &args.report {
        let request = Request::about(std::slice::from_ref(&id));
        report::write_file(&context.client, &request, path).await?;
    }
    Ok(outcome)
}

fn created(client: &Client, experiment: &Experiment, is_watched: bool) -> String {
    let id = one_line(&experiment.id, 100);
    let links = &experiment.links;
    let mut text = format!("created {id}\n");
    if !is_watched {
        text += &format!("  follow it    ai-evolution status {id} --watch\n");
    }
    text += &format!("  experiment   {}\n", client.link(&links.itself));
    text += &format!("  results      {}", client.link(&links.results));
    for page in links::lines(client, links) {
        text += &format!("\n{page}");
    }
    text
}
