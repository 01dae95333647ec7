//! Budgets: what the stretches of a run may spend, so that all together stay within it.

use domain::money::Money;
use domain::output::TokenUsage;
use domain::progress::{Generated, PausedBy};

use super::ExperimentWorkflow;
use crate::activities::Allowance;

/// The smallest part of a budget that a stretch is given, so that its end is not approached for ever.
const SMALLEST_PART: u64 = 100;

/// What was spent, or is set aside to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    tokens: u64,
    cost: Money,
}

impl Spent {
    pub(super) fn by(generated: Generated) -> Self {
        Self::of(generated.usage, generated.cost)
    }

    fn of(usage: TokenUsage, cost: Money) -> Self {
        Self {
            tokens: usage.input_tokens + usage.output_tokens,
            cost,
        }
    }

    /// What may be spent, where there is a limit to it.
    pub(super) fn or_allowed(self, allowance: Allowance) -> Self {
        Self {
            tokens: allowance.tokens.unwrap_or(self.tokens),
            cost: allowance.cost.unwrap_or(self.cost),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.cost += other.cost;
    }

    pub(super) fn subtract(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_sub(other.tokens);
        self.cost = self.cost.left_after(other.cost);
    }
}

impl ExperimentWorkflow {
    /// What is spent and set aside.
    fn spent(&self) -> Spent {
        let mut spent = self.walk.set_aside;
        spent.add(Spent::by(self.progress.generated));
        spent.add(Spent::by(self.progress.held));
        if self.walk.counts_scorers {
            let aggregates = self.progress.aggregates.iter();
            for calls in aggregates.filter_map(|aggregate| aggregate.calls) {
                spent.add(Spent::of(calls.usage, calls.cost));
            }
        }
        spent
    }

    /// The budget of which nothing is left to give, if there is one.
    pub(super) fn spent_budget(&self) -> Option<PausedBy> {
        let (limits, spent) = (&self.walk.limits, self.spent());
        if limits.max_cost.is_some_and(|max| spent.cost >= max) {
            return Some(PausedBy::Cost);
        }
        limits
            .max_tokens
            .is_some_and(|max| spent.tokens >= max)
            .then_some(PausedBy::Tokens)
    }

    /// What a stretch may spend in all: what it has spent, and one lane's part of what is left.
    pub(super) fn allowance(&self, seen: Generated, lanes: u32) -> Allowance {
        let (limits, mut spent) = (&self.walk.limits, self.spent());
        let before = Spent::by(seen);
        spent.add(before);
        let tokens = limits.max_tokens.map(|max| {
            let left = max.saturating_sub(spent.tokens);
            let part = (left / u64::from(lanes.max(1))).max(max.div_ceil(SMALLEST_PART));
            before.tokens + part.min(left)
        });
        let cost = limits.max_cost.map(|max| {
            let left = max.left_after(spent.cost);
            let smallest = max.part(u32::try_from(SMALLEST_PART).unwrap_or(1));
            before.cost + left.part(lanes).max(smallest).min(left)
        });
        Allowance { tokens, cost }
    }
}
