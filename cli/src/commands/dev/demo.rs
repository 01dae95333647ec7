//! Sample experiments on a stack that runs: created, followed, and shown with their scores and where to look further.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use api_types::experiments::Experiment;
use domain::experiment::ExperimentId;

use super::folders::Folders;
use crate::client::{Client, ExperimentFilter};
use crate::exit::Outcome;
use crate::file;
use crate::output::progress::Progress;
use crate::output::words::{one_line, printable};
use crate::output::{self, Screen, tables};
use crate::report::{self, Request};
use crate::watch::watch;

/// How long the API may be away meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stack on which experiments are shown.
pub(crate) struct Demo<'a> {
    pub(crate) client: &'a Client,
    pub(crate) screen: &'a Screen,
    pub(crate) folders: &'a Folders,
    /// How a person calls this program.
    pub(crate) own: &'a str,
    /// Where a page about the experiments is to be written.
    pub(crate) report: Option<&'a Path>,
}

impl Demo<'_> {
    /// Runs experiments one after the other, and says how they ended: well only if all of them did.
    ///
    /// One that fails is told of and keeps no other from being run.
    pub(crate) async fn show(&self, files: &[PathBuf]) -> Outcome {
        let screen = self.screen;
        if let Err(error) = unfinished(self.client, screen).await {
            screen.say(format!(
                "the list of experiments could not be read: {error:#}"
            ));
        }
        let mut ids = Vec::new();
        let mut outcome = Outcome::Success;
        for file in files {
            match self.run(file).await {
                Ok((id, Outcome::Success)) => ids.push(id),
                Ok((id, ended)) => {
                    ids.push(id);
                    outcome = ended;
                }
                Err(error) => {
                    let error = printable(&format!("{error:#}"));
                    screen.say(format!("{} could not be shown: {error}", file.display()));
                    outcome = Outcome::Ended;
                }
            }
        }
        if let Some(path) = self.report
            && !ids.is_empty()
        {
            match report::write_file(self.client, &Request::about(&ids), path).await {
                Ok(()) => screen.say(format!("  report       {}", path.display())),
                Err(error) => {
                    screen.say(format!(
                        "there is no report: {}",
                        printable(&format!("{error:#}"))
                    ));
                    outcome = Outcome::Ended;
                }
            }
        }
        outcome
    }

    async fn run(&self, file: &Path) -> anyhow::Result<(ExperimentId, Outcome)> {
        let Self {
            client,
            screen,
            folders,
            own,
            ..
        } = *self;
        screen.say(format!("running {}", file.display()));
        let experiment = client.create(&file::read(file)?).await?;
        let id: ExperimentId = experiment.id.parse()?;
        let mut progress = Progress::new(screen, false);
        let experiment = watch(client, &id, &mut progress, PATIENCE).await?;
        drop(progress);
        let summary = client.summary(&id).await.context("there is no summary")?;
        screen.say(tables::scores(&summary));
        screen.say(links(client, folders, own, &experiment));
        Ok((id, Outcome::of(experiment.status)))
    }
}

/// Says which experiments of an earlier start go on.
async fn unfinished(client: &Client, screen: &Screen) -> anyhow::Result<()> {
    let list = client.list(&ExperimentFilter::default(), 100, None).await?;
    for experiment in &list.experiments {
        if !experiment.status.is_final() {
            let id = one_line(&experiment.id, 100);
            screen.say(format!("an experiment of an earlier start goes on: {id}"));
        }
    }
    Ok(())
}

fn links(client: &Client, folders: &Folders, own: &str, experiment: &Experiment) -> String {
    let links = &experiment.links;
    let id = one_line(&experiment.id, 100);
    let mut text = format!("  experiment   {}\n", client.link(&links.itself));
    text += &format!("  items        {own} results {id}");
    for page in output::links::lines(client, links) {
        text += &format!("\n{page}");
    }
    for delivery in experiment.models.iter().flat_map(|run| &run.deliveries) {
        if let Some(key) = &delivery.location {
            let file = folders.artifacts().join(one_line(key, usize::MAX));
            text += &format!("\n  {:12} {}", one_line(&delivery.sink, 12), file.display());
        }
    }
    text
}
