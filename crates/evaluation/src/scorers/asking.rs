//! Scorers that ask: what they ask of whom, and the answers that come back to them.

use domain::aggregate::ScorerCalls;
use domain::config::AdapterConfig;
use domain::item::DatasetItem;
use domain::journal::{ItemJournal, Journal};
use domain::output::{Answer, CallError, Output};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::custom::Custom;
use super::judge::Judge;
use super::similarity::Similarity;
use super::{Unscorable, Verdict};

/// What is recorded of the questions put to one respondent, by the id of the question.
pub type Replies = Journal;

/// What is recorded of one question; each has one sample.
fn reply<'a>(replies: &'a Replies, question: &DatasetItem) -> Option<&'a ItemJournal> {
    replies.get(&question.id, 0)
}

/// One who is asked.
pub struct Respondent {
    /// How, with prompts that are the scorer's.
    pub adapter: AdapterConfig,
    /// As scores name it.
    pub name: String,
    pub sends: Sends,
}

/// What of a question is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// What the adapter makes of an item.
    Item,
    /// The inputs, as they are.
    Inputs,
}

/// What a scorer asks.
pub enum Inquiry {
    Judge(Judge),
    Custom(Custom),
    Similarity(Similarity),
}

impl Inquiry {
    /// All who are asked each question.
    pub fn respondents(&self) -> &[Respondent] {
        match self {
            Self::Judge(judge) => judge.respondents(),
            Self::Custom(custom) => custom.respondents(),
            Self::Similarity(similarity) => similarity.respondents(),
        }
    }

    /// Calls in flight at once, of each respondent.
    pub fn concurrency(&self) -> u32 {
        match self {
            Self::Judge(judge) => judge.concurrency(),
            Self::Custom(custom) => custom.concurrency(),
            Self::Similarity(similarity) => similarity.concurrency(),
        }
    }

    /// What is asked about an output, each question in the shape of an item whose inputs the respondent's prompts name.
    /// Equal questions about a sample of an item have equal ids.
    pub(super) fn questions(
        &self,
        item: &DatasetItem,
        output: &Output,
    ) -> Result<Vec<DatasetItem>, Unscorable> {
        let mut questions = match self {
            Self::Judge(judge) => judge.questions(item, output),
            Self::Custom(custom) => custom.questions(item, output),
            Self::Similarity(similarity) => similarity.questions(item, output),
        }?;
        // Each sample is asked about by itself, though the answers may be the same.
        if output.sample > 0 {
            for question in &mut questions {
                question.id = format!("sample {}/{}", output.sample, question.id);
            }
        }
        Ok(questions)
    }

    /// Tells why an answer is of no use, if it is of none.
    pub fn check(&self, answer: &Answer) -> Result<(), CallError> {
        match self {
            Self::Judge(judge) => judge.check(answer),
            Self::Custom(custom) => custom.check(answer),
            Self::Similarity(similarity) => similarity.check(answer),
        }
    }

    /// What the answers of all respondents come to. `questions` are those about the item.
    pub(super) fn verdict(
        &self,
        questions: &[DatasetItem],
        replies: &[Replies],
    ) -> Result<Verdict, Unscorable> {
        match self {
            Self::Judge(judge) => judge.verdict(questions, replies),
            Self::Custom(custom) => custom.verdict(questions, replies),
            Self::Similarity(similarity) => similarity.verdict(questions, replies),
        }
    }
}

/// The output that is asked about.
pub(super) fn answered(output: &Output) -> Result<&Value, Unscorable> {
    let answer = output.answer.as_ref().map(|answer| &answer.value);
    answer.ok_or_else(|| Unscorable("there is no output".to_owned()))
}

/// A question about an item. Its id tells it from every other question that a respondent is asked in a run.
pub(super) fn question(
    item: &DatasetItem,
    order: &str,
    input: impl IntoIterator<Item = (&'static str, Value)>,
) -> DatasetItem {
    let input: Map<String, Value> = input
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let asked = Value::Object(input.clone()).to_string();
    let hash = hex::encode(&Sha256::digest(asked.as_bytes())[..8]);
    DatasetItem {
        id: format!("{hash}/{order}/{}", item.id),
        input,
        expected: None,
        output: None,
        tags: Vec::new(),
        metadata: Map::new(),
    }
}

/// The answer to a question, or why there is none.
pub(super) fn answer<'a>(
    question: &DatasetItem,
    respondent: &Respondent,
    replies: Option<&'a Replies>,
) -> Result<&'a Answer, Unscorable> {
    let name = &respondent.name;
    let journal = replies.and_then(|replies| reply(replies, question));
    let Some(ItemJournal { output, .. }) = journal else {
        let message = format!("`{name}` was not asked before the run ended");
        return Err(Unscorable(message));
    };
    match (&output.answer, &output.error) {
        (Some(answer), _) => Ok(answer),
        (None, Some(error)) => Err(Unscorable(format!("`{name}` gave no verdict: {error}"))),
        (None, None) => Err(Unscorable(format!("`{name}` gave no verdict"))),
    }
}

/// What the questions about an item took, with all respondents.
pub(super) fn calls(questions: &[DatasetItem], replies: &[Replies]) -> ScorerCalls {
    let mut calls = ScorerCalls::default();
    for question in questions {
        let journals = replies.iter().filter_map(|known| reply(known, question));
        journals.for_each(|journal| calls.count(journal));
    }
    calls
}

/// The same for one respondent, as a score's metadata tells it.
pub(super) fn told_calls(
    questions: &[DatasetItem],
    replies: Option<&Replies>,
) -> Map<String, Value> {
    let calls = replies.map_or_else(ScorerCalls::default, |replies| {
        calls(questions, std::slice::from_ref(replies))
    });
    let mut told = Map::new();
    told.insert("calls".to_owned(), calls.calls.into());
    told.insert("input_tokens".to_owned(), calls.usage.input_tokens.into());
    told.insert("output_tokens".to_owned(), calls.usage.output_tokens.into());
    told.insert("cost".to_owned(), calls.cost.to_string().into());
    told
}
