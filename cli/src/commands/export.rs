//! `export`: all results as one file, which is there only when it is complete.

mod receiving;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use domain::experiment::ExperimentId;
use http_body_util::BodyExt;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Body, Response};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::time::timeout;

use self::receiving::{Receiving, Whole};
use crate::client::ResultFilter;
use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;

/// How long the API may be silent before we give up.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    id: ExperimentId,
    #[arg(long, value_enum)]
    format: Format,
    /// Write into this file [default: standard output].
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filter: ResultFilter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Jsonl,
    Csv,
    Parquet,
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    let media_type = args.format.media_type();
    let file = context
        .client
        .file_of_results(&args.id, &args.filter, media_type);
    let file = file.await?;
    let is_final = file
        .headers()
        .get("x-results-ended")
        .is_none_or(|ended| ended == "true");
    let has_last_line = args.format == Format::Jsonl;
    let whole = match &args.output {
        None => receive(file, io::stdout(), has_last_line).await?.1,
        Some(path) => {
            let target = NamedTempFile::new_in(folder_of(path))
                .with_context(|| format!("`{}` cannot be written", path.display()))?;
            let (target, whole) = receive(file, target, has_last_line).await?;
            target
                .persist(path)
                .with_context(|| format!("`{}` cannot be written", path.display()))?;
            if context.json {
                output::json(&json!({
                    "path": path, "count": whole.count, "digest": whole.digest, "ended": is_final,
                }))?;
            }
            whole
        }
    };
    match whole.count {
        Some(count) => eprintln!("{count} results, {}", whole.digest),
        None => eprintln!("{}", whole.digest),
    }
    if !is_final {
        eprintln!("the experiment has not ended: results will be added");
    }
    Ok(Outcome::Success)
}

/// Where a file is made that will stand at `path`.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a file while it comes in. An error when it is not whole.
async fn receive<W: Write>(
    file: Response,
    target: W,
    has_last_line: bool,
) -> anyhow::Result<(W, Whole)> {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {bytes} ({bytes_per_sec})")?;
    bar.set_style(style);
    let mut receiving = Receiving::new(target, has_last_line);
    let mut trailers = None;
    let mut body = Body::from(file);
    while let Some(frame) = timeout(PATIENCE, body.frame())
        .await
        .context("the results broke off: the API does not go on")?
    {
        let frame = frame.context("the results broke off")?;
        match frame.into_data() {
            Ok(bytes) => {
                bar.inc(bytes.len() as u64);
                receiving.add(&bytes)?;
            }
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    bar.finish_and_clear();
    receiving.finish(trailers.as_ref())
}
