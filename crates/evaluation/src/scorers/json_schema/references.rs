//! Where the references of a schema lead.

use std::collections::HashMap;

use serde_json::Value;

/// By the address of the subschema that refers. What leads out of the schema is not here.
pub(super) type Targets<'a> = HashMap<usize, Vec<&'a Value>>;

/// Of every subschema that refers, where to.
pub(super) fn targets(root: &Value) -> Targets<'_> {
    let mut places = Places::default();
    places.collect(root);
    let mut targets = Targets::new();
    places.resolve(root, root, &mut targets);
    targets
}

/// What references can name.
#[derive(Default)]
struct Places<'a> {
    resources: Vec<(&'a str, &'a Value)>,
    anchors: HashMap<&'a str, Vec<&'a Value>>,
}

impl<'a> Places<'a> {
    fn collect(&mut self, value: &'a Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.collect(value)),
            Value::Object(entries) => {
                if let Some(id) = id(value) {
                    self.resources.push((id, value));
                }
                for key in ["$anchor", "$dynamicAnchor"] {
                    if let Some(name) = entries.get(key).and_then(Value::as_str) {
                        self.anchors.entry(name).or_default().push(value);
                    }
                }
                entries.values().for_each(|value| self.collect(value));
            }
            _ => {}
        }
    }

    fn resolve(&self, value: &'a Value, base: &'a Value, targets: &mut Targets<'a>) {
        match value {
            Value::Array(values) => {
                for value in values {
                    self.resolve(value, base, targets);
                }
            }
            Value::Object(entries) => {
                let base = if id(value).is_some() { value } else { base };
                for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
                    if let Some(reference) = entries.get(key).and_then(Value::as_str) {
                        let found = targets.entry(address(value)).or_default();
                        found.extend(self.found(reference, base));
                    }
                }
                for value in entries.values() {
                    self.resolve(value, base, targets);
                }
            }
            _ => {}
        }
    }

    /// Where a reference may lead: of several places with the same name, to each.
    fn found(&self, reference: &str, base: &'a Value) -> Vec<&'a Value> {
        let (resource, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let last = |id: &str| id.rsplit(['/', ':']).next().map(str::to_owned);
        let resources = match resource {
            "" => vec![base],
            resource => {
                let named = self.resources.iter();
                let named = named.filter(|(id, _)| last(id) == last(resource));
                named.map(|(_, value)| *value).collect()
            }
        };
        match fragment {
            "" => resources,
            pointer if pointer.starts_with(['/', '%']) => {
                let pointer = percent_decoded(pointer);
                let found = resources
                    .iter()
                    .filter_map(|resource| resource.pointer(&pointer));
                found.collect()
            }
            name => self.anchors.get(name).cloned().unwrap_or_default(),
        }
    }
}

/// The name by which other subschemas refer to this one, if it has one.
fn id(schema: &Value) -> Option<&str> {
    let id = schema.get("$id").or_else(|| schema.get("id"))?.as_str()?;
    let id = id.trim_end_matches('#');
    (!id.is_empty() && !id.starts_with('#')).then_some(id)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let code = others.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Tells subschemas, and values, apart while the document stays where it is.
pub(super) fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}
