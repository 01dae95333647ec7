//! Embedding similarity: the cosine of the angle between the embeddings of output and reference.

use domain::config::{AdapterConfig, EmbeddingSimilarityScorer};
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, CallErrorKind, Output};
use domain::score::ScoreValue;
use serde_json::{Value, json};

use super::asking::{Replies, Respondent, Sends, answer, answered, question};
use super::reference::reference;
use super::{Unscorable, Verdict};
use crate::text::as_text;

/// A model that embeds texts, and which of them are compared.
pub struct Similarity {
    respondents: [Respondent; 1],
    concurrency: u32,
    expected_field: Option<String>,
}

impl Similarity {
    pub(super) fn new(config: &EmbeddingSimilarityScorer) -> Self {
        Self {
            respondents: [Respondent {
                name: config.model.clone(),
                adapter: AdapterConfig::Embeddings(config.call()),
                sends: Sends::Item,
            }],
            concurrency: config.concurrency,
            expected_field: config.expected_field.clone(),
        }
    }

    pub(super) fn respondents(&self) -> &[Respondent] {
        &self.respondents
    }

    pub(super) fn concurrency(&self) -> u32 {
        self.concurrency
    }

    /// Two questions: the embedding of the output, and that of the reference.
    pub(super) fn questions(
        &self,
        item: &DatasetItem,
        output: &Output,
    ) -> Result<Vec<DatasetItem>, Unscorable> {
        let answer = answered(output)?;
        let expected = reference(item, self.expected_field.as_deref(), &["value"])?;
        let of = |order: &str, what: &str, value: &Value| {
            let text = as_text(value);
            match text.trim().is_empty() {
                true => Err(Unscorable(format!(
                    "the {what} is empty, so it means nothing"
                ))),
                false => {
                    let text = Value::from(text.into_owned());
                    let input = [(EmbeddingSimilarityScorer::TEXT, text)];
                    Ok(question(item, order, input))
                }
            }
        };
        Ok(vec![
            of("output", "output", answer)?,
            of("expected", "reference", expected)?,
        ])
    }

    pub(super) fn check(&self, answer: &Answer) -> Result<(), CallError> {
        match numbers(answer) {
            Some(_) => Ok(()),
            None => {
                let message = "the embedding is no list of numbers";
                Err(CallError::new(CallErrorKind::BadAnswer, message))
            }
        }
    }

    pub(super) fn verdict(
        &self,
        questions: &[DatasetItem],
        replies: &[Replies],
    ) -> Result<Verdict, Unscorable> {
        let [respondent] = &self.respondents;
        let [output, expected] = questions else {
            return Err(Unscorable("nothing was asked".to_owned()));
        };
        let embedding = |question| {
            let answer = answer(question, respondent, replies.first())?;
            numbers(answer)
                .ok_or_else(|| Unscorable("an embedding is no list of numbers".to_owned()))
        };
        let cosine = cosine(&embedding(output)?, &embedding(expected)?)?;
        let mut verdict = Verdict::of(ScoreValue::Number(cosine.clamp(0.0, 1.0)));
        verdict.metadata.insert("cosine".to_owned(), json!(cosine));
        Ok(verdict)
    }
}

fn numbers(answer: &Answer) -> Option<Vec<f64>> {
    let numbers = answer.value.as_array()?.iter().map(Value::as_f64);
    let numbers: Option<Vec<f64>> = numbers.collect();
    numbers.filter(|numbers| !numbers.is_empty())
}

/// The dot product of both, over the product of their lengths.
fn cosine(one: &[f64], other: &[f64]) -> Result<f64, Unscorable> {
    if one.len() != other.len() {
        let (one, other) = (one.len(), other.len());
        return Err(Unscorable(format!(
            "the embeddings have {one} and {other} numbers"
        )));
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = dot(one, one).sqrt() * dot(other, other).sqrt();
    let cosine = dot(one, other) / lengths;
    match cosine.is_finite() {
        true => Ok(cosine.clamp(-1.0, 1.0)),
        false => Err(Unscorable("an embedding has no direction".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(output: Value, expected: Value) -> Result<Verdict, Unscorable> {
        let config = json!({"provider": "p", "model": "m"});
        let similarity = Similarity::new(&serde_json::from_value(config).unwrap());
        let item = json!({"id": "1", "input": {}, "expected": "x"});
        let item: DatasetItem = serde_json::from_value(item).unwrap();
        let output_of_item = Output::answered("1".to_owned(), 1, Answer::of(json!("y")));
        let questions = similarity.questions(&item, &output_of_item).unwrap();
        let reply = |question: &DatasetItem, embedding: Value| {
            Output::answered(question.id.clone(), 1, Answer::of(embedding))
        };
        let replies = [reply(&questions[0], output), reply(&questions[1], expected)];
        let replies = Replies::from_iter(replies);
        similarity.verdict(&questions, &[replies])
    }

    #[test]
    fn the_value_is_the_cosine_and_never_negative() {
        for (one, other, cosine) in [
            (json!([1, 0]), json!([2, 0]), 1.0),
            (json!([1, 0]), json!([0, 3]), 0.0),
            (json!([1, 1]), json!([1, 0]), 0.5_f64.sqrt()),
            (json!([1, 0]), json!([-1, 0]), -1.0),
        ] {
            let verdict = scored(one, other).unwrap();
            let told = verdict.metadata["cosine"].as_f64().unwrap();
            assert!((told - cosine).abs() < 1e-15, "{told} for {cosine}");
            assert_eq!(verdict.value, ScoreValue::Number(told.max(0.0)));
        }
    }

    #[test]
    fn embeddings_that_cannot_be_compared_are_an_error() {
        for (one, other, word) in [
            (json!([1, 0]), json!([1]), "2 and 1 numbers"),
            (json!([0, 0]), json!([1, 0]), "no direction"),
            (json!("x"), json!([1]), "no list"),
        ] {
            let Unscorable(reason) = scored(one, other).unwrap_err();
            assert!(reason.contains(word), "{reason}");
        }
    }
}
