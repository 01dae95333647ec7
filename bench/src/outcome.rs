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
}

impl Extent {
    /// The first value, or the second of a short run.
    pub(crate) fn pick<T>(self, full: T, short: T) -> T {
        if self.short { short } else { full }
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
