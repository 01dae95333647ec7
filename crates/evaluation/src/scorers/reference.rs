//! The reference of an item: its `expected`, or the part of it that a scorer compares with.

use domain::item::DatasetItem;
use serde_json::Value;

use super::Unscorable;

/// The item's `expected`, or, when that is an object, its key `field`; without a `field`, the first of `keys` that it has.
pub(super) fn reference<'a>(
    item: &'a DatasetItem,
    field: Option<&str>,
    keys: &[&str],
) -> Result<&'a Value, Unscorable> {
    let expected = item
        .expected
        .as_ref()
        .ok_or_else(|| Unscorable("the item has no `expected`".to_owned()))?;
    let Value::Object(object) = expected else {
        return Ok(expected);
    };
    match field {
        Some(field) => object
            .get(field)
            .ok_or_else(|| Unscorable(format!("the item's `expected` has no key `{field}`"))),
        None => keys.iter().find_map(|key| object.get(*key)).ok_or_else(|| {
            let keys = keys
                .iter()
                .map(|key| format!("`{key}`"))
                .collect::<Vec<_>>()
                .join(" or ");
            Unscorable(format!(
                "the item's `expected` is an object that has no key {keys}"
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_is_expected_or_a_part_of_it() {
        for (expected, field, found) in [
            (json!("4"), None, Some(json!("4"))),
            (json!("4"), Some("a"), Some(json!("4"))),
            (json!([4]), None, Some(json!([4]))),
            (json!({"value": 4}), None, Some(json!(4))),
            (json!({"value": 4, "exact": 5}), None, Some(json!(5))),
            (json!({"value": 4, "a": 6}), Some("a"), Some(json!(6))),
            (json!({"value": null}), None, Some(json!(null))),
            (json!({"value": 4}), Some("a"), None),
            (json!({"b": 4}), None, None),
            (json!({}), None, None),
        ] {
            let item =
                serde_json::from_value(json!({"id": "1", "input": {}, "expected": expected}))
                    .unwrap();
            let reference = reference(&item, field, &["exact", "value"]).ok().cloned();
            assert_eq!(reference, found, "{expected} {field:?}");
        }
    }
}
