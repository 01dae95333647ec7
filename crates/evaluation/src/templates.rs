//! Jinja templates, compiled once and rendered for every item: what prompts, texts and requests are made of.
//!
//! The variables are the keys of the item's `input`, and `input`, `id` and `metadata` unless an input has that name.
//! Naming anything else is an error, and nothing is escaped: what comes out is text, not HTML.

use std::collections::BTreeMap;

use domain::fault::Fault;
use domain::item::DatasetItem;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use crate::text;

/// Bounds the time and memory of one rendering: about as many instructions, or 64 bytes each of text.
const FUEL: u64 = 100_000;

/// How deeply macros and includes may nest.
const DEEPEST_RECURSION: usize = 100;

/// Templates by name. A name is the place of the template in its configuration, such as `prompt` or `request/body/text`.
pub(crate) struct Templates {
    environment: Environment<'static>,
    names: Vec<String>,
}

/// A template that cannot be rendered for an item.
#[derive(Debug, thiserror::Error)]
#[error("the template `{template}` cannot be rendered: {message}")]
pub struct RenderError {
    /// The field that holds the template, such as `prompt`.
    pub template: String,
    /// What is wrong, with the number of the line.
    pub message: String,
}

/// What a rendering may name.
pub(crate) struct Variables<'a> {
    item: &'a DatasetItem,
    values: Value,
}

impl<'a> Variables<'a> {
    pub(crate) fn of(item: &'a DatasetItem) -> Self {
        Self::with(item, &[])
    }

    /// Those of the item, and more that an input of the same name goes before.
    pub(crate) fn with(item: &'a DatasetItem, more: &[(&str, &str)]) -> Self {
        let mut values = BTreeMap::from([
            ("id", Value::from(item.id.as_str())),
            ("input", Value::from(Serde(&item.input))),
            ("metadata", Value::from(Serde(&item.metadata))),
        ]);
        for (name, value) in more {
            values.insert(*name, Value::from(*value));
        }
        for (name, value) in &item.input {
            values.insert(name, Value::from(Serde(value)));
        }
        let values = Value::from_pairs(values);
        Self { item, values }
    }
}

impl Templates {
    pub(crate) fn new() -> Self {
        Self {
            environment: environment(),
            names: Vec::new(),
        }
    }

    /// Compiles one more; the fault's pointer is its name.
    pub(crate) fn add(&mut self, name: &str, source: &str) -> Result<(), Fault> {
        self.environment
            .add_template_owned(name.to_owned(), source.to_owned())
            .map_err(|error| {
                let message = format!("not a Jinja template: {}", describe(&error));
                Fault::new(format!("/{name}"), message)
            })?;
        self.names.push(name.to_owned());
        Ok(())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// The template as text.
    pub(crate) fn text(
        &self,
        name: &str,
        variables: &Variables<'_>,
    ) -> Result<String, RenderError> {
        self.environment
            .get_template(name)
            .and_then(|compiled| compiled.render(variables.values.clone()))
            .map_err(|error| failed(name, &error, variables.item))
    }

    /// The template as a JSON value: of its own type when it is one expression and nothing else, and text otherwise.
    pub(crate) fn value(
        &self,
        name: &str,
        variables: &Variables<'_>,
    ) -> Result<serde_json::Value, RenderError> {
        let compiled = self.environment.get_template(name);
        let source = compiled.as_ref().map(|template| template.source());
        let expression = source.ok().and_then(expression);
        let expression = expression.and_then(|text| {
            self.environment
                .compile_expression_owned(text.to_owned())
                .ok()
        });
        let Some(expression) = expression else {
            return self.text(name, variables).map(serde_json::Value::String);
        };
        let value = expression
            .eval(variables.values.clone())
            .map_err(|error| failed(name, &error, variables.item))?;
        if value.is_undefined() {
            // Fails with an error that names the variable.
            return self.text(name, variables).map(serde_json::Value::String);
        }
        serde_json::to_value(&value).map_err(|_| RenderError {
            template: name.to_owned(),
            message: "its value cannot be written as JSON".to_owned(),
        })
    }

    /// Every template that cannot be rendered.
    pub(crate) fn errors(&self, variables: &Variables<'_>) -> Vec<RenderError> {
        let names = self.names.iter();
        names
            .filter_map(|name| self.value(name, variables).err())
            .collect()
    }
}

/// The expression of a text that is `{{ … }}` from its beginning to its end; it may still turn out to be more than one.
fn expression(source: &str) -> Option<&str> {
    let inner = source.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    // Marks of where white space is kept or taken away.
    let marks = ['-', '+'];
    let inner = inner.strip_prefix(marks).unwrap_or(inner);
    Some(inner.strip_suffix(marks).unwrap_or(inner))
}

fn failed(name: &str, error: &Error, item: &DatasetItem) -> RenderError {
    let what = describe(error);
    RenderError {
        template: name.to_owned(),
        message: match error.kind() {
            ErrorKind::UndefinedError => {
                let inputs = text::quote_all(item.input.keys().map(String::as_str));
                let id = text::quote(&item.id);
                format!("{what}; the inputs of item {id} are {inputs}")
            }
            _ => what,
        },
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
