//! `report`: what experiments have shown, on one page for people.

use std::path::PathBuf;

use anyhow::Context as _;
use domain::experiment::ExperimentId;
use serde_json::json;

use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::report::{self, Format, Request};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The experiments; of several runs, the first is the baseline of all others.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<ExperimentId>,
    /// Only runs of this model; may be given several times.
    #[arg(long = "model", value_name = "MODEL")]
    models: Vec<String>,
    /// How it is written [default: as the name of the file asks for, else HTML].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write it into this file rather than to standard output.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show so many of the items with the lowest scores, for each scorer and run.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(0..=50))]
    worst_items: u16,
    /// The seed of the permutation tests.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let request = Request {
        ids: &args.ids,
        models: &args.models,
        seed: args.seed,
        worst_items: args.worst_items.into(),
    };
    let of_file = args.out.as_deref().map(Format::of);
    let format = args.format.or(of_file).unwrap_or(Format::Html);
    let text = report::write(&context.client, &request, format).await?;
    match &args.out {
        None if context.json => output::json(&json!({"text": text}))?,
        None => output::line(text.trim_end())?,
        Some(path) => {
            std::fs::write(path, text)
                .with_context(|| format!("`{}` cannot be written", path.display()))?;
            if context.json {
                output::json(&json!({"path": path}))?;
            }
        }
    }
    Ok(Outcome::Success)
}
