//! A Parquet file: one row an item, with the same columns whatever the items hold.

mod columns;

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow_schema::Schema;

use self::columns::{batch, schema};
use crate::sinks::{Error, Finished};

/// A row group is kept in memory until it is complete: whichever comes first ends it.
const ROWS_OF_A_GROUP: usize = 50_000;
const BYTES_OF_A_GROUP: usize = 32 * 1024 * 1024;

pub(crate) async fn deliver(finished: &Finished<'_>) -> Result<String, Error> {
    let scorers = finished.scorers();
    let schema = Arc::new(schema(&scorers));
    let mut writer = writer(finished, &schema)?;
    let mut export = finished
        .store
        .export(finished.run, finished.model(), "parquet");
    for chunk in finished.store.scored_chunks(finished.run).await? {
        let results = finished.results(chunk).await?;
        let batch = batch(&schema, &scorers, finished.model(), &results);
        writer.write(&batch.map_err(ParquetError::from)?)?;
        // What the writer has let go of: nothing while a row group is being filled.
        export.write(&std::mem::take(writer.inner_mut())).await?;
    }
    export.write(&writer.into_inner()?).await?;
    Ok(export.finish().await?)
}

fn writer(finished: &Finished<'_>, schema: &Arc<Schema>) -> Result<ArrowWriter<Vec<u8>>, Error> {
    let summary = finished.summary;
    let told = [
        ("experiment_id", Some(&summary.experiment_id)),
        ("experiment_name", Some(&summary.experiment_name)),
        ("model", Some(&summary.model)),
        ("spec_sha256", summary.spec_sha256.as_ref()),
    ];
    let told =
        told.map(|(key, value)| KeyValue::new(format!("ai_evolution.{key}"), value.cloned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROWS_OF_A_GROUP))
        .set_max_row_group_bytes(Some(BYTES_OF_A_GROUP))
        .set_key_value_metadata(Some(told.to_vec()))
        .build();
    Ok(ArrowWriter::try_new(
        Vec::new(),
        Arc::clone(schema),
        Some(properties),
    )?)
}
