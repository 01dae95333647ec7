//! Prompts: Jinja templates, compiled once and rendered for every item.

use std::collections::BTreeMap;

use domain::config::OpenAiAdapter;
use domain::fault::Fault;
use domain::item::DatasetItem;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use crate::text;

/// Bounds the time and memory of one rendering: about as many instructions, or 64 bytes each of text.
const FUEL: u64 = 100_000;

/// How deeply macros and includes may nest.
const DEEPEST_RECURSION: usize = 100;

const USER: &str = "prompt";
const SYSTEM: &str = "system";

/// The templates of an adapter.
///
/// The variables are the keys of the item's `input`, and `input`, `id` and `metadata` unless an input has that name.
/// Naming anything else is an error, and nothing is escaped: a prompt is text, not HTML.
pub struct Prompt {
    environment: Environment<'static>,
    has_system: bool,
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    pub system: Option<String>,
    pub user: String,
}

/// A template that cannot be rendered for an item.
#[derive(Debug, thiserror::Error)]
#[error("the template `{template}` cannot be rendered: {message}")]
pub struct RenderError {
    /// The adapter's field that holds the template: `prompt` or `system`.
    pub template: &'static str,
    /// What is wrong, with the number of the line.
    pub message: String,
}

impl Prompt {
    /// Names every fault at once; pointers are relative to the adapter.
    pub fn compile(adapter: &OpenAiAdapter) -> Result<Self, Vec<Fault>> {
        let mut environment = environment();
        let system = adapter.system.as_ref().map(|system| (SYSTEM, system));
        let faults: Vec<Fault> = [(USER, &adapter.prompt)]
            .into_iter()
            .chain(system)
            .filter_map(|(name, source)| {
                let error = environment.add_template_owned(name, source.clone()).err()?;
                Some(Fault::new(
                    format!("/{name}"),
                    format!("not a Jinja template: {}", describe(&error)),
                ))
            })
            .collect();
        match faults.is_empty() {
            true => Ok(Self {
                environment,
                has_system: system.is_some(),
            }),
            false => Err(faults),
        }
    }

    pub fn render(&self, item: &DatasetItem) -> Result<Messages, RenderError> {
        let variables = variables(item);
        let system = match self.has_system {
            true => Some(self.render_one(SYSTEM, item, &variables)?),
            false => None,
        };
        let user = self.render_one(USER, item, &variables)?;
        Ok(Messages { system, user })
    }

    /// Every template that cannot be rendered for the item.
    pub(crate) fn render_errors(&self, item: &DatasetItem) -> Vec<RenderError> {
        let variables = variables(item);
        let templates = [Some(USER), self.has_system.then_some(SYSTEM)];
        templates
            .into_iter()
            .flatten()
            .filter_map(|template| self.render_one(template, item, &variables).err())
            .collect()
    }

    fn render_one(
        &self,
        template: &'static str,
        item: &DatasetItem,
        variables: &Value,
    ) -> Result<String, RenderError> {
        self.environment
            .get_template(template)
            .and_then(|compiled| compiled.render(variables.clone()))
            .map_err(|error| RenderError {
                template,
                message: match error.kind() {
                    ErrorKind::UndefinedError => {
                        let inputs = text::quote_all(item.input.keys().map(String::as_str));
                        format!(
                            "{}; the inputs of item {} are {inputs}",
                            describe(&error),
                            text::quote(&item.id)
                        )
                    }
                    _ => describe(&error),
                },
            })
    }
}

pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEEPEST_RECURSION);
    // Only then do errors name the variable that is undefined.
    environment.set_debug(true);
    environment.add_filter("tojson", to_json);
    environment
}

/// Replaces the built-in filter, which escapes `<`, `>`, `&` and `'` for HTML.
fn to_json(value: &Value, options: Kwargs) -> Result<String, Error> {
    if value.is_undefined() {
        // Fails with an error that names the variable.
        return i64::try_from(value.clone()).map(|number| number.to_string());
    }
    let indent: Option<Value> = options.get("indent")?;
    options.assert_all_used()?;
    let json = match indent.is_some_and(|indent| indent.is_true()) {
        true => serde_json::to_string_pretty(value),
        false => serde_json::to_string(value),
    };
    json.map_err(|_| Error::new(ErrorKind::BadSerialization, "not a JSON value"))
}

fn variables(item: &DatasetItem) -> Value {
    let mut variables = BTreeMap::from([
        ("id", Value::from(item.id.as_str())),
        ("input", Value::from(Serde(&item.input))),
        ("metadata", Value::from(Serde(&item.metadata))),
    ]);
    for (name, value) in &item.input {
        variables.insert(name, Value::from(Serde(value)));
    }
    Value::from_pairs(variables)
}

