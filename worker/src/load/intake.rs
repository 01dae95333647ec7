//! Takes the rows of a source in: checks them, names the dataset, and lays its lines down to be stored.

use std::io::{self, BufRead, BufReader};
use std::sync::Arc;

use artifacts::datasets::ContentHash;
use datasets::{RowFault, Unit};
use domain::config::AdapterConfig;
use domain::dataset::DatasetRef;
use domain::item::DatasetItem;
use domain::spec::ExperimentSpec;

use crate::failure::Failure;
use crate::load::Row;
use crate::load::faults::Faults;
use crate::sorted::{Entry, IdHasher, Sorter};
use crate::spool::{Spool, SpoolReader};

/// What is known of the rows so far. Its memory does not grow with them.
#[derive(Default)]
pub(crate) struct Intake {
    hash: ContentHash,
    /// The items as lines, as chunks have them.
    lines: Spool,
    line: Vec<u8>,
    hasher: IdHasher,
    ids: Sorter,
    faults: Faults,
    items: u64,
    any_expected: bool,
    any_output: bool,
}

/// A dataset without faults.
pub(crate) struct Checked {
    pub(crate) dataset: DatasetRef,
    pub(crate) lines: Arc<Spool>,
}

impl Intake {
    /// Will name rows by that unit.
    pub(crate) fn of(unit: Unit) -> Self {
        Self {
            faults: Faults::of(unit),
            ..Self::default()
        }
    }

    /// Takes the row of a line of the source.
    pub(crate) fn take(&mut self, line: u64, row: Row) -> Result<(), Failure> {
        let item = match row {
            Ok(item) => item,
            Err(fault) => {
                self.faults.push(fault);
                return Ok(());
            }
        };
        self.items += 1;
        self.any_expected |= item.expected.is_some();
        self.any_output |= item.output.is_some();
        let entry = Entry {
            hash: self.hasher.hash(&item.id),
            line,
            offset: self.lines.len(),
        };
        self.ids.push(entry).map_err(Failure::Disk)?;
        self.hash
            .push(&item, &mut self.line)
            .map_err(|error| Failure::Dataset(error.to_string()))?;
        self.lines.append(&self.line).map_err(Failure::Disk)
    }

    /// The dataset, or what is wrong with it.
    pub(crate) fn finish(mut self, spec: &ExperimentSpec) -> Result<Checked, Failure> {
        let lines = Arc::new(self.lines);
        tell_repeated(self.ids, &lines, &mut self.faults).map_err(Failure::Disk)?;
        self.faults.into_result().map_err(Failure::Dataset)?;
        let applies = applies(spec, self.items, self.any_expected, self.any_output);
        applies.map_err(Failure::Dataset)?;
        Ok(Checked {
            dataset: self.hash.finish(),
            lines,
        })
    }
}

/// Finds the ids that were used before. Two ids count as one when their 128-bit hashes are equal.
fn tell_repeated(ids: Sorter, lines: &Arc<Spool>, faults: &mut Faults) -> io::Result<()> {
    let mut before = None;
    for entry in ids.finish()? {
        let Entry { hash, line, offset } = entry?;
        if before.replace(hash) != Some(hash) {
            continue;
        }
        if !faults.tells(line) {
            faults.count();
            continue;
        }
        let id = id_at(lines, offset)?;
        faults.push(RowFault::new(line, format!("the id `{id}` is used twice")));
    }
    Ok(())
}

/// The id of the item whose line begins at a position.
fn id_at(lines: &Arc<Spool>, position: u64) -> io::Result<String> {
    let mut line = Vec::new();
    BufReader::new(SpoolReader::new(Arc::clone(lines), position)).read_until(b'\n', &mut line)?;
    let item: DatasetItem = serde_json::from_slice(&line)?;
    Ok(item.id)
}

/// Refuses a dataset to which a scorer or the adapter cannot apply at all.
fn applies(
    spec: &ExperimentSpec,
    items: u64,
    any_expected: bool,
    any_output: bool,
) -> Result<(), String> {
    if items == 0 {
        return Err("it has no items".to_owned());
    }
    if !any_expected
        && let Some(scorer) = spec.scorers.iter().find(|scorer| scorer.needs_expected())
    {
        return Err(format!(
            "the scorer `{}` compares with `expected`, which no item has",
            scorer.name()
        ));
    }
    let takes_from_items = |adapter: &AdapterConfig| matches!(adapter, AdapterConfig::Recorded(recorded) if recorded.path.is_none());
    if !any_output
        && spec
            .models
            .iter()
            .any(|model| takes_from_items(&model.adapter))
    {
        return Err(
            "the adapter `recorded` takes the items' own `output`, which no item has".to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(id: &str) -> DatasetItem {
        serde_json::from_value(json!({"id": id, "input": {}})).unwrap()
    }

    fn told(intake: Intake) -> String {
        let Intake {
            ids,
            lines,
            mut faults,
            ..
        } = intake;
        tell_repeated(ids, &Arc::new(lines), &mut faults).unwrap();
        faults.into_result().unwrap_err()
    }

    #[test]
    fn ids_used_twice_are_found_and_many_faults_are_counted() {
        let mut intake = Intake::default();
        for line in 1..15 {
            intake.take(line, Ok(item("a"))).unwrap();
        }
        let message = told(intake);
        assert!(
            message.starts_with("line 2: the id `a` is used twice; line 3: "),
            "{message}"
        );
        assert!(message.ends_with("; and 3 more faults"), "{message}");
    }

    #[test]
    fn faults_of_all_kinds_are_told_in_the_order_of_the_file() {
        let mut intake = Intake::default();
        let rows = ["a", "b", "", "b", "a", "", "c"];
        for (line, id) in (1..).zip(rows) {
            let row = match id {
                "" => Err(RowFault::new(line, "bad")),
                id => Ok(item(id)),
            };
            intake.take(line, row).unwrap();
        }
        assert_eq!(
            told(intake),
            "line 3: bad; line 4: the id `b` is used twice; line 5: the id `a` is used twice; line 6: bad"
        );
    }

    #[test]
    fn a_repeated_id_is_named_from_wherever_its_line_waits() {
        let mut intake = Intake::default();
        for line in 1..=50_000 {
            let id = format!("item {}", if line == 49_999 { 7 } else { line });
            intake.take(line, Ok(item(&id))).unwrap();
        }
        intake.take(50_001, Ok(item("item 50000"))).unwrap();
        assert_eq!(
            told(intake),
            "line 49999: the id `item 7` is used twice; line 50001: the id `item 50000` is used twice"
        );
    }
}
