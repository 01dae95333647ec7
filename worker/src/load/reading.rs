//! The rows of a source, opened and not read yet.

use domain::config::{FieldMapping, FileDataset, Selection};
use domain::dataset::DatasetSource;
use domain::item::DatasetItem;
use domain::tenant::Tenant;
use domain::uploaded::FileFormat;

use crate::failure::Failure;
use crate::load::faults::Unit;
use crate::load::index_csv::Index;
use crate::load::sources::Content;
use crate::load::{Stop, Take, csv, jsonl, parquet};
use crate::work::Bench;

/// Rows that are still to be read, and which of them are wanted.
pub(crate) struct Reading {
    pub(crate) rows: Rows,
    pub(crate) selection: Selection,
}

pub(crate) enum Rows {
    Jsonl(Content, Option<FieldMapping>),
    Csv(Content, Option<FieldMapping>),
    Parquet(Content, Option<FieldMapping>),
    Index(Index),
    Items(Vec<DatasetItem>),
}

impl Reading {
    /// What cannot be opened is told here, before a row is read. Uploaded files are those of the tenant.
    pub(crate) async fn open(
        bench: &Bench,
        source: &DatasetSource,
        tenant: Option<&Tenant>,
    ) -> Result<Self, Failure> {
        let of_file =
            async |file: &FileDataset, rows: fn(Content, Option<FieldMapping>) -> Rows| {
                let content = bench.sources.open(file).await?;
                Ok::<_, Failure>(Self {
                    rows: rows(content, file.fields.clone()),
                    selection: file.selection(),
                })
            };
        match source {
            DatasetSource::Jsonl(file) => of_file(file, Rows::Jsonl).await,
            DatasetSource::Csv(file) => of_file(file, Rows::Csv).await,
            DatasetSource::Parquet(file) => of_file(file, Rows::Parquet).await,
            DatasetSource::Uploaded(dataset) => {
                let opening = bench.sources.open_uploaded(&bench.store, dataset, tenant);
                let (format, content) = opening.await?;
                let rows = match format {
                    FileFormat::Jsonl => Rows::Jsonl,
                    FileFormat::Csv => Rows::Csv,
                    FileFormat::Parquet => Rows::Parquet,
                };
                Ok(Self {
                    rows: rows(content, dataset.fields.clone()),
                    selection: dataset.selection(),
                })
            }
            DatasetSource::IndexCsv(index) => Ok(Self {
                selection: index.selection(),
                rows: Rows::Index(Index {
                    content: bench.sources.open_path(&index.path)?,
                    root: bench.sources.root().to_owned(),
                    config: index.clone(),
                }),
            }),
            DatasetSource::Upload(upload) => Ok(Self {
                rows: Rows::Items(bench.store.upload(&upload.sha256).await?),
                selection: Selection::default(),
            }),
        }
    }
}

impl Rows {
    pub(crate) fn unit(&self) -> Unit {
        match self {
            Self::Jsonl(..) | Self::Csv(..) | Self::Index(_) | Self::Items(_) => Unit::Line,
            Self::Parquet(..) => Unit::Row,
        }
    }

    /// Hands every row to `take`, until that says to stop. Blocks.
    pub(crate) fn for_each(self, take: &mut Take<'_>) -> Result<(), Stop> {
        match self {
            Self::Jsonl(content, fields) => jsonl::for_each(content.read()?, fields.as_ref(), take),
            Self::Csv(content, fields) => csv::for_each(content.read()?, fields.as_ref(), take),
            Self::Parquet(content, fields) => parquet::for_each(content, fields.as_ref(), take),
            Self::Index(index) => index.for_each(take),
            Self::Items(items) => (1..)
                .zip(items)
                .try_for_each(|(line, item)| take(line, Ok(item))),
        }
    }
}
