//! The page of the benchmarks and its plots, made of the files of results: goals, ratios, then everything else.

use std::path::{Path, PathBuf};

use anyhow::ensure;

use crate::outcome::{self, Extent};
use crate::programs;

mod api;
mod crash;
mod markdown;
mod plot;
mod runs;
mod scale;

use markdown::Goal;

/// What one benchmark has to say.
struct Section {
    goals: Vec<Goal>,
    text: String,
    machine: String,
}

/// Writes the page, and its plots into a folder of its name.
pub(crate) fn run(extent: Extent, into: Option<&Path>) -> anyhow::Result<()> {
    let folder = match into {
        Some(folder) => folder.to_owned(),
        None if extent.short => extent.folder(),
        None => programs::repository().join("docs"),
    };
    let plots = folder.join("benchmarks");
    std::fs::create_dir_all(&plots)?;
    let sections = sections(extent, &plots)?;
    ensure!(
        !sections.is_empty(),
        "there are no results: run `bench all` first"
    );
    let path = folder.join("benchmarks.md");
    std::fs::write(&path, page(extent, &sections))?;
    println!("{}", shown(&path).display());
    Ok(())
}

/// One section for each benchmark that was run.
fn sections(extent: Extent, plots: &Path) -> anyhow::Result<Vec<Section>> {
    let mut sections = Vec::new();
    if let Some(outcome) = outcome::read("api", extent)? {
        sections.push(api::section(&outcome)?);
    }
    if let Some(outcome) = outcome::read("runs", extent)? {
        sections.push(runs::section(&outcome, plots)?);
    }
    if let Some(outcome) = outcome::read("crash", extent)? {
        sections.push(crash::section(&outcome, plots)?);
    }
    if let Some(outcome) = outcome::read("scale", extent)? {
        sections.push(scale::section(&outcome, plots)?);
    }
    Ok(sections)
}

fn page(extent: Extent, sections: &[Section]) -> String {
    let mut page = "# Benchmarks\n\n".to_owned();
    if extent.short {
        page += "**A short run, to see that everything works. Its numbers mean nothing.**\n\n";
    }
    page += "Every number below is the median of repeats; contestants took turns in the same run on the same machine. \
             All raw samples are in `bench/results/`. This page is made by\n\n\
             ```sh\n\
             cargo build --release -p api -p worker -p cli -p bench\n\
             target/release/bench all\n\
             ```\n\n\
             ## Goals\n\n";
    let goals = sections.iter().flat_map(|section| &section.goals);
    page += &markdown::goals(goals);
    for section in sections {
        page += &format!("\n{}\n{}\n", section.text.trim_end(), section.machine);
    }
    page
}

/// The path from the root of the repository.
fn shown(path: &Path) -> PathBuf {
    let inside = path.strip_prefix(programs::repository());
    inside.unwrap_or(path).to_owned()
}

/// The sentence under a section that says what it was measured on.
fn measured_on<T>(outcome: &outcome::Outcome<T>) -> String {
    format!("\nMeasured on {}", outcome.machine.sentence())
}
