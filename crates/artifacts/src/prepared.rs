//! Objects that are named by their hash, made before they are written: whoever begins something may name them at once.

use domain::experiment::ExperimentId;
use domain::item::DatasetItem;
use domain::schedule::ScheduleId;
use domain::spec::ExperimentSpec;
use object_store::path::Path;
use sha2::{Digest, Sha256};

use crate::folder;
use crate::keys;
use crate::store::{Error, Store, corrupt, lines, on_disk};

/// An object that is not written yet.
pub struct Prepared {
    key: Path,
    bytes: Vec<u8>,
    sha256: String,
}

impl Prepared {
    /// Items that came with a request.
    pub fn upload(items: &[DatasetItem]) -> Result<Self, Error> {
        let bytes = lines(items).map_err(|error| corrupt(&keys::upload(""), &error))?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Ok(Self {
            key: keys::upload(&sha256),
            bytes,
            sha256,
        })
    }

    /// What an experiment does. It is found by its hash, so that one which then cannot start harms no other.
    pub fn spec(experiment: &ExperimentId, spec: &ExperimentSpec) -> Result<Self, Error> {
        Self::json(spec, |sha256| keys::spec(experiment, sha256))
    }

    /// What the experiments of a schedule do.
    pub fn scheduled_spec(schedule: &ScheduleId, spec: &ExperimentSpec) -> Result<Self, Error> {
        Self::json(spec, |sha256| keys::scheduled_spec(schedule, sha256))
    }

    fn json(spec: &ExperimentSpec, key: impl Fn(&str) -> Path) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(spec).map_err(|error| corrupt(&key(""), &error))?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Ok(Self {
            key: key(&sha256),
            bytes,
            sha256,
        })
    }

    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl Store {
    /// Writes a prepared object, unless it is there.
    pub async fn put_prepared(&self, prepared: Prepared) -> Result<(), Error> {
        let Some(path) = self.path_of(&prepared.key)? else {
            return match self.exists(&prepared.key).await? {
                true => Ok(()),
                false => self.put(&prepared.key, prepared.bytes).await,
            };
        };
        on_disk(move || match path.try_exists()? {
            true => Ok(()),
            false => folder::put(&path, &prepared.bytes),
        })
        .await
    }

    /// Whether an experiment's specification of that hash is archived.
    pub async fn has_spec(&self, experiment: &ExperimentId, sha256: &str) -> Result<bool, Error> {
        self.exists(&keys::spec(experiment, sha256)).await
    }
}
