//! Parquet files, read in small batches of rows: as much is in memory as one page of each column.

mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use domain::config::FieldMapping;
use domain::item::DatasetItem;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use serde_json::{Map, Value};

use self::values::value;
use crate::content::{Content, Source};
use crate::faults::{RowFault, Unreadable};
use crate::items::{by_convention, item};
use crate::{Row, Take};

/// Rows that are decoded at a time.
const ROWS_AT_ONCE: usize = 128;

pub(crate) fn for_each<E: From<Unreadable>>(
    content: Content<impl Source>,
    fields: Option<&FieldMapping>,
    take: &mut Take<'_, E>,
) -> Result<(), E> {
    let most = content.most.as_u64();
    let reader = guarded(|| {
        // What the writer's library has noted of its own types is not asked: the file's schema says enough.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder =
            ParquetRecordBatchReaderBuilder::try_new_with_options(content.source, options)?;
        let parts = builder.metadata().row_groups();
        let bytes: u64 = parts
            .iter()
            .filter_map(|part| u64::try_from(part.total_byte_size()).ok())
            .fold(0, u64::saturating_add);
        let reader = builder.with_batch_size(ROWS_AT_ONCE).build()?;
        Ok((reader, bytes))
    });
    let (mut reader, bytes) = reader
        .map_err(|error| Unreadable(format!("it is no Parquet file that can be read: {error}")))?;
    if bytes > most {
        let message = format!(
            "decompressed it has more than {}, the most that is read here",
            content.most
        );
        return Err(Unreadable(message).into());
    }
    let mut read = 0;
    let mut next = || guarded(|| reader.next().transpose().map_err(Into::into));
    loop {
        let batch = next().map_err(|error| {
            Unreadable(format!("it cannot be read on after row {read}: {error}"))
        })?;
        let Some(batch) = batch else {
            return Ok(());
        };
        let mapping = mapping(&batch, fields);
        for index in 0..batch.num_rows() {
            read += 1;
            let place = Place {
                batch: &batch,
                index,
                mapping: mapping.as_ref(),
                number: read,
            };
            take(read, Ok(&place))?;
        }
    }
}

/// Reads something of a file. A file that makes the library give up is as broken as one that it complains of.
fn guarded<T>(read: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("its content contradicts itself".to_owned()),
    }
}

/// A file with objects in a column `input` has items as its rows; any other is read as a table is.
fn mapping(batch: &RecordBatch, fields: Option<&FieldMapping>) -> Option<FieldMapping> {
    let schema = batch.schema();
    let is_object = |kind: &DataType| matches!(kind, DataType::Struct(_) | DataType::Map(_, _));
    let has_items = schema
        .field_with_name("input")
        .is_ok_and(|input| is_object(input.data_type()));
    match fields {
        Some(fields) => Some(fields.clone()),
        None if has_items => None,
        None => Some(by_convention(
            schema.fields().iter().map(|field| field.name().as_str()),
        )),
    }
}

/// A row as it stands in a batch.
struct Place<'a> {
    batch: &'a RecordBatch,
    index: usize,
    mapping: Option<&'a FieldMapping>,
    number: u64,
}

impl Row for Place<'_> {
    fn object(&self) -> Result<Map<String, Value>, RowFault> {
        let schema = self.batch.schema();
        let mut row = Map::new();
        for (field, column) in schema.fields().iter().zip(self.batch.columns()) {
            let value = value(column, self.index).map_err(|message| {
                let message = format!("the column `{}` {message}", field.name());
                RowFault::new(self.number, message)
            })?;
            row.insert(field.name().clone(), value);
        }
        Ok(row)
    }

    fn item(&self) -> Result<DatasetItem, RowFault> {
        item(self.object()?, self.mapping, self.number)
    }
}

#[cfg(test)]
mod tests;
