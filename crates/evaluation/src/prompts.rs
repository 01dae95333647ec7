//! Prompts: the messages of a chat and the text of an embedding, made of templates for every item.

use domain::config::{ChatAdapter, EmbeddingsAdapter};
use domain::fault::Fault;
use domain::item::DatasetItem;

use crate::templates::{RenderError, Templates, Variables};

const USER: &str = "prompt";
const SYSTEM: &str = "system";
const TEXT: &str = "text";

/// The templates of a chat.
pub struct Prompt {
    templates: Templates,
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    pub system: Option<String>,
    pub user: String,
}

impl Prompt {
    /// Names every fault at once; pointers are relative to the adapter.
    pub fn compile(adapter: &ChatAdapter) -> Result<Self, Vec<Fault>> {
        let mut templates = Templates::new();
        let system = adapter.system.as_deref().map(|system| (SYSTEM, system));
        let faults: Vec<Fault> = [(USER, adapter.prompt.as_str())]
            .into_iter()
            .chain(system)
            .filter_map(|(name, source)| templates.add(name, source).err())
            .collect();
        match faults.is_empty() {
            true => Ok(Self { templates }),
            false => Err(faults),
        }
    }

    pub fn render(&self, item: &DatasetItem) -> Result<Messages, RenderError> {
        let variables = Variables::of(item);
        let system = match self.templates.has(SYSTEM) {
            true => Some(self.templates.text(SYSTEM, &variables)?),
            false => None,
        };
        let user = self.templates.text(USER, &variables)?;
        Ok(Messages { system, user })
    }

    /// Every template that cannot be rendered for the item.
    pub(crate) fn render_errors(&self, item: &DatasetItem) -> Vec<RenderError> {
        self.templates.errors(&Variables::of(item))
    }
}

/// The template of a text to embed.
pub struct EmbeddedText {
    templates: Templates,
}

impl EmbeddedText {
    /// The fault's pointer is relative to the adapter.
    pub fn compile(adapter: &EmbeddingsAdapter) -> Result<Self, Fault> {
        let mut templates = Templates::new();
        templates.add(TEXT, &adapter.text)?;
        Ok(Self { templates })
    }

    pub fn render(&self, item: &DatasetItem) -> Result<String, RenderError> {
        self.templates.text(TEXT, &Variables::of(item))
    }

    /// The template, when it cannot be rendered for the item.
    pub(crate) fn render_errors(&self, item: &DatasetItem) -> Vec<RenderError> {
        self.templates.errors(&Variables::of(item))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn adapter(prompt: &str, system: Option<&str>) -> ChatAdapter {
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
