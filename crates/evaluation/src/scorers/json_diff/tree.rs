//! A document as a tree of weighted leaves, in which equal parts have equal numbers.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::config::JsonDiffScorer;
use serde_json::Value;

use super::super::exact_match::as_integer;

/// A value of a document.
pub(super) struct Tree {
    /// Equal for equal values, order aside where it counts for nothing.
    pub(super) id: usize,
    /// The sum of the weights of its leaves.
    pub(super) weight: f64,
    pub(super) parts: Parts,
}

/// What a value is made of.
pub(super) enum Parts {
    /// No part: a scalar, or an empty list or object.
    None,
    List(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
}

#[derive(PartialEq, Eq, Hash)]
enum Shape {
    Null,
    Boolean(bool),
    Integer(i128),
    /// A number that is not whole, as bits.
    Float(u64),
    Text(String),
    List(Vec<usize>),
    Object(Vec<(String, usize)>),
}

/// What leaves weigh, as a tree of keys; a key `*` is any key and any element.
#[derive(Default)]
pub(super) struct Weights {
    own: Option<f64>,
    below: HashMap<String, Weights>,
}

impl Weights {
    /// Adds a weight at a JSON Pointer.
    pub(super) fn insert(&mut self, pointer: &str, weight: f64) {
        let keys = pointer.split('/').skip(1);
        let keys = keys.map(|key| key.replace("~1", "/").replace("~0", "~"));
        let place = keys.fold(self, |place, key| place.below.entry(key).or_default());
        place.own = Some(weight);
    }

    /// What is said of a key, or of an element, which has no key.
    fn step(&self, key: Option<&str>) -> Option<&Self> {
        key.and_then(|key| self.below.get(key))
            .or_else(|| self.below.get("*"))
    }
}

/// Trees whose parts can be compared.
pub(super) struct Forest<'a> {
    ids: HashMap<Shape, usize>,
    ignored: HashSet<&'a str>,
    unordered: bool,
    weights: &'a Weights,
}

impl<'a> Forest<'a> {
    pub(super) fn new(config: &'a JsonDiffScorer, weights: &'a Weights) -> Self {
        Self {
            ids: HashMap::new(),
            ignored: config.ignored_keys.iter().map(String::as_str).collect(),
            unordered: config.unordered,
            weights,
        }
    }

    pub(super) fn plant(&mut self, value: &Value) -> Tree {
        self.grow(value, Some(self.weights), 1.0)
    }

    fn grow(&mut self, value: &Value, weights: Option<&Weights>, inherited: f64) -> Tree {
        let leaf = weights.and_then(|weights| weights.own).unwrap_or(inherited);
        let below = |key| weights.and_then(|weights| weights.step(key));
        let (shape, parts) = match value {
            Value::Null => (Shape::Null, Parts::None),
            Value::Bool(value) => (Shape::Boolean(*value), Parts::None),
            Value::Number(number) => {
                let shape = match (as_integer(number), number.as_f64()) {
                    (Some(integer), _) => Shape::Integer(integer),
                    (None, float) => Shape::Float(float.unwrap_or_default().to_bits()),
                };
                (shape, Parts::None)
            }
            Value::String(text) => (Shape::Text(text.clone()), Parts::None),
            Value::Array(values) => {
                let elements = values.iter();
                let elements: Vec<Tree> = elements
                    .map(|value| self.grow(value, below(None), leaf))
                    .collect();
                let mut ids: Vec<usize> = elements.iter().map(|tree| tree.id).collect();
                if self.unordered {
                    ids.sort_unstable();
                }
                (Shape::List(ids), Parts::List(elements))
            }
            Value::Object(entries) => {
                let mut kept = BTreeMap::new();
                for (key, value) in entries {
                    if !self.ignored.contains(key.as_str()) {
                        kept.insert(key.clone(), self.grow(value, below(Some(key)), leaf));
                    }
                }
                let ids = kept.iter().map(|(key, tree)| (key.clone(), tree.id));
                (Shape::Object(ids.collect()), Parts::Object(kept))
            }
        };
        let next = self.ids.len();
        Tree {
            id: *self.ids.entry(shape).or_insert(next),
            weight: parts.weight().unwrap_or(leaf),
            parts,
        }
    }
}

impl Parts {
    /// The weight of all parts, when there are any.
    fn weight(&self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::List(elements) => sum(elements.iter()),
            Self::Object(entries) => sum(entries.values()),
        }
    }
}

fn sum<'a>(trees: impl ExactSizeIterator<Item = &'a Tree>) -> Option<f64> {
    (trees.len() > 0).then(|| trees.map(|tree| tree.weight).sum())
}
