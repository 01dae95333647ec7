//! Tool calls: whether those expected are made.

use domain::config::{ToolArguments, ToolCallMeasure, ToolCallsScorer};
use domain::item::DatasetItem;
use domain::output::Answer;
use domain::score::ScoreValue;
use serde_json::{Value, json};

use super::exact_match::values_equal;
use super::reference::reference;
use super::{Unscorable, Verdict, document};
use crate::text::quote_all;

/// The most calls of an output, or expected of one.
const MOST_CALLS: usize = 500;

/// A call, made or expected; an expected one without arguments is met by any.
struct Call {
    name: String,
    arguments: Option<Value>,
}

pub(super) fn score(
    config: &ToolCallsScorer,
    item: &DatasetItem,
    answer: &Answer,
) -> Result<Verdict, Unscorable> {
    let expected = expected(config, item)?;
    let made = made(answer);
    if made.len() > MOST_CALLS || expected.len() > MOST_CALLS {
        return Err(Unscorable(format!(
            "there are more than {MOST_CALLS} calls"
        )));
    }
    let meets = |expected: &Call, made: &Call| meets(config.arguments, expected, made);
    let (missing, surplus) = match config.ordered {
        true => in_order(&expected, &made, meets),
        false => in_any_order(&expected, &made, meets),
    };
    let met = (expected.len() - missing.len()) as f64;
    let share = |of: usize| if of == 0 { 0.0 } else { met / of as f64 };
    let (precision, recall) = match (expected.len(), made.len()) {
        // Nothing was to be called, and nothing was.
        (0, 0) => (1.0, 1.0),
        (expected, made) => (share(made), share(expected)),
    };
    let value = match config.measure {
        ToolCallMeasure::Exact => ScoreValue::Boolean(missing.is_empty() && surplus.is_empty()),
        ToolCallMeasure::Precision => ScoreValue::Number(precision),
        ToolCallMeasure::Recall => ScoreValue::Number(recall),
        ToolCallMeasure::F1 if precision + recall == 0.0 => ScoreValue::Number(0.0),
        ToolCallMeasure::F1 => ScoreValue::Number(2.0 * precision * recall / (precision + recall)),
    };
    let mut verdict = Verdict::of(value);
    verdict.comment = comment(&missing, &surplus);
    verdict
        .metadata
        .insert("precision".to_owned(), json!(precision));
    verdict.metadata.insert("recall".to_owned(), json!(recall));
    Ok(verdict)
}

