//! Files are written with the library that reads them; `tests/it/datasets.rs` has one of pyarrow's.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array,
    StringArray, StructArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use bytesize::ByteSize;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use super::*;
use crate::compression::Compression as Packing;

/// The rows of a file with these columns, written in parts of three rows.
fn written(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(3))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn read(
    file: &[u8],
    fields: Option<&FieldMapping>,
) -> Result<Vec<Result<DatasetItem, RowFault>>, String> {
    let mut source = tempfile::tempfile().unwrap();
    source.write_all(file).unwrap();
    let content = Content {
        source,
        compression: Packing::None,
        most: ByteSize::mib(1),
    };
    let mut rows = Vec::new();
    let mut take = |number: u64, row: Result<&dyn Row, RowFault>| {
        rows.push(row.and_then(Row::item));
        assert_eq!(number, rows.len() as u64);
        Ok::<_, Unreadable>(())
    };
    match for_each(content, fields, &mut take) {
        Ok(()) => Ok(rows),
        Err(error) => Err(error.to_string()),
    }
}

fn items(file: &[u8]) -> Vec<DatasetItem> {
    let rows = read(file, None).unwrap();
    rows.into_iter().map(|row| row.unwrap()).collect()
}

fn strings(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn a_table_is_read_as_that_of_a_csv_file_and_its_ids_are_text() {
    let mut tags = ListBuilder::new(StringBuilder::new());
    for row in 0..7 {
        tags.append_value((0..row % 3).map(|tag| Some(format!("t{tag}"))));
    }
    let expected: Int64Array = (0..7).map(|row| (row != 1).then_some(row * 10)).collect();
    let columns = || -> Vec<(&str, ArrayRef)> {
        vec![
            ("id", Arc::new(Int64Array::from_iter_values(0..7))),
            ("prompt", strings(&["a", "b", "c", "d", "e", "f", "g"])),
            ("expected", Arc::new(expected.clone())),
        ]
    };
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let items = items(&written(columns(), compression));
        assert_eq!(items.len(), 7);
        let last = json!({"id": "6", "input": {"prompt": "g"}, "expected": 60});
        assert_eq!(serde_json::to_value(&items[6]).unwrap(), last);
        assert_eq!(items[1].expected, None);
    }
    let mut columns = columns();
    columns.push(("tags", Arc::new(tags.finish())));
    let items = items(&written(columns, Compression::SNAPPY));
    assert_eq!(items[5].tags, ["t0", "t1"]);
}

#[test]
fn values_become_json_as_documented() {
    let ids = strings(&["a"]);
    let nested = StructArray::try_from(vec![
        ("text", strings(&["?"])),
        ("n", Arc::new(Int64Array::from(vec![None])) as ArrayRef),
    ])
    .unwrap();
    let mut list = ListBuilder::new(Int64Builder::new());
    list.append_value([Some(1), None, Some(1 << 60)]);
    let decimal = Decimal128Array::from(vec![1230]).with_precision_and_scale(20, 2);
    let instant = TimestampNanosecondArray::from(vec![1_714_564_800_500_000_000]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", ids),
        ("nested", Arc::new(nested)),
        ("list", Arc::new(list.finish())),
        ("exact", Arc::new(Int64Array::from(vec![1_i64 << 53]))),
        ("large", Arc::new(Int64Array::from(vec![i64::MIN]))),
        ("largest", Arc::new(UInt64Array::from(vec![u64::MAX]))),
        ("single", Arc::new(Float32Array::from(vec![0.1]))),
        ("double", Arc::new(Float64Array::from(vec![0.1]))),
        ("nan", Arc::new(Float64Array::from(vec![f64::NAN]))),
        (
            "infinite",
            Arc::new(Float32Array::from(vec![f32::INFINITY])),
        ),
        ("decimal", Arc::new(decimal.unwrap())),
        ("date", Arc::new(Date32Array::from(vec![19_844]))),
        ("local", Arc::new(TimestampMicrosecondArray::from(vec![0]))),
        ("instant", Arc::new(instant.with_timezone("+02:00"))),
        ("bytes", Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..]]))),
    ];
    let item = &items(&written(columns, Compression::SNAPPY))[0];
    assert_eq!(
        Value::Object(item.input.clone()),
        json!({
            "nested": {"text": "?", "n": null},
            "list": [1, null, "1152921504606846976"],
            "exact": 9_007_199_254_740_992_i64,
            "large": "-9223372036854775808",
            "largest": "18446744073709551615",
            "single": 0.1,
            "double": 0.1,
            "nan": null,
            "infinite": null,
            "decimal": "12.30",
            "date": "2024-05-01",
            "local": "1970-01-01T00:00:00",
            "instant": "2024-05-01T12:00:00.500Z",
            "bytes": "00ff",
        })
    );
}

#[test]
fn a_file_with_objects_as_input_has_items_and_fields_map_others() {
    let input = StructArray::try_from(vec![("q", strings(&["?", "!"]))]).unwrap();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("id", strings(&["a", "b"])), ("input", Arc::new(input))];
    let file = written(columns, Compression::SNAPPY);
    assert_eq!(items(&file)[1].input["q"], json!("!"));
    let fields = json!({"id": "id", "input": ["input.q"]});
    let fields: FieldMapping = serde_json::from_value(fields).unwrap();
    let rows = read(&file, Some(&fields)).unwrap();
    assert_eq!(rows[0].as_ref().unwrap().input["q"], json!("?"));
}

#[test]
fn a_bad_row_is_named_and_the_others_are_read() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", strings(&["a", "", "c"])),
        ("prompt", strings(&["?", "?", "?"])),
    ];
    let rows = read(&written(columns, Compression::SNAPPY), None).unwrap();
    let fault = rows[1].as_ref().unwrap_err();
    assert_eq!(
        (fault.line, fault.message.as_str()),
        (2, "an id has 1 to 256 bytes")
    );
    assert!(rows[0].is_ok() && rows[2].is_ok());
}

#[test]
fn a_broken_file_is_refused_and_never_a_panic() {
    let prompts: StringArray = (0..2000).map(|row| Some(format!("prompt {row}"))).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(0..2000))),
        ("prompt", Arc::new(prompts)),
    ];
    let file = written(columns, Compression::UNCOMPRESSED);
    assert!(read(b"", None).is_err());
    assert!(read(b"PAR1 but not really PAR1", None).is_err());
    let message = read(&file[..file.len() / 2], None).unwrap_err();
    assert!(message.contains("it is no Parquet file"), "{message}");
    // Whatever byte is another: the file is read, or it is refused.
    for at in (0..file.len()).step_by(file.len() / 200) {
        let mut broken = file.clone();
        broken[at] ^= 0x55;
        let _ = read(&broken, None);
    }
}

#[test]
fn a_file_that_grows_beyond_the_bound_is_refused() {
    let zeros = " ".repeat(3 << 20);
    let columns = vec![
        ("id", strings(&["a"])),
        ("prompt", strings(&[zeros.as_str()])),
    ];
    let file = written(columns, Compression::ZSTD(ZstdLevel::default()));
    assert!(file.len() < 50_000);
    let message = read(&file, None).unwrap_err();
    assert!(message.contains("more than 1.0 MiB"), "{message}");
}
