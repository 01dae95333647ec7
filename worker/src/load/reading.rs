//! The rows of a source, opened and not read yet.

use std::fs::File;

use datasets::{Content, Unit};
use domain::config::{FieldMapping, FileDataset, Selection};
use domain::dataset::DatasetSource;
use domain::item::DatasetItem;
use domain::tenant::Tenant;
use domain::uploaded::FileFormat;

use crate::failure::Failure;
use crate::load::index_csv::Index;
use crate::load::{Stop, Take};
use crate::work::Bench;

/// Rows that are still to be read, and which of them are wanted.
pub(crate) struct Reading {
    pub(crate) rows: Rows,
    pub(crate) selection: Selection,
}

pub(crate) enum Rows {
    File {
        format: FileFormat,
        content: Content<File>,
        fields: Option<FieldMapping>,
    },
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
        let of_file = async |format: FileFormat, file: &FileDataset| {
            Ok::<_, Failure>(Self {
                rows: Rows::File {
                    format,
                    content: bench.sources.open(file).await?,
                    fields: file.fields.clone(),
                },
                selection: file.selection(),
            })
        };
        match source {
            DatasetSource::Jsonl(file) => of_file(FileFormat::Jsonl, file).await,
            DatasetSource::Csv(file) => of_file(FileFormat::Csv, file).await,
            DatasetSource::Parquet(file) => of_file(FileFormat::Parquet, file).await,
            DatasetSource::Uploaded(dataset) => {
                let opening = bench.sources.open_uploaded(&bench.store, dataset, tenant);
                let (format, content) = opening.await?;
                Ok(Self {
                    rows: Rows::File {
                        format,
                        content,
                        fields: dataset.fields.clone(),
                    },
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
            Self::File { format, .. } => Unit::of(*format),
            Self::Index(_) | Self::Items(_) => Unit::Line,
        }
    }

    /// Hands every row to `take`, until that says to stop. Blocks.
    pub(crate) fn for_each(self, take: &mut Take<'_>) -> Result<(), Stop> {
        match self {
            Self::File {
                format,
                content,
                fields,
            } => datasets::for_each(format, content, fields.as_ref(), &mut |line, row| {
                take(line, row.and_then(|row| row.item()))
            }),
            Self::Index(index) => index.for_each(take),
            Self::Items(items) => (1..)
                .zip(items)
                .try_for_each(|(line, item)| take(line, Ok(item))),
        }
    }
}
