//! What a stretch may spend: spent as soon as the calls in flight will have used it up.

use domain::money::Money;
use domain::progress::Generated;
use workflows::activities::{Allowance, ChunkProgress};

/// Whether no further call may begin. Calls whose cost is not known yet, those that wait to be written among them, are
/// taken to cost what the others of the stretch did on average; before the first of them nothing is known.
pub(super) fn is_spent(allowance: Allowance, so_far: &ChunkProgress) -> bool {
    let Generated {
        calls, usage, cost, ..
    } = so_far.generated;
    let in_flight = if calls == 0 { 0 } else { so_far.in_flight };
    let used = usage.input_tokens + usage.output_tokens;
    let expected = u128::from(used) * u128::from(in_flight) / u128::from(calls.max(1));
    let tokens_are_spent = |most: u64| u128::from(used) + expected >= u128::from(most);
    let each = cost.part(small(calls));
    let is_paid = |most: Money| {
        let left = most.left_after(cost);
        left.is_zero() || (in_flight > 0 && left.part(small(in_flight)) <= each)
    };
    allowance.tokens.is_some_and(tokens_are_spent) || allowance.cost.is_some_and(is_paid)
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
            assert!(!is_spent(allowance, &after(90, 9)));
            assert!(is_spent(allowance, &after(90, 10)));
            assert!(!is_spent(allowance, &after(99, 0)));
            assert!(is_spent(allowance, &after(100, 0)));
        }
    }

    #[test]
    fn nothing_is_expected_before_the_first_answer() {
        for allowance in [tokens(10), dollars("0.01")] {
            assert!(!is_spent(allowance, &after(0, 1000)));
            assert!(is_spent(allowance, &after(1, 0)));
        }
        assert!(is_spent(dollars("0"), &after(0, 0)));
    }

    #[test]
    fn without_an_allowance_nothing_is_ever_spent() {
        assert!(!is_spent(Allowance::default(), &after(1_000_000, 1000)));
    }
}
