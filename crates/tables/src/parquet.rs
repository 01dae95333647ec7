//! A Parquet file: one row an item, with the same columns whatever the items hold.

mod columns;

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow_schema::Schema;
use domain::result::ItemResult;

use self::columns::{batch, schema};
use crate::{Error, Told};

/// A row group is kept in memory until it is complete: whichever comes first ends it.
const ROWS_OF_A_GROUP: usize = 50_000;
const BYTES_OF_A_GROUP: usize = 32 * 1024 * 1024;

/// A file that is being made.
pub(crate) struct Parquet {
    scorers: Vec<String>,
    schema: Arc<Schema>,
    writer: ArrowWriter<Vec<u8>>,
}

impl Parquet {
    pub(crate) fn new(scorers: Vec<String>) -> Result<Self, Error> {
        let schema = Arc::new(schema(&scorers));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_OF_A_GROUP))
            .set_max_row_group_bytes(Some(BYTES_OF_A_GROUP))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
        Ok(Self {
            scorers,
            schema,
            writer,
        })
    }

    /// What the writer has let go of: nothing while a row group is being filled.
    pub(crate) fn add(&mut self, model: &str, results: &[ItemResult]) -> Result<Vec<u8>, Error> {
        let batch = batch(&self.schema, &self.scorers, model, results);
        self.writer.write(&batch.map_err(ParquetError::from)?)?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    /// The rest of the rows, and the footer with what is told as `ai_evolution.NAME`.
    pub(crate) fn finish(mut self, told: Told) -> Result<Vec<u8>, Error> {
        for (name, value) in told {
            let name = format!("ai_evolution.{name}");
            self.writer
                .append_key_value_metadata(KeyValue::new(name, value));
        }
        Ok(self.writer.into_inner()?)
    }
}
