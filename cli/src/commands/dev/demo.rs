//! Sample experiments on a stack that runs: created, followed, and shown with their scores and where to look further.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use api_types::experiments::Experiment;
use domain::experiment::ExperimentId;

use super::folders::Folders;
use crate::client::Client;
use crate::file;
use crate::output::progress::Progress;
use crate::output::words::{one_line, printable};
use crate::output::{Screen, tables};
use crate::watch::watch;

/// How long the API may be away meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the samples one after the other, and then rests: what was started goes on serving.
///
/// A sample that fails is told of and changes nothing else. `own` is how a person calls this program.
pub(crate) async fn show(
    client: &Client,
    screen: &Screen,
    folders: &Folders,
    own: &str,
    samples: &[PathBuf],
) {
    if let Err(error) = unfinished(client, screen).await {
        screen.say(format!(
            "the list of experiments could not be read: {error:#}"
        ));
    }
    for sample in samples {
        if let Err(error) = run(client, screen, folders, own, sample).await {
            let error = printable(&format!("{error:#}"));
            screen.say(format!("{} could not be shown: {error}", sample.display()));
        }
    }
    screen.say("serving until Ctrl-C");
    std::future::pending().await
}

/// Says which experiments of an earlier start go on.
async fn unfinished(client: &Client, screen: &Screen) -> anyhow::Result<()> {
    let list = client.list(100, None).await?;
    for experiment in &list.experiments {
        if !experiment.status.is_final() {
            let id = one_line(&experiment.id, 100);
            screen.say(format!("an experiment of an earlier start goes on: {id}"));
        }
    }
    Ok(())
}

async fn run(
    client: &Client,
    screen: &Screen,
    folders: &Folders,
    own: &str,
    sample: &Path,
) -> anyhow::Result<()> {
    screen.say(format!("running {}", sample.display()));
    let experiment = client.create(&file::read(sample)?).await?;
    let id: ExperimentId = experiment.id.parse()?;
    let mut progress = Progress::new(screen, false);
    let experiment = watch(client, &id, &mut progress, PATIENCE).await?;
    drop(progress);
    let summary = client.summary(&id).await.context("there is no summary")?;
    screen.say(tables::scores(&summary));
    screen.say(links(client, folders, own, &experiment));
    Ok(())
}

fn links(client: &Client, folders: &Folders, own: &str, experiment: &Experiment) -> String {
    let links = &experiment.links;
    let id = one_line(&experiment.id, 100);
    let mut text = format!("  experiment   {}\n", client.link(&links.itself));
    text += &format!("  items        {own} results {id}");
    if let Some(ui) = &links.temporal_ui {
        text += &format!("\n  workflow     {}", client.link(ui));
    }
    for delivery in experiment.models.iter().flat_map(|run| &run.deliveries) {
        if let Some(key) = &delivery.location {
            let file = folders.artifacts().join(one_line(key, usize::MAX));
            text += &format!("\n  {:12} {}", one_line(&delivery.sink, 12), file.display());
        }
    }
    text
}
