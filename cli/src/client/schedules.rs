//! The operations of schedules.

use api_types::schedules::{Schedule, ScheduleList};
use domain::schedule::ScheduleId;
use reqwest::Method;
use serde_json::Value;

use crate::client::{Client, Error, error};

impl Client {
    /// Creates a schedule. Repeated once when the connection breaks: the key makes that harmless.
    pub(crate) async fn create_schedule(&self, schedule: &Value) -> Result<Schedule, Error> {
        self.create_at(&["v1", "schedules"], schedule).await
    }

    pub(crate) async fn schedules(&self, page_token: Option<&str>) -> Result<ScheduleList, Error> {
        let request = self
            .request(Method::GET, &["v1", "schedules"])
            .query(&[("page_token", page_token)]);
        self.send(request).await
    }

    pub(crate) async fn schedule(&self, id: &ScheduleId) -> Result<Schedule, Error> {
        let path = ["v1", "schedules", id.as_ref()];
        self.send(self.request(Method::GET, &path)).await
    }

    pub(crate) async fn update_schedule(
        &self,
        id: &ScheduleId,
        change: &Value,
    ) -> Result<Schedule, Error> {
        let path = ["v1", "schedules", id.as_ref()];
        self.send(self.request(Method::PATCH, &path).json(change))
            .await
    }

    /// Tells a schedule something; `what` is the last part of the path.
    pub(crate) async fn tell_schedule(
        &self,
        id: &ScheduleId,
        what: &str,
        body: &Value,
    ) -> Result<Schedule, Error> {
        let path = ["v1", "schedules", id.as_ref(), what];
        self.send(self.request(Method::POST, &path).json(body))
            .await
    }

    pub(crate) async fn delete_schedule(&self, id: &ScheduleId) -> Result<(), Error> {
        let path = ["v1", "schedules", id.as_ref()];
        let answer = self.request(Method::DELETE, &path).send().await;
        error::of_status(&self.api, answer).await.map(drop)
    }
}
