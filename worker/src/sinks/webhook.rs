//! A message to a webhook: that the run has ended, how, and where to read on.

use domain::config::WebhookSink;
use domain::dataset::DatasetRef;
use domain::progress::Generated;
use domain::result::StateCounts;
use domain::summary::{RunSummary, ScorerSummary, Status};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::receivers;
use crate::sinks::{Error, Finished};

/// What a receiver is told, in the form that Standard Webhooks recommends.
#[derive(Debug, Serialize)]
struct Message<'a> {
    /// Such as `run.completed`.
    #[serde(rename = "type")]
    kind: String,
    /// When the run ended.
    timestamp: Timestamp,
    data: Data<'a>,
}

/// The summary of the run, as the API gives it.
#[derive(Debug, Serialize)]
struct Data<'a> {
    experiment_id: &'a str,
    experiment_name: &'a str,
    model: &'a str,
    index: u32,
    round: u32,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    started_at: Timestamp,
    ended_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec_sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<&'a DatasetRef>,
    states: StateCounts,
    generated: Generated,
    scorers: Vec<ScorerSummary>,
    links: Links,
}

/// Paths of the API.
#[derive(Debug, Serialize)]
struct Links {
    experiment: String,
    summary: String,
    results: String,
}

pub(crate) async fn deliver(sink: &WebhookSink, finished: &Finished<'_>) -> Result<(), Error> {
    let webhook = finished.receivers.webhooks.get(&sink.endpoint)?;
    let body = body(finished.summary);
    let id = message_id(finished.summary, &sink.endpoint);
    receivers::send(webhook.message(&finished.receivers.http, &id, body)?).await?;
    Ok(())
}

/// The same for every delivery of a round of a run to a webhook, so that the receiver can drop what it has had already.
fn message_id(summary: &RunSummary, endpoint: &str) -> String {
    let RunSummary {
        experiment_id,
        index,
        round,
        ..
    } = summary;
    let of = format!("{experiment_id}\n{index}\n{round}\n{endpoint}");
    format!("msg_{}", &hex::encode(Sha256::digest(of))[..32])
}

fn body(summary: &RunSummary) -> String {
    let progress = &summary.progress;
    let path = format!("/v1/experiments/{}", summary.experiment_id);
    let status = serde_json::to_value(summary.status).expect("a status is JSON");
    let message = Message {
        kind: format!("run.{}", status.as_str().unwrap_or_default()),
        timestamp: summary.ended_at,
        data: Data {
            experiment_id: &summary.experiment_id,
            experiment_name: &summary.experiment_name,
            model: &summary.model,
            index: summary.index,
            round: summary.round,
            status: summary.status,
            reason: summary.reason.as_deref(),
            started_at: summary.started_at,
            ended_at: summary.ended_at,
            spec_sha256: summary.spec_sha256.as_deref(),
            dataset: progress.dataset.as_ref(),
            states: progress.states,
            generated: progress.generated,
            scorers: progress
                .aggregates
                .iter()
                .map(ScorerSummary::from)
                .collect(),
            links: Links {
                summary: format!("{path}/summary"),
                results: format!("{path}/results"),
                experiment: path,
            },
        },
    };
    serde_json::to_string(&message).expect("a message is JSON")
}
