//! Which of the items of a source are taken.

use serde::{Deserialize, Serialize};

/// Which items are taken, in this order: those with a tag, the first of them, a sample of these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Tags of which an item has at least one; without any, every item is taken.
    pub only_tags: Vec<String>,
    pub limit: Option<u64>,
    pub sample: Option<SampleConfig>,
    /// Tags that every item gets besides its own.
    pub add_tags: Vec<String>,
}

impl Selection {
    /// Whether an item with these tags is taken, as far as its tags decide.
    pub fn wants(&self, tags: &[String]) -> bool {
        self.only_tags.is_empty() || self.only_tags.iter().any(|tag| tags.contains(tag))
    }
}

/// A random sample: each set of items of that size is as likely as any other, and none is taken twice.
///
/// The items taken are those with the smallest SHA-256 of `<seed>:<id>`, in the order of the source, so that the same seed
/// takes the same items of the same source wherever it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SampleConfig {
    /// How many items are taken; all, when there are not more.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1_000_000))]
    pub size: u32,
    /// Another seed takes other items.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(minimum = 0))]
    pub seed: u32,
}
