//! An activity of somebody else's worker, asked for outputs or by a scorer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use artifacts::run::Caller;
use domain::config::ActivityAdapter;
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, CallErrorKind, TokenUsage};
use evaluation::scorers::Sends;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::standalone::{Call, Standalone};

/// The most that is sent to an activity or taken from it, in bytes of JSON: Temporal keeps all of it.
const LARGEST_PAYLOAD: usize = 256 << 10;

/// One activity, for one run.
pub struct Activity {
    call: ActivityAdapter,
    caller: Caller,
    model: String,
    sends: Sends,
    call_timeout: Duration,
    /// What the gates know the task queue by; no provider of the table is named so.
    gate: String,
    standalone: Arc<Standalone>,
}

/// What an activity that obtains outputs gives back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    output: Value,
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    model: Option<String>,
}

impl Activity {
    pub(super) fn open(
        call: &ActivityAdapter,
        caller: &Caller,
        model: &str,
        sends: Sends,
        call_timeout: Duration,
        standalone: Arc<Standalone>,
    ) -> Self {
        Self {
            gate: format!("~task-queue~{}", call.task_queue),
            call: call.clone(),
            caller: caller.clone(),
            model: model.to_owned(),
            sends,
            call_timeout,
            standalone,
        }
    }

    pub(super) fn provider(&self) -> &str {
        &self.gate
    }

    pub(super) async fn answer(
        &self,
        item: &DatasetItem,
        sample: u32,
    ) -> Result<Answer, CallError> {
        let mut input = self.input(item);
        // The first is sent as items were before there were several.
        if sample > 0 {
            input["sample"] = sample.into();
        }
        let sent = input.to_string();
        if sent.len() > LARGEST_PAYLOAD {
            let message = format!(
                "what is sent to an activity has at most {LARGEST_PAYLOAD} bytes, not {}",
                sent.len()
            );
            return Err(CallError::new(CallErrorKind::Item, message));
        }
        let call = Call {
            id: self.id(item, &sent),
            task_queue: &self.call.task_queue,
            activity: &self.call.activity,
            summary: format!("{} {}", self.caller.run.experiment, item.id),
            input,
            schedule_to_start_timeout: self.call.schedule_to_start_timeout.as_duration(),
            start_to_close_timeout: self.call_timeout,
            heartbeat_timeout: self.call.heartbeat_timeout.map(|it| it.as_duration()),
        };
        let started = Instant::now();
        let result = self.standalone.call(call).await?;
        let mut answer = read(result, self.sends)?;
        answer.latency_ms = Some(started.elapsed().as_micros() as f64 / 1000.0);
        Ok(answer)
    }

    fn input(&self, item: &DatasetItem) -> Value {
        match self.sends {
            Sends::Inputs => Value::Object(item.input.clone()),
            Sends::Item => json!({
                "id": item.id,
                "input": item.input,
                "metadata": item.metadata,
                "model": self.model,
            }),
        }
    }

    /// Equal for what is asked of the same activity, of the same item, in the same run: so a call is found again.
    fn id(&self, item: &DatasetItem, sent: &str) -> String {
        let Caller { run, scorer } = &self.caller;
        let what = json!([
            scorer,
            self.call.task_queue,
            self.call.activity,
            item.id,
            sent
        ]);
        let hash = hex::encode(Sha256::digest(what.to_string().as_bytes()));
        format!("~activity~{}~{}~{}", run.experiment, run.index, &hash[..32])
    }
}

fn read(result: Value, sends: Sends) -> Result<Answer, CallError> {
    let bad = |message: String| CallError::new(CallErrorKind::BadAnswer, message);
    let length = result.to_string().len();
    if length > LARGEST_PAYLOAD {
        return Err(bad(format!(
            "the result of an activity has at most {LARGEST_PAYLOAD} bytes, not {length}"
        )));
    }
    if sends == Sends::Inputs {
        return Ok(Answer::of(result));
    }
    let given: Given = serde_json::from_value(result)
        .map_err(|error| bad(format!("the result of the activity is no output: {error}")))?;
    if given.output.is_null() {
        return Err(bad("the `output` that the activity gave is null".to_owned()));
    }
    Ok(Answer {
        usage: TokenUsage::counted(given.input_tokens, given.output_tokens),
        finish_reason: given.finish_reason,
        model: given.model,
        ..Answer::of(given.output)
    })
}

#[cfg(test)]
mod tests {
    use artifacts::run::Run;

    use super::*;

    fn activity(sends: Sends) -> Activity {
        let run = Run {
            experiment: "e".parse().unwrap(),
            index: 1,
            round: 0,
        };
        let call = json!({"task_queue": "q", "activity": "a"});
        let call = serde_json::from_value(call).unwrap();
        let caller = Caller::outputs(&run);
        let timeout = Duration::from_secs(1);
        Activity::open(&call, &caller, "m", sends, timeout, Arc::default())
    }

    fn item(text: &str) -> DatasetItem {
        serde_json::from_value(json!({"id": "1", "input": {"prompt": text}})).unwrap()
    }

    #[test]
    fn equal_calls_have_one_id_and_others_another() {
        let activity = activity(Sends::Item);
        let id = |text: &str| {
            let item = item(text);
            activity.id(&item, &activity.input(&item).to_string())
        };
        assert_eq!(id("x"), id("x"));
        assert_ne!(id("x"), id("y"));
        assert!(id("x").starts_with("~activity~e~1~"), "{}", id("x"));
    }

    #[test]
    fn results_are_read_strictly() {
        let good = json!({"output": {"a": 1}, "input_tokens": 3, "model": "m-1"});
        let answer = read(good, Sends::Item).unwrap();
        assert_eq!(answer.value, json!({"a": 1}));
        assert_eq!(answer.usage.unwrap().input_tokens, 3);
        assert_eq!(answer.model.as_deref(), Some("m-1"));
        for (bad, reason) in [
            (json!("text"), "is no output"),
            (json!({}), "missing field `output`"),
            (json!({"output": null}), "is null"),
            (json!({"output": 1, "tokens": 2}), "unknown field `tokens`"),
            (
                json!({"output": "x".repeat(LARGEST_PAYLOAD)}),
                "at most 262144 bytes",
            ),
        ] {
            let error = read(bad, Sends::Item).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::BadAnswer);
            assert!(error.message.contains(reason), "{}", error.message);
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_not_sent() {
        let large = item(&"x".repeat(LARGEST_PAYLOAD));
        let error = activity(Sends::Item).answer(&large, 0).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Item);
        assert!(
            error.message.contains("at most 262144 bytes"),
            "{}",
            error.message
        );
    }
}
