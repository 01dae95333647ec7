//! Tagged unions in the form that client generators understand.
//!
//! utoipa writes a tagged enum as `allOf` of the variant and its tag. Generators drop every operation that holds one, and
//! no value is valid against it, since neither half knows the other's keys. So each variant becomes a component of
//! its own that has the tag among its keys, and the union names the tag as its discriminator.

use serde_json::{Map, Value, json};

use super::{component, reference};

/// Makes a component of each variant of each union.
pub(super) fn split(schemas: &mut Map<String, Value>) {
    let unions: Vec<(String, Vec<Variant>)> = schemas
        .iter()
        .filter_map(|(name, schema)| Some((name.clone(), variants(schema)?)))
        .collect();
    for (union, variants) in unions {
        let mut references = Vec::new();
        let mut mapping = Map::new();
        let mut property = String::new();
        for variant in variants {
            let name = format!("{union}{}", pascal_case(&variant.value));
            let reference = reference(&name);
            let schema = variant.schema(&schemas[&variant.of]);
            schemas.insert(name, schema);
            references.push(json!({"$ref": reference}));
            mapping.insert(variant.value, json!(reference));
            property = variant.tag;
        }
        schemas[&union]["oneOf"] = json!(references);
        schemas[&union]["discriminator"] = json!({"propertyName": property, "mapping": mapping});
    }
}

/// One variant of a tagged union.
struct Variant {
    /// The component that holds its other keys.
    of: String,
    tag: String,
    value: String,
    /// What the variant says of itself. Variants may hold the same type.
    description: Option<Value>,
}

impl Variant {
    /// The keys of the component, and the tag before them.
    fn schema(&self, of: &Value) -> Value {
        let mut schema = of.clone();
        if let Some(description) = &self.description {
            schema["description"] = description.clone();
        }
        let mut properties = Map::new();
        properties.insert(
            self.tag.clone(),
            json!({"type": "string", "enum": [self.value]}),
        );
        let mut required = vec![json!(self.tag)];
        if let Some(own) = of["properties"].as_object() {
            properties.extend(own.clone());
        }
        required.extend(of["required"].as_array().into_iter().flatten().cloned());
        schema["properties"] = Value::Object(properties);
        schema["required"] = Value::Array(required);
        schema
    }
}

/// The variants of a schema that is a tagged union.
fn variants(schema: &Value) -> Option<Vec<Variant>> {
    schema["oneOf"].as_array()?.iter().map(variant).collect()
}

fn variant(schema: &Value) -> Option<Variant> {
    let [of, tag] = schema["allOf"].as_array()?.as_slice() else {
        return None;
    };
    let description = schema.get("description").or(tag.get("description"));
    let (name, tag) = tag["properties"].as_object()?.iter().next()?;
    Some(Variant {
        description: description.cloned(),
        of: component(of["$ref"].as_str()?)?.to_owned(),
        tag: name.clone(),
        value: tag["enum"][0].as_str()?.to_owned(),
    })
}

/// `exact_match` is `ExactMatch`.
fn pascal_case(name: &str) -> String {
    name.split('_')
        .filter_map(|word| word.split_at_checked(1))
        .map(|(first, rest)| first.to_uppercase() + rest)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_union_becomes_a_component_for_each_variant() {
        let document = crate::openapi();
        let schemas = &document["components"]["schemas"];
        let union = &schemas["ScorerConfig"];
        assert_eq!(union["discriminator"]["propertyName"], "type");
        let regex = "#/components/schemas/ScorerConfigRegex";
        assert_eq!(union["discriminator"]["mapping"]["regex"], regex);
        assert_eq!(union["oneOf"][2]["$ref"], regex);
        assert_eq!(schemas["ScorerConfigRegex"]["required"], json!(["type"]));
        assert_eq!(schemas["RegexScorer"], Value::Null);
    }

    #[test]
    fn no_union_is_left_as_it_was() {
        assert!(!crate::openapi().to_string().contains("allOf"));
    }
}
