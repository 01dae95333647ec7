//! JSONPath: assertions about the parts of a JSON output.

pub(crate) mod effort;

use domain::config::{JsonPathAssertion, JsonPathScorer};
use domain::fault::Fault;
use serde_json::Value;

use self::effort::{Effort, MOST_LOOKS, size};
use super::document::json;
use super::exact_match::values_equal;
use super::regex::compile;
use super::{Unscorable, Verdict};
use crate::text::{as_text, quote};

/// How many faults of an output a comment tells.
const FAULTS_TOLD: usize = 3;

/// Assertions ready to judge.
pub(super) struct JsonPath {
    assertions: Vec<Assertion>,
    require_all: bool,
}

struct Assertion {
    config: JsonPathAssertion,
    path: serde_json_path::JsonPath,
    effort: Effort,
    matches: Option<regex::Regex>,
}

impl JsonPath {
    pub(super) fn compile(config: &JsonPathScorer) -> Result<Self, Fault> {
        if config.assertions.is_empty() {
            let message = "there is at least one assertion";
            return Err(Fault::new("/assertions", message));
        }
        let assertions = config.assertions.iter().enumerate();
        let assertions = assertions.map(|(index, assertion)| {
            Assertion::compile(assertion)
                .map_err(|fault| fault.under(&format!("/assertions/{index}")))
        });
        Ok(Self {
            assertions: assertions.collect::<Result<_, _>>()?,
            require_all: config.require_all,
        })
    }

    pub(super) fn score(&self, answer: &Value) -> Result<Verdict, Unscorable> {
        let reasons: Vec<String> = match json(answer) {
            Ok(value) => {
                self.check_effort(&value)?;
                let assertions = self.assertions.iter();
                let reasons = assertions.filter_map(|assertion| assertion.reason_against(&value));
                reasons.collect()
            }
            Err(reason) => vec![reason; self.assertions.len()],
        };
        let all = self.assertions.len();
        let held = all - reasons.len();
        let mut told = reasons;
        told.dedup();
        told.truncate(FAULTS_TOLD);
        let told = told.join("; ");
        Ok(match (self.require_all, held == all) {
            (true, true) => Verdict::from_reason(None),
            (true, false) => Verdict::from_reason(Some(told)),
            (false, true) => Verdict::number(1.0, format!("all {all} assertions hold")),
            (false, false) => Verdict::number(
                held as f64 / all as f64,
                format!("{held} of {all} assertions hold: {told}"),
            ),
        })
    }

    fn check_effort(&self, value: &Value) -> Result<(), Unscorable> {
        let (values, depth) = size(value);
        let mut assertions = self.assertions.iter();
        match assertions.find(|assertion| assertion.effort.looks(values, depth) > MOST_LOOKS) {
            None => Ok(()),
            Some(assertion) => Err(Unscorable(format!(
                "the output has {values} values, too many to be searched for {}",
                quote(&assertion.config.path)
            ))),
        }
    }
}

impl Assertion {
    fn compile(config: &JsonPathAssertion) -> Result<Self, Fault> {
        let effort = Effort::of(&config.path).map_err(|message| Fault::new("/path", message))?;
        let path = serde_json_path::JsonPath::parse(&config.path)
            .map_err(|error| Fault::new("/path", format!("not a JSONPath: {error}")))?;
        let matches = config.matches.as_deref().map(compile).transpose();
        let matches = matches.map_err(|message| Fault::new("/matches", message))?;
        let says_more = config.equals.is_some()
            || matches.is_some()
            || config.at_least.is_some()
            || config.at_most.is_some();
        if config.exists == Some(false) && says_more {
            let message = "what is not there has no other condition";
            return Err(Fault::new("/exists", message));
        }
        if let (Some(least), Some(most)) = (config.at_least, config.at_most)
            && least > most
        {
            let message = format!("no number is at least {least} and at most {most}");
            return Err(Fault::new("/at_most", message));
        }
        Ok(Self {
            config: config.clone(),
            path,
            effort,
            matches,
        })
    }

    fn reason_against(&self, value: &Value) -> Option<String> {
        let found = self.path.query(value).all();
        let path = quote(&self.config.path);
        match (self.config.exists, found.is_empty()) {
            (Some(false), true) => None,
            (Some(false), false) => Some(format!("{path} is there")),
            (_, true) => Some(format!("{path} finds nothing")),
            (_, false) => {
                let reason = found.into_iter().find_map(|value| self.reason_of(value))?;
                Some(format!("{path} {reason}"))
            }
        }
    }

