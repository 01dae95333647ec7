//! What an experiment does, written before it starts, and what remains of its runs when they have ended.

use domain::experiment::ExperimentId;
use domain::schedule::ScheduleId;
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

    /// The specification of a schedule's experiments, by its hash.
    pub async fn scheduled_spec(
        &self,
        schedule: &ScheduleId,
        sha256: &str,
    ) -> Result<ExperimentSpec, Error> {
        let key = keys::scheduled_spec(schedule, sha256);
        self.get_json(&key)
            .await?
            .ok_or(Error::NotFound(key.to_string()))
    }

    /// The specification of an experiment that a schedule has started. The experiment takes it over, so that it has it
    /// whatever becomes of the schedule. Not so when the id stands for another one that Temporal has forgotten.
    pub async fn take_over_spec(
        &self,
        schedule: &ScheduleId,
        experiment: &ExperimentId,
        sha256: &str,
    ) -> Result<ExperimentSpec, Error> {
        match self.spec(experiment, sha256).await {
            Err(Error::NotFound(_)) => {
                let spec = self.scheduled_spec(schedule, sha256).await?;
                if !self.summaries(experiment).await?.is_empty() {
                    return Err(Error::Corrupt {
                        key: keys::spec(experiment, sha256).to_string(),
                        message: "an experiment of that id is archived that did something else"
                            .to_owned(),
                    });
                }
                self.put_spec(experiment, &spec).await?;
                Ok(spec)
            }
            read => read,
        }
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
