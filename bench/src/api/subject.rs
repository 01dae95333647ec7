//! A service whose API is measured, with experiments in each state that is asked for.

use std::time::Duration;

use super::{
    MOST_AT_ONCE, Maker, Model, Operation, Request, Sender, Service, Temporal, experiment,
    write_items,
};

pub(super) struct Subject {
    name: &'static str,
    service: Service,
    running: Vec<String>,
    completed: String,
}

impl Subject {
    /// Starts the API. A worker completes one experiment and is ended; the next ones wait for ever.
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
        let mut running = Vec::new();
        for _ in 0..MOST_AT_ONCE {
            running.push(service.create(&body).await?);
        }
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

    /// The experiment whose status a client asks for.
    pub(super) fn asked(&self, operation: Operation, client: u32) -> &str {
        match operation {
            Operation::StatusCompleted => &self.completed,
            Operation::StatusApart => &self.running[client as usize % self.running.len()],
            Operation::Create | Operation::StatusRunning => &self.running[0],
        }
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
        let request = |client| match operation {
            Operation::Create => {
                let body = experiment("items.jsonl", 10).to_string();
                Request::Post("/v1/experiments".to_owned(), body, 201)
            }
            _ => Request::Get(
                format!("/v1/experiments/{}", self.asked(operation, client)),
                200,
            ),
        };
        Sender::several(self.service.address, (0..count).map(request)).await
    }
}
