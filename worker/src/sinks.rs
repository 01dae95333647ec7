//! Where results are delivered when a run has ended. Each sink replaces what an earlier delivery left.

mod csv;
mod jsonl;
mod stdout;

use artifacts::Store;
use artifacts::run::Run;
use domain::aggregate::Aggregate;
use domain::config::SinkConfig;
use domain::result::ItemResult;

/// A run that has ended, as sinks see it.
pub(crate) struct Finished<'a> {
    pub(crate) store: &'a Store,
    pub(crate) run: &'a Run,
    pub(crate) model: &'a str,
    /// The scorers' names, in the order of the configuration.
    pub(crate) scorers: Vec<String>,
    pub(crate) aggregates: &'a [Aggregate],
}

/// Delivers to one sink; says where the results are, when they are a file.
pub(crate) async fn deliver(
    sink: &SinkConfig,
    finished: &Finished<'_>,
) -> Result<Option<String>, artifacts::Error> {
    match sink {
        SinkConfig::Jsonl(_) => jsonl::deliver(finished).await.map(Some),
        SinkConfig::Csv(_) => csv::deliver(finished).await.map(Some),
        SinkConfig::Stdout(_) => {
            stdout::deliver(finished);
            Ok(None)
        }
    }
}

impl Finished<'_> {
    /// Writes a file made of the results, chunk by chunk.
    async fn write(
        &self,
        extension: &str,
        header: Vec<u8>,
        mut encode: impl FnMut(&[ItemResult]) -> Vec<u8>,
    ) -> Result<String, artifacts::Error> {
        let mut export = self.store.export(self.run, self.model, extension);
        export.write(&header).await?;
        for chunk in self.store.scored_chunks(self.run).await? {
            let results = self
                .store
                .results(self.run, chunk)
                .await?
                .unwrap_or_default();
            export.write(&encode(&results)).await?;
        }
        export.finish().await
    }
}
