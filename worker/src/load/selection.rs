//! Which of the items that are read are taken: those with a tag, the first of them, a sample of these.

use domain::config::Selection;

use crate::load::sample::Sample;
use crate::load::{Row, Stop, Take};

/// Stands between the rows that are read and those that are taken.
pub(crate) struct Selector {
    selection: Selection,
    /// Rows that may still come.
    left: u64,
    sample: Option<Sample>,
}

impl Selector {
    pub(crate) fn new(selection: Selection) -> Self {
        Self {
            left: selection.limit.unwrap_or(u64::MAX),
            sample: selection.sample.map(Sample::new),
            selection,
        }
    }

    /// Passes a row on, keeps it for a choice at the end, or drops it. A row that is no item is always passed on.
    pub(crate) fn choose(&mut self, line: u64, row: Row, take: &mut Take<'_>) -> Result<(), Stop> {
        match row {
            Ok(item) if !self.selection.wants(&item.tags) => return Ok(()),
            Ok(mut item) => {
                for tag in &self.selection.add_tags {
                    if !item.tags.contains(tag) {
                        item.tags.push(tag.clone());
                    }
                }
                match &mut self.sample {
                    Some(sample) => sample.offer(line, &item)?,
                    None => take(line, Ok(item))?,
                }
            }
            Err(fault) => take(line, Err(fault))?,
        }
        self.left = self.left.saturating_sub(1);
        match self.left {
            0 => Err(Stop::Enough),
            _ => Ok(()),
        }
    }

    /// Passes on what was kept.
    pub(crate) fn finish(self, take: &mut Take<'_>) -> Result<(), Stop> {
        match self.sample {
            Some(sample) => sample.drawn(take),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use datasets::RowFault;
    use domain::item::DatasetItem;
    use serde_json::{Value, json};

    use super::*;

    /// The ids that are taken of twenty items, of which every third has the tag `third`; row 5 is no item.
    fn taken(selection: Selection) -> Vec<String> {
        let mut selector = Selector::new(selection);
        let mut taken = Vec::new();
        let mut take = |_: u64, row: Row| {
            taken.push(match row {
                Ok(item) => format!("{} {}", item.id, item.tags.join("+")),
                Err(fault) => fault.message,
            });
            Ok(())
        };
        for line in 1..=20 {
            let tags: Value = if line % 3 == 0 {
                json!(["third"])
            } else {
                json!(["other"])
            };
            let item = json!({"id": line.to_string(), "input": {}, "tags": tags});
            let item: DatasetItem = serde_json::from_value(item).unwrap();
            let row = match line {
                5 => Err(RowFault::new(line, "bad")),
                _ => Ok(item),
            };
            if selector.choose(line, row, &mut take).is_err() {
                break;
            }
        }
        assert!(selector.finish(&mut take).is_ok());
        taken
    }

    #[test]
    fn the_first_items_with_a_tag_are_taken_and_get_their_tags() {
        let selection = Selection {
            only_tags: vec!["third".to_owned(), "none".to_owned()],
            limit: Some(3),
            sample: None,
            add_tags: vec!["all".to_owned(), "third".to_owned()],
        };
        assert_eq!(taken(selection), ["3 third+all", "bad", "6 third+all"]);
        assert_eq!(taken(Selection::default()).len(), 20);
    }

    #[test]
    fn a_sample_is_drawn_of_the_items_that_the_rest_leaves() {
        let selection = Selection {
            only_tags: vec!["third".to_owned()],
            limit: Some(5),
            sample: serde_json::from_value(json!({"size": 2, "seed": 1})).unwrap(),
            add_tags: Vec::new(),
        };
        let taken = taken(selection);
        assert_eq!((taken.len(), taken[0].as_str()), (3, "bad"));
        let third = ["3 third", "6 third", "9 third", "12 third"];
        assert!(taken[1..].iter().all(|id| third.contains(&id.as_str())));
    }
}
