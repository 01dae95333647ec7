//! Latency, token usage and cost: what the answer took, against a bound or as the number itself.

use domain::config::{CostScorer, CountedTokens, LatencyScorer, TokenUsageScorer};
use domain::output::{Answer, Output};
use domain::score::ScoreValue;

use super::{Unscorable, Verdict};

pub(super) fn latency(config: &LatencyScorer, answer: &Answer) -> Result<Verdict, Unscorable> {
    let latency_ms = answer
        .latency_ms
        .ok_or_else(|| Unscorable("the time of the call is not known".to_owned()))?;
    let most = config.max_latency_ms;
    measured(latency_ms, most.map(|most| latency_ms <= most), || {
        format!("took {latency_ms} ms")
    })
}

pub(super) fn token_usage(
    config: &TokenUsageScorer,
    answer: &Answer,
) -> Result<Verdict, Unscorable> {
    let usage = answer
        .usage
        .ok_or_else(|| Unscorable("the provider has counted no tokens".to_owned()))?;
    let tokens = match config.tokens {
        CountedTokens::Total => usage.input_tokens.saturating_add(usage.output_tokens),
        CountedTokens::Input => usage.input_tokens,
        CountedTokens::Output => usage.output_tokens,
    };
    let most = config.max_tokens;
    measured(tokens as f64, most.map(|most| tokens <= most), || {
        format!("{tokens} tokens")
    })
}

pub(super) fn cost(config: &CostScorer, output: &Output) -> Result<Verdict, Unscorable> {
    let unknown = || Unscorable("the provider table has no price for the model".to_owned());
    let cost = output.cost.ok_or_else(unknown)?;
    let number = cost.to_string().parse().map_err(|_| unknown())?;
    measured(number, config.max_cost.map(|most| cost <= most), || {
        format!("cost {cost} US dollars")
    })
}

fn measured(
    number: f64,
    is_kept: Option<bool>,
    comment: impl Fn() -> String,
) -> Result<Verdict, Unscorable> {
    match is_kept {
        Some(true) => Ok(Verdict::from_reason(None)),
        Some(false) => Ok(Verdict::from_reason(Some(comment()))),
        None => {
            let value = ScoreValue::number(number);
            let value = value.map_err(|error| Unscorable(error.to_string()))?;
            Ok(Verdict {
                comment: Some(comment()),
                ..Verdict::of(value)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::output::TokenUsage;
    use serde_json::{Value, json};

    use super::super::Scorer;
    use super::*;

    fn output() -> Output {
        let answer = Answer {
            latency_ms: Some(250.5),
            usage: TokenUsage::counted(Some(10), Some(5)),
            ..Answer::of(json!("4"))
        };
        let cost = Some("0.0125".parse().unwrap());
        Output {
            cost,
            ..Output::answered("1".to_owned(), 1, answer)
        }
    }

    fn value(config: Value, output: &Output) -> Option<ScoreValue> {
        let scorer = Scorer::compile(&serde_json::from_value(config).unwrap()).unwrap();
        let item = serde_json::from_value(json!({"id": "1", "input": {}})).unwrap();
        Some(scorer.score(&item, output).ok()?.value)
    }

    #[test]
    fn a_bound_is_kept_or_it_is_not_and_without_one_the_number_counts() {
        use ScoreValue::{Boolean, Number};
        for (config, expected) in [
            (json!({"type": "latency"}), Number(250.5)),
            (
                json!({"type": "latency", "max_latency_ms": 250.5}),
                Boolean(true),
            ),
            (
                json!({"type": "latency", "max_latency_ms": 250}),
                Boolean(false),
            ),
            (json!({"type": "token_usage"}), Number(15.0)),
            (
                json!({"type": "token_usage", "tokens": "output"}),
                Number(5.0),
            ),
            (
                json!({"type": "token_usage", "max_tokens": 14}),
                Boolean(false),
            ),
            (
                json!({"type": "token_usage", "max_tokens": 10, "tokens": "input"}),
                Boolean(true),
            ),
            (json!({"type": "cost"}), Number(0.0125)),
            (json!({"type": "cost", "max_cost": "0.0125"}), Boolean(true)),
            (json!({"type": "cost", "max_cost": "0.012"}), Boolean(false)),
        ] {
            assert_eq!(value(config.clone(), &output()), Some(expected), "{config}");
        }
    }

    #[test]
    fn what_is_not_known_is_an_error_and_not_a_score() {
        let output = Output::answered("1".to_owned(), 1, Answer::of(json!("4")));
        for kind in ["latency", "token_usage", "cost"] {
            assert_eq!(value(json!({"type": kind}), &output), None, "{kind}");
        }
        let mut endless = output;
        endless.answer.as_mut().unwrap().latency_ms = Some(f64::NAN);
        assert_eq!(value(json!({"type": "latency"}), &endless), None);
    }
}