/// What is wrong and in which line, without the template's source.
pub(crate) fn describe(error: &Error) -> String {
    let what = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it does too much work for one prompt".to_owned(),
        (ErrorKind::UndefinedError | ErrorKind::SyntaxError, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    let what = text::shorten(&what, 300);
    match error.line() {
        Some(line) => format!("{what} (line {line})"),
        None => what.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn adapter(prompt: &str, system: Option<&str>) -> OpenAiAdapter {
        serde_json::from_value(json!({"provider": "p", "prompt": prompt, "system": system}))
            .unwrap()
    }

    fn item() -> DatasetItem {
        serde_json::from_value(json!({
            "id": "1",
            "input": {"question": "2 < 3 & 'x'?", "choices": ["a", "b"], "zulu": 1, "alpha": {"y": 1, "b": "<"}},
            "metadata": {"topic": "sums"},
        }))
        .unwrap()
    }

    fn render(prompt: &str) -> Result<String, String> {
        let prompt = Prompt::compile(&adapter(prompt, None)).unwrap();
        prompt
            .render(&item())
            .map(|m| m.user)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn inputs_are_variables_and_nothing_is_escaped() {
        for (template, expected) in [
            ("{{ question }}", "2 < 3 & 'x'?"),
            ("{{ input.question }}", "2 < 3 & 'x'?"),
            ("{{ id }}: {{ metadata.topic }}", "1: sums"),
            (
                "{% for c in choices %}{{ loop.index }}){{ c }} {% endfor %}",
                "1)a 2)b ",
            ),
            ("{{ alpha | tojson }}", r#"{"y":1,"b":"<"}"#),
            (
                "{{ choices | tojson(indent=2) }}",
                "[\n  \"a\",\n  \"b\"\n]",
            ),
            (
                "{{ input | list | join(',') }}",
                "question,choices,zulu,alpha",
            ),
            (
                "{% if hint is defined %}{{ hint }}{% else %}no hint{% endif %}",
                "no hint",
            ),
            ("{{ hint | default('none') }}", "none"),
        ] {
            assert_eq!(render(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn an_input_wins_over_a_variable_of_the_same_name() {
        let item: DatasetItem =
            serde_json::from_value(json!({"id": "1", "input": {"input": "text", "id": "own"}}))
                .unwrap();
        let prompt = Prompt::compile(&adapter("{{ input }} {{ id }}", None)).unwrap();
        assert_eq!(prompt.render(&item).unwrap().user, "text own");
    }

    #[test]
    fn a_system_message_is_rendered_beside_the_prompt() {
        let prompt =
            Prompt::compile(&adapter("{{ zulu }}", Some("About {{ metadata.topic }}."))).unwrap();
        let messages = prompt.render(&item()).unwrap();
        assert_eq!(messages.system.as_deref(), Some("About sums."));
        assert_eq!(messages.user, "1");
    }

    #[test]
    fn an_undefined_variable_is_named() {
        for (template, name) in [
            ("{{ answer }}", "`answer`"),
            ("a\n{{ alpha.nope }}", "`alpha.nope`"),
            ("{% if answer %}{% endif %}", "`answer`"),
            ("{% for x in answer %}{% endfor %}", "`answer`"),
            ("{{ answer | upper }}", "`answer`"),
            ("{{ answer | tojson }}", "`answer`"),
            ("{{ answer ~ 'x' }}", "`answer`"),
        ] {
            let error = render(template).unwrap_err();
            assert!(error.contains(name), "{template}: {error}");
        }
        assert_eq!(
            render("a\n{{ answer }}").unwrap_err(),
            "the template `prompt` cannot be rendered: `answer` is undefined (line 2); \
             the inputs of item `1` are `question`, `choices`, `zulu`, `alpha`"
        );
    }

    #[test]
    fn endless_work_is_stopped() {
        let macros = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}";
        let loops = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        let doubling = "{% set ns = namespace(t='x') %}{% for a in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}";
        for template in [
            macros,
            loops,
            doubling,
            "{% include 'prompt' %}",
            "{{ 'x' * 1000000000 }}",
        ] {
            assert!(render(template).is_err(), "{template}");
        }
    }

    #[test]
    fn every_bad_template_is_a_fault_at_its_place() {
        let faults = Prompt::compile(&adapter("{{ a", Some("{% if %}")))
            .err()
            .unwrap();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/prompt", "/system"]);
        assert!(
            faults[0].message.starts_with("not a Jinja template: "),
            "{faults:?}"
        );
        assert!(faults[0].message.ends_with("(line 1)"), "{faults:?}");
    }

    proptest! {
        #[test]
        fn no_template_panics(template in "[{}%#a-z .|()'\"\\[\\]0-9+*~-]{0,60}") {
            if let Ok(prompt) = Prompt::compile(&adapter(&template, None)) {
                let _ = prompt.render(&item());
            }
        }
    }
}
