//! Custom scorers: somebody else judges, and says what in JSON.

use domain::config::{ActivityScorer, AdapterConfig, HttpScorer};
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, CallErrorKind, Output};
use domain::score::ScoreValue;
use serde_json::{Map, Value};

use super::asking::{Replies, Respondent, Sends, answer, answered, question};
use super::{Unscorable, Verdict};
use crate::text::quote;

/// The longest comment in characters, and the most metadata in bytes, that a verdict may have.
const LONGEST_COMMENT: usize = 10_000;
const MOST_METADATA: usize = 64 << 10;

/// One who judges elsewhere.
pub struct Custom {
    respondents: [Respondent; 1],
    concurrency: u32,
}

impl Custom {
    pub(super) fn activity(config: &ActivityScorer) -> Result<Self, Fault> {
        let call = config.call();
        if let Some((field, message)) = call.fault() {
            return Err(Fault::new(field, message));
        }
        Ok(Self {
            respondents: [Respondent {
                name: format!("{} of {}", call.activity, call.task_queue),
                adapter: AdapterConfig::Activity(call),
                sends: Sends::Inputs,
            }],
            concurrency: config.concurrency,
        })
    }

    pub(super) fn http(config: &HttpScorer) -> Self {
        Self {
            respondents: [Respondent {
                name: config.provider.clone(),
                adapter: AdapterConfig::Http(config.call()),
                sends: Sends::Item,
            }],
            concurrency: config.concurrency,
        }
    }

    pub(super) fn respondents(&self) -> &[Respondent] {
        &self.respondents
    }

    pub(super) fn concurrency(&self) -> u32 {
        self.concurrency
    }

    /// One question: everything that is known of the item, and the output.
    pub(super) fn questions(
        &self,
        item: &DatasetItem,
        output: &Output,
    ) -> Result<Vec<DatasetItem>, Unscorable> {
        let answer = answered(output)?.clone();
        let mut asked = vec![
            ("id", Value::from(item.id.as_str())),
            ("input", item.input.clone().into()),
            ("output", answer),
            ("metadata", item.metadata.clone().into()),
        ];
        if let Some(expected) = &item.expected {
            asked.push(("expected", expected.clone()));
        }
        let [respondent] = &self.respondents;
        if respondent.sends == Sends::Item {
            let named = asked
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            asked = vec![(HttpScorer::BODY, Value::Object(named.collect()))];
        }
        Ok(vec![question(item, "score", asked)])
    }

    /// An answer of another form is a fault of who gives it, and not asked for again.
    pub(super) fn check(&self, answer: &Answer) -> Result<(), CallError> {
        let read = read(&answer.value).map(drop);
        read.map_err(|reason| CallError::new(CallErrorKind::BadAnswer, reason))
    }

    pub(super) fn verdict(
        &self,
        questions: &[DatasetItem],
        replies: &[Replies],
    ) -> Result<Verdict, Unscorable> {
        let [respondent] = &self.respondents;
        let Some(question) = questions.first() else {
            return Err(Unscorable("nothing was asked".to_owned()));
        };
        let answer = answer(question, respondent, replies.first())?;
        read(&answer.value).map_err(Unscorable)
    }
}

