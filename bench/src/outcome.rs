//! The files of results: one for each benchmark, with the machine, all raw samples, and what was not measured.

use std::path::PathBuf;

use anyhow::Context;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::programs;

/// How much is measured, and where results are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Few repeats of small sizes, to see that everything works; its numbers are not for the page.
    pub(crate) short: bool,
    /// The most repeats of anything.
    pub(crate) most_repeats: Option<usize>,
    /// The largest number of items of a run.
    pub(crate) most_items: u64,
}

impl Extent {
    /// The first value, or the second of a short run.
    pub(crate) fn pick<T>(self, full: T, short: T) -> T {
        if self.short { short } else { full }
    }

    /// How often something is repeated.
    pub(crate) fn repeats(self, full: usize, short: usize) -> usize {
        let repeats = self.pick(full, short);
        self.most_repeats.map_or(repeats, |most| repeats.min(most))
    }

    /// The folder of results; that of short runs is not kept in the repository.
    pub(crate) fn folder(self) -> PathBuf {
        let results = programs::repository().join("bench/results");
        self.pick(results.clone(), results.join("short"))
    }
}

/// What a benchmark leaves behind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome<T> {
    pub(crate) machine: Machine,
    pub(crate) short: bool,
    pub(crate) results: T,
}

/// Why something was not measured, as it is kept: without the places of this machine, and not endless.
pub(crate) fn reason(error: &anyhow::Error) -> String {
    const LONGEST: usize = 2000;
    let mut text = format!("{error:#}");
    let home = std::env::var("HOME").unwrap_or_default();
    let repository = programs::repository();
    let resolved = repository.canonicalize().unwrap_or_default();
    let places = [
        (repository.display().to_string(), "."),
        (resolved.display().to_string(), "."),
        (home, "~"),
    ];
    for (place, name) in places.iter().filter(|(place, _)| place.len() > 1) {
        text = text.replace(place.as_str(), name);
    }
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

/// Writes the results of a benchmark.
pub(crate) fn write<T: Serialize>(name: &str, extent: Extent, results: T) -> anyhow::Result<()> {
    let outcome = Outcome {
        machine: Machine::here()?,
        short: extent.short,
        results,
    };
    let folder = extent.folder();
    std::fs::create_dir_all(&folder)?;
    let text = serde_json::to_string_pretty(&outcome)? + "\n";
    std::fs::write(folder.join(format!("{name}.json")), text)?;
    Ok(())
}

/// Reads them again; none when the benchmark has not been run.
pub(crate) fn read<T: DeserializeOwned>(
    name: &str,
    extent: Extent,
) -> anyhow::Result<Option<Outcome<T>>> {
    let path = extent.folder().join(format!("{name}.json"));
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path)?;
    let outcome = serde_json::from_str(&text);
    outcome
        .map(Some)
        .with_context(|| format!("the results of `{name}` have another shape: run it again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_no_place_of_this_machine() {
        let place = programs::repository().join("bench/peers");
        let error = anyhow::anyhow!("{}: missing", place.display());
        assert_eq!(reason(&error), "./bench/peers: missing");
    }
}
