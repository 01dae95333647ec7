//! Schedules in memory: kept as they were created, and changed as they are told.

use api::{ApiError, NewSchedule, Page, ScheduleChange, ScheduleOrder, Scheduled, Schedules};
use api_types::schedules::{Schedule, ScheduleCounts, ScheduleLinks};
use async_trait::async_trait;
use domain::schedule::ScheduleId;
use jiff::Timestamp;

use crate::memory::{Memory, cut};

#[async_trait]
impl Schedules for Memory {
    async fn create_schedule(&self, new: NewSchedule) -> Result<(), ApiError> {
        self.reached().await?;
        let mut schedules = self.schedules.lock().unwrap();
        if schedules.contains_key(&new.id) {
            return Err(ApiError::Conflict(new.id.to_string()));
        }
        schedules.insert(new.id.clone(), new);
        Ok(())
    }

    async fn describe_schedule(&self, id: &ScheduleId) -> Result<Option<Scheduled>, ApiError> {
        self.reached().await?;
        Ok(self.schedules.lock().unwrap().get(id).map(shown))
    }

    async fn list_schedules(&self, page: Page) -> Result<(Vec<ScheduleId>, Vec<u8>), ApiError> {
        self.reached().await?;
        let ids: Vec<ScheduleId> = self.schedules.lock().unwrap().keys().cloned().collect();
        Ok(cut(&ids, &page))
    }

    async fn change_schedule(
        &self,
        id: &ScheduleId,
        change: ScheduleChange,
    ) -> Result<bool, ApiError> {
        self.reached().await?;
        let mut schedules = self.schedules.lock().unwrap();
        let Some(there) = schedules.get_mut(id) else {
            return Ok(false);
        };
        there.spec = change.spec.unwrap_or(there.spec.clone());
        there.overlap_policy = change.overlap_policy.unwrap_or(there.overlap_policy);
        there.note = change.note.or(there.note.take());
        there.action = change.action.unwrap_or(there.action.clone());
        Ok(true)
    }

    async fn order_schedule(
        &self,
        id: &ScheduleId,
        order: ScheduleOrder,
    ) -> Result<bool, ApiError> {
        self.reached().await?;
        let mut schedules = self.schedules.lock().unwrap();
        let Some(there) = schedules.get_mut(id) else {
            return Ok(false);
        };
        match order {
            ScheduleOrder::Pause(note) => (there.paused, there.note) = (true, Some(note)),
            ScheduleOrder::Resume(note) => (there.paused, there.note) = (false, Some(note)),
            ScheduleOrder::Trigger(_) | ScheduleOrder::Backfill { .. } => {}
        }
        Ok(true)
    }

    async fn delete_schedule(&self, id: &ScheduleId) -> Result<bool, ApiError> {
        self.reached().await?;
        Ok(self.schedules.lock().unwrap().remove(id).is_some())
    }
}

fn shown(there: &NewSchedule) -> Scheduled {
    let memo = there.action.memo.clone();
    Scheduled {
        schedule: Schedule {
            id: there.id.to_string(),
            experiment_name: memo.experiment_name,
            models: memo.models,
            spec_sha256: memo.spec_sha256,
            spec: there.spec.clone(),
            overlap_policy: there.overlap_policy,
            catchup_window: there.catchup_window,
            pause_on_failure: there.pause_on_failure,
            paused: there.paused,
            note: there.note.clone(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: None,
            next_times: Vec::new(),
            running: Vec::new(),
            recent: Vec::new(),
            counts: ScheduleCounts::default(),
            links: ScheduleLinks {
                itself: format!("/v1/schedules/{}", there.id),
            },
        },
        request_sha256: Some(there.request_sha256.clone()),
    }
}
