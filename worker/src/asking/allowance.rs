//! What a stretch may spend: no call begins that the calls in flight are likely to leave nothing for.

use domain::money::Money;
use domain::progress::Generated;
use workflows::activities::{Allowance, ChunkProgress};

/// Whether anything is left to spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spent {
    #[default]
    No,
    /// The calls in flight will use up what is left, as far as can be expected: what they cost is waited for.
    Soon,
    Yes,
}

impl Spent {
    /// Calls whose cost is not known yet, those that wait to be written among them, are expected to cost what the others of
    /// the stretch did on average. Before the first of them nothing can be expected, so it is made alone; meanwhile the
    /// other stretches of the run use its part.
    pub(super) fn of(allowance: Allowance, so_far: &ChunkProgress) -> Self {
        let Allowance { tokens, cost } = allowance;
        let in_flight = so_far.in_flight;
        let Generated {
            calls,
            usage,
            cost: paid,
            ..
        } = so_far.generated;
        let used = usage.input_tokens + usage.output_tokens;
        if tokens.is_some_and(|most| used >= most) || cost.is_some_and(|most| paid >= most) {
            return Self::Yes;
        }
        if in_flight == 0 || (tokens.is_none() && cost.is_none()) {
            return Self::No;
        }
        if calls == 0 {
            return Self::Soon;
        }
        let expected = u128::from(used) * u128::from(in_flight) / u128::from(calls);
        let tokens_end = |most: u64| u128::from(used) + expected >= u128::from(most);
        let money_ends =
            |most: Money| most.left_after(paid).part(small(in_flight)) <= paid.part(small(calls));
        match tokens.is_some_and(tokens_end) || cost.is_some_and(money_ends) {
            true => Self::Soon,
            false => Self::No,
        }
    }
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use domain::output::TokenUsage;

    use super::*;

    /// A stretch whose calls each used ten tokens and cost a cent, and that has others in flight.
    fn after(calls: u64, in_flight: u64) -> ChunkProgress {
        let cents = format!("{}.{:02}", calls / 100, calls % 100);
        ChunkProgress {
            generated: Generated {
                calls,
                usage: TokenUsage {
                    input_tokens: 4 * calls,
                    output_tokens: 6 * calls,
                    ..TokenUsage::default()
                },
                cost: cents.parse().unwrap(),
                ..Generated::default()
            },
            in_flight,
            ..ChunkProgress::default()
        }
    }

    fn tokens(tokens: u64) -> Allowance {
        Allowance {
            tokens: Some(tokens),
            ..Allowance::default()
        }
    }

    fn dollars(cost: &str) -> Allowance {
        Allowance {
            cost: Some(cost.parse().unwrap()),
            ..Allowance::default()
        }
    }

    #[test]
    fn calls_in_flight_are_expected_to_cost_what_others_did() {
        for allowance in [tokens(1000), dollars("1")] {
            assert_eq!(Spent::of(allowance, &after(90, 9)), Spent::No);
            assert_eq!(Spent::of(allowance, &after(90, 10)), Spent::Soon);
            assert_eq!(Spent::of(allowance, &after(99, 0)), Spent::No);
            assert_eq!(Spent::of(allowance, &after(100, 0)), Spent::Yes);
        }
    }

    #[test]
    fn the_first_call_is_made_alone() {
        for allowance in [tokens(1000), dollars("1")] {
            assert_eq!(Spent::of(allowance, &after(0, 0)), Spent::No);
            assert_eq!(Spent::of(allowance, &after(0, 1)), Spent::Soon);
            assert_eq!(Spent::of(allowance, &after(1, 1)), Spent::No);
        }
    }

    #[test]
    fn calls_that_cost_nothing_use_nothing_up() {
        let mut free = after(5, 1000);
        free.generated.cost = Money::ZERO;
        assert_eq!(Spent::of(dollars("0.01"), &free), Spent::No);
    }

    #[test]
    fn without_an_allowance_nothing_is_ever_spent() {
        let none = Allowance::default();
        assert_eq!(Spent::of(none, &after(0, 10)), Spent::No);
        assert_eq!(Spent::of(none, &after(1_000_000, 1000)), Spent::No);
    }
}
