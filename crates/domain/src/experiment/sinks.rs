//! The rules of sinks: each is there once, and what it is to judge by can be judged by.

use std::collections::HashSet;

use crate::config::{ExperimentConfig, JunitSink, SinkConfig};
use crate::fault::Fault;
use crate::gate::rule::{Measure, Rule};

pub(super) fn check(config: &ExperimentConfig, faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for (index, sink) in config.sinks.iter().enumerate() {
        let place = format!("/config/sinks/{index}");
        if !seen.insert((sink.kind(), sink.receiver())) {
            let of = sink
                .receiver()
                .map_or(String::new(), |receiver| format!(" to `{receiver}`"));
            let message = format!("a sink `{}`{of} is there already", sink.kind());
            faults.push(Fault::new(place.clone(), message));
        }
        if let SinkConfig::Junit(sink) = sink {
            check_rules(config, sink, &place, faults);
        }
    }
}

fn check_rules(config: &ExperimentConfig, sink: &JunitSink, place: &str, faults: &mut Vec<Fault>) {
    for (index, text) in sink.rules.iter().enumerate() {
        if let Some(message) = fault_of(config, text) {
            faults.push(Fault::new(format!("{place}/rules/{index}"), message));
        }
    }
    if sink.rules_only && sink.rules.is_empty() {
        let message = "there are no `rules`, so nothing would be left to test";
        faults.push(Fault::new(format!("{place}/rules_only"), message));
    }
}

fn fault_of(config: &ExperimentConfig, text: &str) -> Option<String> {
    let rule: Rule = match text.parse() {
        Ok(rule) => rule,
        Err(error) => return Some(format!("{error}")),
    };
    let scorer = match rule.measure {
        Measure::FailureRate => return None,
        Measure::Margin { .. } => {
            return Some(
                "a margin needs a baseline, which a run by itself does not have: `ai-evolution gate` judges it"
                    .to_owned(),
            );
        }
        Measure::Mean { scorer } | Measure::PassRate { scorer } => scorer,
    };
    let is_known = config.scorers.iter().any(|known| known.name() == scorer);
    (!is_known).then(|| format!("there is no scorer `{scorer}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pointers(sinks: Value) -> Vec<String> {
        let config = serde_json::from_value(json!({
            "dataset": {"type": "inline", "items": []},
            "models": [],
            "scorers": [{"type": "exact_match"}],
            "sinks": sinks,
        }));
        let mut faults = Vec::new();
        check(&config.unwrap(), &mut faults);
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_sink_is_there_once() {
        assert_eq!(
            pointers(json!([{"type": "csv"}, {"type": "html"}, {"type": "csv"}])),
            ["/config/sinks/2"]
        );
        let to = |endpoint: &str| json!({"type": "webhook", "endpoint": endpoint});
        assert_eq!(
            pointers(json!([to("a"), to("b"), to("a")])),
            ["/config/sinks/2"]
        );
    }

    #[test]
    fn rules_are_about_scorers_that_are_there_and_need_no_baseline() {
        let junit = |rules: &[&str]| json!([{"type": "junit", "rules": rules}]);
        let good = [
            "mean(exact_match) >= 0.5",
            "pass_rate(exact_match) >= 90%",
            "failure_rate <= 1%",
        ];
        assert!(pointers(junit(&good)).is_empty());
        let bad = ["mean(other) >= 1", "margin(exact_match) >= 0", "fine?"];
        assert_eq!(
            pointers(junit(&bad)),
            [0, 1, 2].map(|rule| format!("/config/sinks/0/rules/{rule}"))
        );
        assert_eq!(
            pointers(json!([{"type": "junit", "rules_only": true}])),
            ["/config/sinks/0/rules_only"]
        );
    }
}
