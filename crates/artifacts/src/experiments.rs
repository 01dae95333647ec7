//! What an experiment does, written before it starts, and what remains of its runs when they have ended.

use domain::experiment::ExperimentId;
use domain::schedule::ScheduleId;
use domain::spec::ExperimentSpec;
use domain::summary::RunSummary;
use domain::tenant::Tenant;
use futures::TryStreamExt;
use object_store::ObjectStore;
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
        self.spec_at(keys::spec(experiment, sha256)).await
    }

    /// The specification of a schedule's experiments, by its hash.
    pub async fn scheduled_spec(
        &self,
        schedule: &ScheduleId,
        sha256: &str,
    ) -> Result<ExperimentSpec, Error> {
        self.spec_at(keys::scheduled_spec(schedule, sha256)).await
    }

    async fn spec_at(&self, key: Path) -> Result<ExperimentSpec, Error> {
        let spec = self.get_json(&key).await?;
        spec.ok_or(Error::NotFound(key.to_string()))
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

    /// At most so many experiments of a tenant, or of none, of which something is stored, in the order of their keys: those
    /// that come after one, or the first. In a bucket the cost is that of those that are given, whatever there is besides,
    /// but for a caller without a tenant: those of tenants are passed over one by one.
    pub async fn experiments_after(
        &self,
        tenant: Option<&Tenant>,
        after: Option<&ExperimentId>,
        most: usize,
    ) -> Result<Vec<ExperimentId>, Error> {
        match self.is_local() {
            true => self.experiments_of_folder(tenant, after, most).await,
            false => self.experiments_of_bucket(tenant, after, most).await,
        }
    }

    async fn experiments_of_folder(
        &self,
        tenant: Option<&Tenant>,
        after: Option<&ExperimentId>,
        most: usize,
    ) -> Result<Vec<ExperimentId>, Error> {
        let folder = keys::experiments();
        let listed = self.objects().list_with_delimiter(Some(&folder)).await;
        let folders = listed.map_err(Error::Unavailable)?.common_prefixes;
        let ids = folders
            .iter()
            .filter_map(|key| ExperimentId::of_whole(key.filename()?).ok())
            .filter(|id| id.tenant() == tenant);
        let mut ids: Vec<ExperimentId> = ids.collect();
        // As keys sort, in which a slash follows an id.
        let order = |id: &ExperimentId| format!("{}/", id.whole());
        ids.sort_by_key(order);
        let after = after.map(order);
        ids.retain(|id| after.as_ref().is_none_or(|after| order(id) > *after));
        ids.truncate(most);
        Ok(ids)
    }

    async fn experiments_of_bucket(
        &self,
        tenant: Option<&Tenant>,
        after: Option<&ExperimentId>,
        most: usize,
    ) -> Result<Vec<ExperimentId>, Error> {
        let folder = keys::experiments();
        let objects = self.objects();
        let mut ids: Vec<ExperimentId> = Vec::new();
        let mut offset = after.map(keys::behind).or(tenant.map(keys::before));
        while ids.len() < most {
            let mut listed = match &offset {
                None => objects.list(Some(&folder)),
                Some(offset) => objects.list_with_offset(Some(&folder), offset),
            };
            let next = listed.try_next().await.map_err(Error::Unavailable)?;
            let Some(id) = next.and_then(|next| keys::experiment_of(&next.location)) else {
                break;
            };
            // Behind everything of it.
            offset = Some(keys::behind(&id));
            match id.tenant() == tenant {
                true => ids.push(id),
                // Those of a tenant stand together.
                false if tenant.is_some() => break,
                false => {}
            }
        }
        Ok(ids)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn experiments_come_in_one_order_from_any_place_on() {
        let folder = tempfile::tempdir().unwrap();
        let local = Store::open(folder.path().to_str().unwrap(), []).unwrap();
        let all = ["a-b", "a.b", "a", "a0", "b"];
        let of_acme = ["acme@a", "acme@b"];
        let acme: Tenant = "acme".parse().unwrap();
        let id = |whole: &str| ExperimentId::of_whole(whole).unwrap();
        for store in [local, Store::bucket_in_memory()] {
            for whole in all.into_iter().chain(of_acme) {
                let run = Run {
                    experiment: id(whole),
                    index: 0,
                    round: 0,
                };
                for chunk in 0..2 {
                    store.put_results(&run, chunk, &[]).await.unwrap();
                }
            }
            for place in 0..=all.len() {
                let after: Option<ExperimentId> =
                    place.checked_sub(1).map(|before| id(all[before]));
                let found = store
                    .experiments_after(None, after.as_ref(), 2)
                    .await
                    .unwrap();
                let found: Vec<String> = found.into_iter().map(String::from).collect();
                assert_eq!(found, all[place..(place + 2).min(all.len())]);
            }
            let found = store.experiments_after(Some(&acme), None, 9).await.unwrap();
            assert_eq!(found, of_acme.map(id));
            let first = id(of_acme[0]);
            let found = store.experiments_after(Some(&acme), Some(&first), 9).await;
            assert_eq!(found.unwrap(), [id(of_acme[1])]);
        }
    }
}
