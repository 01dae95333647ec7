//! `dataset`: files of items that are kept with the API, uploaded in parts and listed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use api_types::datasets::{CreateDataset, DatasetVersion};
use domain::uploaded::{FileCompression, FileFormat};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::client::Error;
use crate::commands::Context;
use crate::exit::Outcome;
use crate::output;
use crate::output::tables;

/// Bytes sent at once: what is lost when a connection breaks.
const PART: u64 = 4 << 20;

/// How often a part is sent again in a row, and the wait before.
const RETRIES: u32 = 5;
const WAIT: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Upload a file as a version of a dataset; the same again goes on where it was.
    Upload(UploadArgs),
    /// List datasets by their latest version.
    List,
    /// List the versions of a dataset.
    Show { name: String },
    /// Show the first rows of a dataset, as its file has them, and what is wrong with them.
    Sample(SampleArgs),
}

#[derive(Debug, clap::Args)]
struct UploadArgs {
    /// JSON lines, CSV or Parquet, as its ending tells: `.jsonl`, `.csv`, `.parquet`; the first two also with `.gz` or `.zst`.
    file: PathBuf,
    /// The name of the dataset; one that is there gets a further version.
    #[arg(long)]
    name: String,
}

#[derive(Debug, clap::Args)]
struct SampleArgs {
    name: String,
    /// Rows to show.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// SHA-256 of the file; the latest version, when it is not given.
    #[arg(long)]
    version: Option<String>,
}

pub(crate) async fn run(context: &Context, args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Upload(args) => upload(context, args).await,
        Command::List => list(context).await,
        Command::Show { name } => {
            let versions = context.client.dataset_versions(&name).await?.versions;
            print(context, &versions)
        }
        Command::Sample(args) => sample(context, &args).await,
    }
}

async fn sample(context: &Context, args: &SampleArgs) -> anyhow::Result<Outcome> {
    let client = &context.client;
    let sample = client
        .dataset_sample(&args.name, args.limit, args.version.as_deref())
        .await?;
    match context.json {
        true => output::json(&sample)?,
        false => output::line(tables::rows(&sample))?,
    }
    Ok(Outcome::Success)
}

async fn list(context: &Context) -> anyhow::Result<Outcome> {
    let mut datasets = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = context.client.datasets(token.as_deref()).await?;
        datasets.extend(page.datasets);
        token = page.next_page_token;
        if token.is_none() {
            return print(context, &datasets);
        }
    }
}

fn print(context: &Context, versions: &[DatasetVersion]) -> anyhow::Result<Outcome> {
    match (context.json, versions.is_empty()) {
        (true, _) => versions.iter().try_for_each(output::json_line)?,
        (false, true) => output::line("there is no dataset yet")?,
        (false, false) => output::line(tables::datasets(versions))?,
    }
    Ok(Outcome::Success)
}

async fn upload(context: &Context, args: UploadArgs) -> anyhow::Result<Outcome> {
    let shown = args.file.display().to_string();
    let (format, compression) = format_of(&args.file)?;
    let mut file = File::open(&args.file).with_context(|| format!("`{shown}` cannot be read"))?;
    let bytes = file.metadata()?.len();
    let sha256 = digest(&mut file).with_context(|| format!("`{shown}` cannot be read"))?;
    let announced = CreateDataset {
        name: args.name,
        format,
        compression,
        bytes,
        sha256,
    };
    let mut version = context.client.create_dataset(&announced).await?;
    let bar = bar(context, bytes);
    let mut retries = 0;
    while !version.complete {
        bar.set_position(version.received);
        let part = part(&mut file, version.received)
            .with_context(|| format!("`{shown}` cannot be read"))?;
        version = match context.client.upload_part(&version, part).await {
            Ok(version) => {
                retries = 0;
                version
            }
            Err(error) if goes_on(&error) && retries < RETRIES => {
                retries += 1;
                tokio::time::sleep(WAIT * retries).await;
                context.client.create_dataset(&announced).await?
            }
            Err(error) => return Err(error.into()),
        };
    }
    bar.finish_and_clear();
    match context.json {
        true => output::json(&version)?,
        false => output::line(format!("{} {}", version.name, version.version))?,
    }
    Ok(Outcome::Success)
}

/// Whether the upload goes on after that: from where the API says that it is.
fn goes_on(error: &Error) -> bool {
    let is_elsewhere = error
        .problem()
        .is_some_and(|problem| problem.code == "wrong_offset");
    is_elsewhere || error.is_passing()
}

fn format_of(file: &Path) -> anyhow::Result<(FileFormat, Option<FileCompression>)> {
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let (name, compression) = match name.rsplit_once('.') {
        Some((name, "gz")) => (name, Some(FileCompression::Gzip)),
        Some((name, "zst")) => (name, Some(FileCompression::Zstd)),
        _ => (name, None),
    };
    let format = match name.rsplit_once('.') {
        Some((_, "jsonl" | "ndjson")) => FileFormat::Jsonl,
        Some((_, "csv")) => FileFormat::Csv,
        Some((_, "parquet")) => FileFormat::Parquet,
        _ => bail!(
            "the ending of `{}` tells no format; it is `.jsonl`, `.csv` or `.parquet`",
            file.display()
        ),
    };
    Ok((format, compression))
}

fn digest(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

fn part(file: &mut File, offset: u64) -> io::Result<Vec<u8>> {
    let mut part = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(PART).read_to_end(&mut part)?;
    Ok(part)
}

/// Progress on standard error, for people at a terminal.
fn bar(context: &Context, bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}")
        .expect("the template is one");
    match context.json {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(bytes).with_style(style),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_tells_the_format() {
        use FileCompression::{Gzip, Zstd};
        use FileFormat::{Csv, Jsonl, Parquet};
        for (name, format) in [
            ("a.jsonl", (Jsonl, None)),
            ("a.ndjson.gz", (Jsonl, Some(Gzip))),
            ("x/a.b.csv.zst", (Csv, Some(Zstd))),
            ("a.parquet", (Parquet, None)),
        ] {
            assert_eq!(format_of(Path::new(name)).unwrap(), format, "{name}");
        }
        for name in ["a", "a.gz", "a.txt", "jsonl"] {
            assert!(format_of(Path::new(name)).is_err(), "{name}");
        }
    }
}
