//! When a task queue was last polled.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::{Client, NamespacedClient};
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;

use crate::error::ApiError;
use crate::execution::TaskKind;
use crate::temporal::call::{failed, request, time, while_alive};

/// A poll lasts a minute at most, so a poller that has not been seen for longer is gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(70);

/// How long an answer is good for, so that many runs on one queue make one question.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The last poll, and when Temporal has told of it.
type Answer = (Instant, Option<Timestamp>);

/// What was answered lately, by task queue.
#[derive(Default)]
pub(super) struct Pollers {
    answers: Mutex<HashMap<(String, TaskKind), Answer>>,
}

impl Pollers {
    pub(super) async fn last_poll(
        &self,
        client: &Client,
        task_queue: &str,
        kind: TaskKind,
    ) -> Result<Option<Timestamp>, ApiError> {
        let key = (task_queue.to_owned(), kind);
        if let Some((at, answer)) = self.answers().get(&key).copied()
            && at.elapsed() < GOOD_FOR
        {
            return Ok(answer);
        }
        let answer = ask(client, task_queue, kind).await?;
        let mut answers = self.answers();
        answers.retain(|_, (at, _)| at.elapsed() < GOOD_FOR);
        answers.insert(key, (Instant::now(), answer));
        Ok(answer)
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<(String, TaskKind), Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(
    client: &Client,
    task_queue: &str,
    kind: TaskKind,
) -> Result<Option<Timestamp>, ApiError> {
    let kind = match kind {
        TaskKind::Workflow => TaskQueueType::Workflow,
        TaskKind::Activity => TaskQueueType::Activity,
    };
    let mut service = client.clone();
    let describe = service.describe_task_queue(request(DescribeTaskQueueRequest {
        namespace: client.namespace(),
        task_queue: Some(TaskQueue {
            name: task_queue.to_owned(),
            ..Default::default()
        }),
        task_queue_type: kind.into(),
        ..Default::default()
    }));
    let described = while_alive(client, describe)
        .await?
        .map_err(failed)?
        .into_inner();
    let now = Timestamp::now();
    let is_there = |seen: Timestamp| now.duration_since(seen).unsigned_abs() < LONGEST_SILENCE;
    Ok(described
        .pollers
        .iter()
        .filter_map(|poller| time!(poller.last_access_time))
        .filter(|seen| is_there(*seen))
        .max())
}
