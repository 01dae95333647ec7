//! What an experiment does, written before it starts, and what remains of its runs when they have ended.

use domain::experiment::ExperimentId;
use domain::spec::ExperimentSpec;
use domain::summary::RunSummary;
use object_store::path::Path;

use crate::keys;
use crate::prepared::Prepared;
use crate::run::Run;
use crate::store::{Error, Store};

impl Store {
    /// Archives a specification under its own hash, so that an experiment which then cannot start harms no other.
    pub async fn put_spec(
        &self,
        experiment: &ExperimentId,
        spec: &ExperimentSpec,
    ) -> Result<String, Error> {
        let prepared = Prepared::spec(experiment, spec)?;
        let sha256 = prepared.sha256().to_owned();
        self.put_prepared(prepared).await?;
        Ok(sha256)
    }

    pub async fn spec(
        &self,
        experiment: &ExperimentId,
        sha256: &str,
    ) -> Result<ExperimentSpec, Error> {
        let key = keys::spec(experiment, sha256);
        self.get_json(&key)
            .await?
            .ok_or(Error::NotFound(key.to_string()))
    }

    pub async fn put_summary(&self, run: &Run, summary: &RunSummary) -> Result<(), Error> {
        self.put_json(&keys::summary(run), summary).await
    }

    /// What remains of a round of a run; none while it has not ended.
    pub async fn summary(&self, run: &Run) -> Result<Option<RunSummary>, Error> {
        self.get_json(&keys::summary(run)).await
    }

    /// The archived runs of an experiment, each in its latest round, in the order of its models; none when there is no
    /// such experiment.
    pub async fn summaries(&self, experiment: &ExperimentId) -> Result<Vec<RunSummary>, Error> {
        let mut summaries = Vec::new();
        for index in self.numbers_below(&keys::runs(experiment)).await? {
            let mut run = Run {
                experiment: experiment.clone(),
                index,
                round: 0,
            };
            let mut rounds = self.numbers_below(&keys::rounds(&run)).await?;
            rounds.insert(0, 0);
            while let Some(round) = rounds.pop() {
                run.round = round;
                if let Some(summary) = self.summary(&run).await? {
                    summaries.push(summary);
                    break;
                }
            }
        }
        Ok(summaries)
    }

    /// The folders below a prefix that are named by numbers, ascending.
    async fn numbers_below(&self, prefix: &Path) -> Result<Vec<u32>, Error> {
        let listed = self.objects().list_with_delimiter(Some(prefix)).await;
        let folders = listed.map_err(Error::Unavailable)?.common_prefixes;
        let number = |folder: &Path| folder.filename()?.parse().ok();
        let mut numbers: Vec<u32> = folders.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}
