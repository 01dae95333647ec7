//! Where results are delivered when a run has ended. Each sink replaces what an earlier delivery left.

mod junit;
mod langfuse;
mod report;
mod stdout;
mod table;
mod webhook;

use artifacts::Store;
use artifacts::run::Run;
use domain::config::SinkConfig;
use domain::result::ItemResult;
use domain::spec::ExperimentSpec;
use domain::summary::RunSummary;
use tables::Format;

use crate::receivers::{self, Receivers};

/// A run that has ended, as sinks see it.
pub(crate) struct Finished<'a> {
    pub(crate) store: &'a Store,
    pub(crate) receivers: &'a Receivers,
    pub(crate) run: &'a Run,
    pub(crate) spec: &'a ExperimentSpec,
    /// As it is archived, but for what became of the sinks.
    pub(crate) summary: &'a RunSummary,
}

/// Why a delivery failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Artifacts(#[from] artifacts::Error),
    #[error(transparent)]
    Table(#[from] tables::Error),
    #[error(transparent)]
    Report(#[from] reports::Error),
    #[error(transparent)]
    Receiver(#[from] receivers::Error),
}

impl Error {
    /// Whether the same delivery may succeed later.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Artifacts(error) => error.is_retryable(),
            Self::Receiver(error) => error.is_retryable(),
            Self::Table(_) | Self::Report(_) => false,
        }
    }
}

/// Delivers to one sink; says where the results are, when they are a file.
pub(crate) async fn deliver(
    sink: &SinkConfig,
    finished: &Finished<'_>,
) -> Result<Option<String>, Error> {
    match sink {
        SinkConfig::Jsonl(_) => table::deliver(Format::Jsonl, finished).await.map(Some),
        SinkConfig::Csv(_) => table::deliver(Format::Csv, finished).await.map(Some),
        SinkConfig::Parquet(_) => table::deliver(Format::Parquet, finished).await.map(Some),
        SinkConfig::Junit(sink) => junit::deliver(sink, finished).await.map(Some),
        SinkConfig::Html(sink) => report::html(sink, finished).await.map(Some),
        SinkConfig::Markdown(sink) => report::markdown(sink, finished).await.map(Some),
        SinkConfig::Webhook(sink) => webhook::deliver(sink, finished).await.map(|()| None),
        SinkConfig::Langfuse(_) => langfuse::deliver(finished).await.map(|()| None),
        SinkConfig::Stdout(_) => {
            stdout::deliver(finished);
            Ok(None)
        }
    }
}

impl Finished<'_> {
    fn model(&self) -> &str {
        &self.summary.model
    }

    /// The scorers' names, in the order of the configuration.
    fn scorers(&self) -> Vec<String> {
        let scorers = self.spec.scorers.iter();
        scorers.map(|scorer| scorer.name().to_owned()).collect()
    }

    /// Shows the results to `visit`, chunk by chunk.
    async fn visit(&self, mut visit: impl FnMut(&[ItemResult])) -> Result<(), Error> {
        for chunk in self.store.scored_chunks(self.run).await? {
            visit(&self.results(chunk).await?);
        }
        Ok(())
    }

    async fn results(&self, chunk: u64) -> Result<Vec<ItemResult>, Error> {
        let results = self.store.results(self.run, chunk).await?;
        Ok(results.unwrap_or_default())
    }

    /// Writes a file made of the results, chunk by chunk, between what stands before and after them.
    async fn write(
        &self,
        extension: &str,
        before: &[u8],
        mut encode: impl FnMut(&[ItemResult]) -> Vec<u8>,
        after: &[u8],
    ) -> Result<String, Error> {
        let mut export = self.store.export(self.run, self.model(), extension);
        export.write(before).await?;
        for chunk in self.store.scored_chunks(self.run).await? {
            export.write(&encode(&self.results(chunk).await?)).await?;
        }
        export.write(after).await?;
        Ok(export.finish().await?)
    }
}
