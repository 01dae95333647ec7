//! The journal of one item: every call whose outcome was recorded, and which of them stands.

use std::collections::HashMap;

use crate::money::Money;
use crate::output::{Output, TokenUsage};

/// What is recorded of one item, over all attempts at it.
#[derive(Clone, Debug)]
pub struct ItemJournal {
    /// The output that stands: the first answer, else the last error.
    pub output: Output,
    /// Calls whose outcome is recorded.
    pub calls: u64,
    /// Calls that asked again for what was answered already.
    pub repeated: u64,
    /// Of all calls.
    pub usage: TokenUsage,
    pub cost: Money,
}

impl ItemJournal {
    /// A journal with its first record.
    pub fn new(output: Output) -> Self {
        let mut journal = Self {
            calls: 0,
            repeated: 0,
            usage: TokenUsage::default(),
            cost: Money::ZERO,
            output: output.clone(),
        };
        journal.charge(&output);
        journal
    }

    /// Adds what was recorded later.
    pub fn push(&mut self, output: Output) {
        self.charge(&output);
        match self.output.answer {
            Some(_) => self.repeated += u64::from(!output.cached),
            None => self.output = output,
        }
    }

    /// Whether no further call is made for the item in a round of the run.
    pub fn is_final(&self, round: u32, maximum_attempts: u32) -> bool {
        match self.output.error {
            None => true,
            Some(_) => self.output.round == round && self.output.is_final(maximum_attempts),
        }
    }

    fn charge(&mut self, output: &Output) {
        self.calls += u64::from(!output.cached);
        self.usage.add(output.usage());
        self.cost += output.cost.unwrap_or_default();
    }
}

/// What is recorded of a chunk, by item and sample; of a scorer, by question.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// The samples of an item in no order.
    items: HashMap<String, Vec<ItemJournal>>,
}

impl Journal {
    /// Adds what was recorded later than all that is there.
    pub fn push(&mut self, output: Output) {
        let samples = match self.items.get_mut(&output.item_id) {
            Some(samples) => samples,
            None => self.items.entry(output.item_id.clone()).or_default(),
        };
        match samples
            .iter_mut()
            .find(|known| known.output.sample == output.sample)
        {
            Some(known) => known.push(output),
            None => samples.push(ItemJournal::new(output)),
        }
    }

    pub fn get(&self, item_id: &str, sample: u32) -> Option<&ItemJournal> {
        let mut samples = self.items.get(item_id)?.iter();
        samples.find(|known| known.output.sample == sample)
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl FromIterator<Output> for Journal {
    fn from_iter<T: IntoIterator<Item = Output>>(outputs: T) -> Self {
        let mut journal = Self::default();
        outputs.into_iter().for_each(|output| journal.push(output));
        journal
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::{Answer, CallError, CallErrorKind};

    fn answered(value: &str) -> Output {
        Output::answered("a".to_owned(), 1, Answer::of(json!(value)))
    }

    #[test]
    fn the_first_answer_stands_and_later_ones_are_repeats() {
        let timeout = CallError::new(CallErrorKind::Timeout, "too slow");
        let mut journal = ItemJournal::new(Output::failed("a".to_owned(), 1, timeout));
        journal.push(answered("1"));
        journal.push(answered("2"));
        assert_eq!(journal.output.answer.as_ref().unwrap().value, json!("1"));
        assert_eq!((journal.calls, journal.repeated), (3, 1));
    }

    #[test]
    fn the_samples_of_an_item_are_told_apart() {
        let second = |value| Output {
            sample: 1,
            ..answered(value)
        };
        let journal = Journal::from_iter([answered("1"), second("2"), second("3")]);
        let value = |sample| {
            let known = journal.get("a", sample)?;
            Some((known.output.answer.clone()?.value, known.calls))
        };
        assert_eq!(value(0), Some((json!("1"), 1)));
        assert_eq!(value(1), Some((json!("2"), 2)));
        assert_eq!(value(2), None);
    }

    #[test]
    fn what_failed_in_an_earlier_round_is_asked_again() {
        let refused = CallError::new(CallErrorKind::BadRequest, "no");
        let journal = ItemJournal::new(Output::failed("a".to_owned(), 1, refused));
        assert!(journal.is_final(0, 5));
        assert!(!journal.is_final(1, 5));
    }
}
