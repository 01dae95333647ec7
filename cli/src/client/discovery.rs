//! The operations that tell what can be named in an experiment.

use api_types::discovery::{
    AdapterList, ProviderList, ScorerList, TaskQueue, WebhookList, WebhookTestResult,
};
use reqwest::Method;

use crate::client::{Client, Error};

impl Client {
    pub(crate) async fn scorers(&self) -> Result<ScorerList, Error> {
        self.send(self.request(Method::GET, &["v1", "scorers"]))
            .await
    }

    pub(crate) async fn adapters(&self) -> Result<AdapterList, Error> {
        self.send(self.request(Method::GET, &["v1", "adapters"]))
            .await
    }

    pub(crate) async fn providers(&self) -> Result<ProviderList, Error> {
        self.send(self.request(Method::GET, &["v1", "providers"]))
            .await
    }

    pub(crate) async fn webhooks(&self) -> Result<WebhookList, Error> {
        self.send(self.request(Method::GET, &["v1", "webhooks"]))
            .await
    }

    pub(crate) async fn test_webhook(&self, name: &str) -> Result<WebhookTestResult, Error> {
        let path = ["v1", "webhooks", name, "test"];
        self.send(self.request(Method::POST, &path)).await
    }

    pub(crate) async fn task_queue(&self, name: &str) -> Result<TaskQueue, Error> {
        self.send(self.request(Method::GET, &["v1", "task-queues", name]))
            .await
    }
}