/// Reads `{"value": …, "comment"?: …, "metadata"?: …}`, and nothing else.
fn read(answer: &Value) -> Result<Verdict, String> {
    let Value::Object(answer) = answer else {
        return Err(format!("{} is no JSON object", quote(&answer.to_string())));
    };
    let unknown = |key: &&String| !matches!(key.as_str(), "value" | "comment" | "metadata");
    if let Some(key) = answer.keys().find(unknown) {
        return Err(format!(
            "the verdict has a key {} that means nothing",
            quote(key)
        ));
    }
    let value = match answer.get("value") {
        Some(Value::Bool(value)) => ScoreValue::Boolean(*value),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(value) if (0.0..=1.0).contains(&value) => ScoreValue::Number(value),
            _ => return Err(format!("the `value` {number} is not from 0 to 1")),
        },
        Some(other) => {
            let other = quote(&other.to_string());
            return Err(format!("the `value` {other} is neither number nor boolean"));
        }
        None => return Err("the verdict has no `value`".to_owned()),
    };
    let mut verdict = Verdict::of(value);
    verdict.comment = match answer.get("comment") {
        None | Some(Value::Null) => None,
        Some(Value::String(comment)) if comment.chars().count() <= LONGEST_COMMENT => {
            Some(comment.clone())
        }
        Some(_) => {
            return Err(format!(
                "a `comment` is a text of at most {LONGEST_COMMENT} characters"
            ));
        }
    };
    verdict.metadata = match answer.get("metadata") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(metadata))
            if Value::Object(metadata.clone()).to_string().len() <= MOST_METADATA =>
        {
            metadata.clone()
        }
        Some(_) => {
            return Err(format!(
                "`metadata` is an object of at most {MOST_METADATA} bytes"
            ));
        }
    };
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scorers::Scorer;

    fn scorer() -> Scorer {
        let config = json!({"type": "activity", "task_queue": "q", "activity": "score"});
        Scorer::compile(&serde_json::from_value(config).unwrap()).unwrap()
    }

    #[test]
    fn everything_known_of_the_item_is_sent_and_the_verdict_becomes_the_score() {
        let item = json!({"id": "1", "input": {"a": 1}, "expected": [2], "metadata": {"m": 3}});
        let item: DatasetItem = serde_json::from_value(item).unwrap();
        let output = Output::answered("1".to_owned(), 1, Answer::of(json!({"x": 4})));
        let scorer = scorer();
        let question = &scorer.questions(&item, &output)[0];
        assert_eq!(
            Value::Object(question.input.clone()),
            json!({"id": "1", "input": {"a": 1}, "output": {"x": 4}, "metadata": {"m": 3}, "expected": [2]})
        );
        let verdict = json!({"value": 0.25, "comment": "so so", "metadata": {"why": [1]}});
        let reply = Output::answered(question.id.clone(), 1, Answer::of(verdict));
        let replies = Replies::from_iter([reply]);
        let score = scorer.judge(&item, &output, &[replies]).score.unwrap();
        assert_eq!(score.value, ScoreValue::Number(0.25));
        assert_eq!(score.comment.as_deref(), Some("so so"));
        assert_eq!(score.metadata["why"], json!([1]));
        assert_eq!(score.eval_id, "activity.v1");
    }

    #[test]
    fn a_verdict_of_another_form_is_refused_with_the_reason() {
        for (verdict, reason) in [
            (json!(1), "no JSON object"),
            (json!({}), "no `value`"),
            (json!({"value": "1"}), "neither number nor boolean"),
            (json!({"value": 1.5}), "not from 0 to 1"),
            (json!({"value": null}), "neither number nor boolean"),
            (json!({"value": 1, "comment": 2}), "a `comment` is a text"),
            (
                json!({"value": 1, "comment": "x".repeat(10_001)}),
                "a `comment` is a text",
            ),
            (
                json!({"value": 1, "metadata": []}),
                "`metadata` is an object",
            ),
            (json!({"value": 1, "score": 1}), "a key `score`"),
        ] {
            let answer = Answer::of(verdict.clone());
            let error = scorer().inquiry().unwrap().check(&answer).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::BadAnswer, "{verdict}");
            assert!(
                error.message.contains(reason),
                "{verdict}: {}",
                error.message
            );
        }
        let good = Answer::of(json!({"value": true, "comment": null}));
        assert!(scorer().inquiry().unwrap().check(&good).is_ok());
    }

    #[test]
    fn an_activity_without_a_name_or_of_temporals_own_queues_is_a_fault() {
        for (queue, activity, pointer) in [
            (" ", "a", "/task_queue"),
            ("/_sys/x", "a", "/task_queue"),
            ("q", "a\nb", "/activity"),
        ] {
            let config = json!({"type": "activity", "task_queue": queue, "activity": activity});
            let fault = Scorer::compile(&serde_json::from_value(config).unwrap()).err();
            assert_eq!(fault.unwrap().pointer, pointer);
        }
    }
}