    /// Why a value is not as it should be.
    fn reason_of(&self, value: &Value) -> Option<String> {
        let is = || format!("is {}", quote(&as_text(value)));
        if let Some(expected) = &self.config.equals
            && !values_equal(value, expected, true)
        {
            return Some(format!("{}, not {}", is(), quote(&as_text(expected))));
        }
        if let Some(regex) = &self.matches
            && !regex.is_match(&as_text(value))
        {
            return Some(format!("{}: no match for {}", is(), quote(regex.as_str())));
        }
        if let Some(least) = self.config.at_least
            && value.as_f64().is_none_or(|number| number < least)
        {
            return Some(format!("{}, not a number of at least {least}", is()));
        }
        if let Some(most) = self.config.at_most
            && value.as_f64().is_none_or(|number| number > most)
        {
            return Some(format!("{}, not a number of at most {most}", is()));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use domain::score::ScoreValue;
    use serde_json::json;

    use super::*;

    fn compile(assertions: Value, require_all: bool) -> Result<JsonPath, Fault> {
        let config = json!({"assertions": assertions, "require_all": require_all});
        JsonPath::compile(&serde_json::from_value(config).unwrap())
    }

    #[test]
    fn an_assertion_holds_or_it_does_not() {
        let answer = json!({"a": 1, "b": [{"t": "x"}, {"t": "xy"}], "n": null, "big": 10.5});
        for (assertion, holds) in [
            (json!({"path": "$.a"}), true),
            (json!({"path": "$.z"}), false),
            (json!({"path": "$.z", "exists": false}), true),
            (json!({"path": "$.a", "exists": false}), false),
            (json!({"path": "$.a", "equals": 1.0}), true),
            (json!({"path": "$.a", "equals": "1"}), false),
            (json!({"path": "$.n", "equals": null}), true),
            (json!({"path": "$.z", "equals": null}), false),
            (
                json!({"path": "$.b", "equals": [{"t": "x"}, {"t": "xy"}]}),
                true,
            ),
            (json!({"path": "$.b[*].t", "matches": "^x"}), true),
            (json!({"path": "$.b[*].t", "matches": "y$"}), false),
            (json!({"path": "$.a", "matches": "^1$"}), true),
            (
                json!({"path": "$.big", "at_least": 10.5, "at_most": 10.5}),
                true,
            ),
            (json!({"path": "$.big", "at_least": 11}), false),
            (json!({"path": "$.b[0].t", "at_most": 11}), false),
            (json!({"path": "$..t", "equals": "x"}), false),
            (json!({"path": "$.b[?@.t == 'xy'].t", "equals": "xy"}), true),
            (json!({"path": "$[?length(@) >= 2]"}), true),
        ] {
            let path = compile(json!([assertion]), true).unwrap();
            for answer in [&answer, &json!(format!("```json\n{answer}\n```"))] {
                let verdict = path.score(answer).unwrap();
                assert_eq!(verdict.value, ScoreValue::Boolean(holds), "{assertion}");
            }
        }
    }

    #[test]
    fn the_share_that_holds_is_the_score() {
        let path = compile(json!([{"path": "$.a"}, {"path": "$.b"}]), false).unwrap();
        for (answer, value, comment) in [
            (json!({"a": 1, "b": 2}), 1.0, "all 2 assertions hold"),
            (
                json!({"b": 2}),
                0.5,
                "1 of 2 assertions hold: `$.a` finds nothing",
            ),
            (
                json!("no"),
                0.0,
                "0 of 2 assertions hold: `no` is not JSON: expected ident at line 1 column 2",
            ),
        ] {
            let verdict = path.score(&answer).unwrap();
            assert_eq!(verdict.value, ScoreValue::Number(value));
            assert_eq!(verdict.comment.as_deref(), Some(comment));
        }
    }

    #[test]
    fn a_search_that_would_take_too_long_is_an_error() {
        let list: Value = (0..20_000).collect();
        for (path, is_error) in [
            ("$..[?$..a]", true),
            ("$[?count($[*]) > 1]", true),
            ("$..[?@ > 3]", false),
            ("$[19999]", false),
        ] {
            let path = compile(json!([{"path": path}]), false).unwrap();
            assert_eq!(path.score(&list).is_err(), is_error);
        }
    }

    #[test]
    fn assertions_that_cannot_be_judged_are_faults() {
        for (assertion, pointer) in [
            (json!({"path": "a"}), "path"),
            (json!({"path": "$["}), "path"),
            (json!({"path": "$..a..b..c"}), "path"),
            (json!({"path": "$[?$[?$[?$]]]"}), "path"),
            (json!({"path": format!("$.{}", "a".repeat(500))}), "path"),
            (json!({"path": format!("${}", "[0,0]".repeat(50))}), "path"),
            (json!({"path": "$[?search(@, 'a{1000}')]"}), "path"),
            (json!({"path": "$.a", "matches": "("}), "matches"),
            (
                json!({"path": "$.a", "exists": false, "equals": null}),
                "exists",
            ),
            (
                json!({"path": "$.a", "at_least": 2, "at_most": 1}),
                "at_most",
            ),
        ] {
            let fault = compile(json!([assertion.clone()]), false).err().unwrap();
            assert_eq!(
                fault.pointer,
                format!("/assertions/0/{pointer}"),
                "{assertion}"
            );
        }
        assert_eq!(
            compile(json!([]), false).err().unwrap().pointer,
            "/assertions"
        );
    }
}
