//! What workers announce of themselves, by the task queue that they work on.

use domain::equipment::Equipment;
use futures::TryStreamExt;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::keys;
use crate::store::{Error, Store, corrupt};

impl Store {
    /// Announces what a worker has. What is the same as before stands where it stood, at a later time.
    pub async fn announce(&self, task_queue: &str, equipment: &Equipment) -> Result<(), Error> {
        let bytes = serde_json::to_vec(equipment)
            .map_err(|error| corrupt(&keys::equipments(task_queue), &error))?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        self.put(&keys::equipment(task_queue, &sha256), bytes).await
    }

    /// What has been announced on a task queue, and when last; the latest first.
    pub async fn equipments(&self, task_queue: &str) -> Result<Vec<(Equipment, Timestamp)>, Error> {
        let prefix = keys::equipments(task_queue);
        let listed = self.objects().list(Some(&prefix)).try_collect::<Vec<_>>();
        let mut announced = Vec::new();
        for object in listed.await.map_err(Error::Unavailable)? {
            let at = object.last_modified.timestamp_millis();
            let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
            if let Some(equipment) = self.get_json(&object.location).await? {
                announced.push((equipment, at));
            }
        }
        announced.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        Ok(announced)
    }
}