fn comment(missing: &[&Call], surplus: &[&Call]) -> Option<String> {
    let named = |what: &str, calls: &[&Call]| {
        let names = calls.iter().map(|call| call.name.as_str());
        (!calls.is_empty()).then(|| format!("{what}: {}", quote_all(names)))
    };
    let parts = [named("not made", missing), named("not expected", surplus)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn expected(config: &ToolCallsScorer, item: &DatasetItem) -> Result<Vec<Call>, Unscorable> {
    let field = config.expected_field.as_deref();
    let calls = reference(item, field, &["tool_calls", "value"])?;
    let calls = calls
        .as_array()
        .ok_or_else(|| Unscorable("the expected calls are no list".to_owned()))?;
    let read = calls.iter().map(|call| match call {
        Value::String(name) => Some(Call {
            name: name.clone(),
            arguments: None,
        }),
        call => self::call(call),
    });
    read.collect::<Option<_>>().ok_or_else(|| {
        Unscorable("an expected call is a name, or an object with a `name`".to_owned())
    })
}

/// The calls that the adapter knows of; without any, those that the output is, or has in `tool_calls`.
fn made(answer: &Answer) -> Vec<Call> {
    if !answer.tool_calls.is_empty() {
        let known = answer.tool_calls.iter().map(|call| Call {
            name: call.name.clone(),
            arguments: Some(parsed(&call.arguments)),
        });
        return known.collect();
    }
    let Ok(value) = document::json(&answer.value) else {
        return Vec::new();
    };
    let calls = value.get("tool_calls").unwrap_or(&value);
    let calls = calls.as_array().map(Vec::as_slice).unwrap_or_default();
    calls.iter().filter_map(call).collect()
}

/// A call as `{name, arguments?}`, or with both in `function` as OpenAI has it.
fn call(value: &Value) -> Option<Call> {
    let call = value.get("function").unwrap_or(value);
    Some(Call {
        name: call.get("name")?.as_str()?.to_owned(),
        arguments: call.get("arguments").map(parsed),
    })
}

/// Arguments that are JSON in a text are that JSON.
fn parsed(arguments: &Value) -> Value {
    let text = arguments.as_str();
    let read = text.and_then(|text| serde_json::from_str(text).ok());
    read.unwrap_or_else(|| arguments.clone())
}

fn meets(arguments: ToolArguments, expected: &Call, made: &Call) -> bool {
    let none = json!({});
    let found = made.arguments.as_ref().unwrap_or(&none);
    expected.name == made.name
        && match (&expected.arguments, arguments) {
            (None, _) | (_, ToolArguments::Any) => true,
            (Some(wanted), ToolArguments::Equal) => values_equal(wanted, found, true),
            (Some(Value::Object(wanted)), ToolArguments::Expected) => {
                wanted.iter().all(|(name, value)| {
                    found
                        .get(name)
                        .is_some_and(|found| values_equal(value, found, true))
                })
            }
            (Some(wanted), ToolArguments::Expected) => values_equal(wanted, found, true),
        }
}

/// What is left on each side of the largest set of pairs, by augmenting paths (Kuhn 1955).
fn in_any_order<'a>(
    expected: &'a [Call],
    made: &'a [Call],
    meets: impl Fn(&Call, &Call) -> bool,
) -> (Vec<&'a Call>, Vec<&'a Call>) {
    let edges: Vec<Vec<usize>> = expected
        .iter()
        .map(|wanted| {
            (0..made.len())
                .filter(|at| meets(wanted, &made[*at]))
                .collect()
        })
        .collect();
    let mut met_by: Vec<Option<usize>> = vec![None; made.len()];
    let missing: Vec<&Call> = (0..expected.len())
        .filter(|wanted| !pair(*wanted, &edges, &mut vec![false; made.len()], &mut met_by))
        .map(|wanted| &expected[wanted])
        .collect();
    let surplus = made.iter().zip(&met_by).filter(|(_, met)| met.is_none());
    (missing, surplus.map(|(call, _)| call).collect())
}

/// Finds a call for an expected one, if need be by finding another for whom it is taken by. No deeper than there are calls.
fn pair(
    wanted: usize,
    edges: &[Vec<usize>],
    seen: &mut Vec<bool>,
    met_by: &mut Vec<Option<usize>>,
) -> bool {
    for &at in &edges[wanted] {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let is_free = match met_by[at] {
            None => true,
            Some(other) => pair(other, edges, seen, met_by),
        };
        if is_free {
            met_by[at] = Some(wanted);
            return true;
        }
    }
    false
}

/// What is left on each side of the longest common subsequence.
fn in_order<'a>(
    expected: &'a [Call],
    made: &'a [Call],
    meets: impl Fn(&Call, &Call) -> bool,
) -> (Vec<&'a Call>, Vec<&'a Call>) {
    let mut longest = vec![vec![0_u32; made.len() + 1]; expected.len() + 1];
    for (i, wanted) in expected.iter().enumerate().rev() {
        for (j, call) in made.iter().enumerate().rev() {
            longest[i][j] = match meets(wanted, call) {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut missing, mut surplus) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < expected.len() && j < made.len() {
        if meets(&expected[i], &made[j]) {
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            missing.push(&expected[i]);
            i += 1;
        } else {
            surplus.push(&made[j]);
            j += 1;
        }
    }
    missing.extend(&expected[i..]);
    surplus.extend(&made[j..]);
    (missing, surplus)
}

#[cfg(test)]
mod tests {
    use domain::output::ToolCall;

    use super::*;

    fn scored(config: Value, expected: Value, answer: &Answer) -> Result<Verdict, Unscorable> {
        let config = serde_json::from_value(config).unwrap();
        let item = json!({"id": "1", "input": {}, "expected": expected});
        score(&config, &serde_json::from_value(item).unwrap(), answer)
    }

    fn value(config: Value, expected: Value, made: Value) -> f64 {
        let verdict = scored(config, expected, &Answer::of(made)).unwrap();
        verdict.value.as_f64()
    }

    fn search(query: &str) -> Value {
        json!({"name": "search", "arguments": {"query": query}})
    }

    #[test]
    fn precision_recall_and_f1_count_what_was_called_and_what_was_not() {
        let (expected, made) = (
            json!([search("a"), search("b")]),
            json!([search("b"), search("c"), "x"]),
        );
        // What is no call among the made ones is passed over.
        let measured =
            |measure: &str| value(json!({"measure": measure}), expected.clone(), made.clone());
        assert_eq!(measured("precision"), 0.5);
        assert_eq!(measured("recall"), 0.5);
        assert_eq!(measured("f1"), 0.5);
        assert_eq!(measured("exact"), 0.0);
        let verdict = scored(json!({}), expected, &Answer::of(made)).unwrap();
        assert_eq!(
            verdict.comment.as_deref(),
            Some("not made: `search`; not expected: `search`")
        );
    }

    #[test]
    fn arguments_are_equal_or_at_least_those_expected_or_any() {
        let made = json!([{"name": "f", "arguments": {"a": 1, "b": 2}}]);
        for (arguments, expected, met) in [
            (
                "equal",
                json!([{"name": "f", "arguments": {"b": 2, "a": 1.0}}]),
                1.0,
            ),
            ("equal", json!([{"name": "f", "arguments": {"a": 1}}]), 0.0),
            (
                "expected",
                json!([{"name": "f", "arguments": {"a": 1}}]),
                1.0,
            ),
            (
                "expected",
                json!([{"name": "f", "arguments": {"a": 2}}]),
                0.0,
            ),
            ("any", json!([{"name": "f", "arguments": {"z": 9}}]), 1.0),
            ("equal", json!(["f"]), 1.0),
            ("any", json!(["g"]), 0.0),
        ] {
            let config = json!({"arguments": arguments});
            assert_eq!(
                value(config, expected.clone(), made.clone()),
                met,
                "{expected}"
            );
        }
    }

    #[test]
    fn the_largest_set_of_pairs_counts() {
        // Taken one after another, the first expected call would leave nothing for the second.
        let made =
            json!([{"name": "f", "arguments": {"a": 1}}, {"name": "f", "arguments": {"b": 1}}]);
        let expected = json!(["f", {"name": "f", "arguments": {"a": 1}}]);
        assert_eq!(value(json!({"measure": "exact"}), expected, made), 1.0);
    }

    #[test]
    fn order_counts_when_it_is_asked_for() {
        let (expected, made) = (
            json!(["a", "b", "c"]),
            json!([{"name": "c"}, {"name": "a"}, {"name": "b"}]),
        );
        let exact = |ordered: bool| json!({"measure": "exact", "ordered": ordered});
        assert_eq!(value(exact(false), expected.clone(), made.clone()), 1.0);
        assert_eq!(value(exact(true), expected.clone(), made.clone()), 0.0);
        let recall = value(
            json!({"measure": "recall", "ordered": true}),
            expected,
            made,
        );
        assert!((recall - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn calls_are_found_wherever_an_output_has_them() {
        let expected = json!({"tool_calls": [search("a")]});
        for made in [
            json!([search("a")]),
            json!({"text": "I will search.", "tool_calls": [search("a")]}),
            json!("```json\n[{\"name\": \"search\", \"arguments\": {\"query\": \"a\"}}]\n```"),
            json!([{"id": "1", "type": "function", "function": {"name": "search", "arguments": "{\"query\": \"a\"}"}}]),
        ] {
            assert_eq!(
                value(json!({"measure": "exact"}), expected.clone(), made.clone()),
                1.0,
                "{made}"
            );
        }
        let known = Answer {
            tool_calls: vec![ToolCall {
                name: "search".to_owned(),
                arguments: json!({"query": "a"}),
            }],
            ..Answer::of(json!("Let me see."))
        };
        assert_eq!(
            scored(json!({}), expected, &known).unwrap().value,
            ScoreValue::Number(1.0)
        );
    }

    #[test]
    fn no_calls_are_right_when_none_are_expected_and_a_bad_reference_is_an_error() {
        assert_eq!(value(json!({}), json!([]), json!("a sentence")), 1.0);
        assert_eq!(value(json!({}), json!([]), json!([search("a")])), 0.0);
        assert_eq!(value(json!({}), json!(["f"]), json!("a sentence")), 0.0);
        for expected in [json!("f"), json!([1]), json!({"calls": []}), json!(null)] {
            let scored = scored(json!({}), expected.clone(), &Answer::of(json!("x")));
            assert!(scored.is_err(), "{expected}");
        }
    }
}
