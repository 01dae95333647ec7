//! LLM judge: what models make of an output, by a rubric.
//!
//! `config` checks what a user wrote, `messages` writes what a judge is asked, `opinion` reads what it answers.

mod config;
mod messages;
mod opinion;
#[cfg(test)]
mod tests;

use domain::config::{JudgeMode, JudgedAgainst, LlmJudgeScorer, PanelVote};
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, CallErrorKind, Output};
use domain::score::ScoreValue;
use serde_json::{Map, Value, json};

use self::messages::Messages;
use self::opinion::{Form, Opinion};
use super::asking::{Replies, Respondent, answer, answered, question, told_calls};
use super::{Unscorable, Verdict};
use crate::text;

/// Judges, and what they are asked.
pub struct Judge {
    judges: Vec<Respondent>,
    messages: Messages,
    form: Form,
    mode: JudgeMode,
    against: JudgedAgainst,
    panel: PanelVote,
    concurrency: u32,
}

impl Judge {
    pub(super) fn compile(config: &LlmJudgeScorer) -> Result<Self, Fault> {
        config::check(config)?;
        let form = Form::of(config);
        Ok(Self {
            judges: config::respondents(config)?,
            messages: Messages::compile(config, &form)?,
            form,
            mode: config.mode,
            against: config.against,
            panel: config.panel,
            concurrency: config.concurrency,
        })
    }

    pub(super) fn respondents(&self) -> &[Respondent] {
        &self.judges
    }

    pub(super) fn concurrency(&self) -> u32 {
        self.concurrency
    }

    /// One question, or beside another output one for each order.
    pub(super) fn questions(
        &self,
        item: &DatasetItem,
        output: &Output,
    ) -> Result<Vec<DatasetItem>, Unscorable> {
        let answer = answered(output)?;
        let asked = |order, user: String| {
            let system = Value::from(self.messages.system());
            question(item, order, [("system", system), ("prompt", user.into())])
        };
        if self.mode == JudgeMode::Grade {
            return Ok(vec![asked("grade", self.messages.grade(item, answer)?)]);
        }
        let (other, name) = match self.against {
            JudgedAgainst::Expected => (&item.expected, "expected"),
            JudgedAgainst::Output => (&item.output, "output"),
        };
        let other = other
            .as_ref()
            .ok_or_else(|| Unscorable(format!("the item has no `{name}`")))?;
        Ok(vec![
            asked("first", self.messages.pair(item, answer, other)),
            asked("second", self.messages.pair(item, other, answer)),
        ])
    }

    pub(super) fn check(&self, answer: &Answer) -> Result<(), CallError> {
        let read = self.form.read(&answer.value).map(drop);
        read.map_err(|reason| CallError::new(CallErrorKind::Unreadable, reason))
    }

    pub(super) fn verdict(
        &self,
        questions: &[DatasetItem],
        replies: &[Replies],
    ) -> Result<Verdict, Unscorable> {
        let mut opinions = Vec::with_capacity(self.judges.len());
        let mut told = Vec::with_capacity(self.judges.len());
        for (index, judge) in self.judges.iter().enumerate() {
            let replies = replies.get(index);
            let read = |question| {
                let answer = answer(question, judge, replies)?;
                self.form.read(&answer.value).map_err(Unscorable)
            };
            let (first, second) = match questions {
                [first, second] => (read(first)?, Some(read(second)?)),
                [first, ..] => (read(first)?, None),
                [] => return Err(Unscorable("nothing was asked".to_owned())),
            };
            let opinion = opinion::joined(first, second);
            let mut judged = Map::new();
            judged.insert("judge".to_owned(), judge.name.clone().into());
            judged.insert("value".to_owned(), opinion.value.into());
            if let Some(reason) = &opinion.reason {
                judged.insert("reason".to_owned(), reason.clone().into());
            }
            judged.extend(told_calls(questions, replies));
            told.push(Value::Object(judged));
            opinions.push(opinion);
        }
        let values: Vec<f64> = opinions.iter().map(|opinion| opinion.value).collect();
        let (most, share) = opinion::most_given(&values);
        let value = match self.panel {
            PanelVote::Mean => mean(&values),
            PanelVote::Majority => most,
        };
        let mut verdict = Verdict::of(ScoreValue::Number(value.clamp(0.0, 1.0)));
        verdict.comment = self.comment(&opinions);
        verdict.metadata.insert("judges".to_owned(), told.into());
        if values.len() > 1 {
            verdict
                .metadata
                .insert("agreement".to_owned(), json!(share));
            verdict.ratings = values;
        }
        Ok(verdict)
    }

    /// The reason of a judge, or the values of a panel with the reason of each.
    fn comment(&self, opinions: &[Opinion]) -> Option<String> {
        /// The most characters of the reason of one judge among several.
        const LONGEST_REASON: usize = 500;
        if let [opinion] = opinions {
            return opinion.reason.clone();
        }
        let told = self.judges.iter().zip(opinions).map(|(judge, opinion)| {
            let reason = opinion.reason.as_deref().unwrap_or_default();
            let reason = text::shorten(reason, LONGEST_REASON);
            format!("{} {:.3}: {reason}", judge.name, opinion.value)
        });
        Some(told.collect::<Vec<_>>().join("\n"))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
