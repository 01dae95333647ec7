//! A service whose API is measured, with an experiment in each state that is asked for.

use std::time::Duration;

use super::{Maker, Model, Operation, Request, Sender, Service, Temporal, experiment, write_items};

pub(super) struct Subject {
    name: &'static str,
    service: Service,
    running: String,
    completed: String,
}

impl Subject {
    /// Starts the API. A worker completes one experiment and is ended; the next experiment waits for ever.
    pub(super) async fn start(
        name: &'static str,
        maker: &Maker,
        temporal: &Temporal,
        model: &Model,
    ) -> anyhow::Result<Self> {
        let mut service = Service::start(maker, temporal, model).await?;
        service.start_worker().await?;
        write_items(&service.dataset("items.jsonl"), 20)?;
        let body = experiment("items.jsonl", 10);
        let completed = service.create(&body).await?;
        service
            .completed(&completed, Duration::from_secs(60))
            .await?;
        if let Some(worker) = service.worker.take() {
            worker.kill();
        }
        let running = service.create(&body).await?;
        Ok(Self {
            name,
            service,
            running,
            completed,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn running(&self) -> &str {
        &self.running
    }

    pub(super) fn completed(&self) -> &str {
        &self.completed
    }

    /// CPU time of the API's process, in seconds.
    pub(super) fn cpu(&self) -> anyhow::Result<f64> {
        self.service.api.cpu()
    }

    /// Connections over which an operation is asked for.
    pub(super) async fn senders(
        &self,
        operation: Operation,
        count: u32,
    ) -> anyhow::Result<Vec<Sender>> {
        let request = match operation {
            Operation::Create => {
                let body = experiment("items.jsonl", 10).to_string();
                Request::Post("/v1/experiments".to_owned(), body, 201)
            }
            Operation::StatusRunning => status(&self.running),
            Operation::StatusCompleted => status(&self.completed),
        };
        Sender::several(count, self.service.address, request).await
    }
}

fn status(id: &str) -> Request {
    Request::Get(format!("/v1/experiments/{id}"), 200)
}
