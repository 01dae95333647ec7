//! Values of columns as JSON. `docs/datasets.md` has the table.

use std::fmt::{Debug, Display};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, ArrowTemporalType, Date32Type, Date64Type, Decimal32Type, Decimal64Type,
    Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use serde_json::{Map, Value};

/// Whole numbers up to this one are the same in every reader of JSON.
const LARGEST_EXACT: u64 = 1 << 53;

/// The value at an index; the error says what is wrong with the column.
pub(super) fn value(column: &ArrayRef, index: usize) -> Result<Value, String> {
    use DataType as T;
    if column.is_null(index) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        T::Null => Value::Null,
        T::Boolean => column.as_boolean().value(index).into(),
        T::Int8 => whole(i64::from(number::<Int8Type>(column, index))),
        T::Int16 => whole(i64::from(number::<Int16Type>(column, index))),
        T::Int32 => whole(i64::from(number::<Int32Type>(column, index))),
        T::Int64 => whole(number::<Int64Type>(column, index)),
        T::UInt8 => u64::from(number::<UInt8Type>(column, index)).into(),
        T::UInt16 => u64::from(number::<UInt16Type>(column, index)).into(),
        T::UInt32 => u64::from(number::<UInt32Type>(column, index)).into(),
        T::UInt64 => match number::<UInt64Type>(column, index) {
            large if large > LARGEST_EXACT => large.to_string().into(),
            small => small.into(),
        },
        T::Float16 => real(number::<Float16Type>(column, index)),
        T::Float32 => real(number::<Float32Type>(column, index)),
        T::Float64 => number::<Float64Type>(column, index).into(),
        T::Decimal32(_, _) => column
            .as_primitive::<Decimal32Type>()
            .value_as_string(index)
            .into(),
        T::Decimal64(_, _) => column
            .as_primitive::<Decimal64Type>()
            .value_as_string(index)
            .into(),
        T::Decimal128(_, _) => column
            .as_primitive::<Decimal128Type>()
            .value_as_string(index)
            .into(),
        T::Decimal256(_, _) => column
            .as_primitive::<Decimal256Type>()
            .value_as_string(index)
            .into(),
        T::Utf8 => column.as_string::<i32>().value(index).into(),
        T::LargeUtf8 => column.as_string::<i64>().value(index).into(),
        T::Utf8View => column.as_string_view().value(index).into(),
        T::Binary => hex::encode(column.as_binary::<i32>().value(index)).into(),
        T::LargeBinary => hex::encode(column.as_binary::<i64>().value(index)).into(),
        T::FixedSizeBinary(_) => hex::encode(column.as_fixed_size_binary().value(index)).into(),
        T::Date32 => text(column.as_primitive::<Date32Type>().value_as_date(index), "")?,
        T::Date64 => text(column.as_primitive::<Date64Type>().value_as_date(index), "")?,
        T::Time32(TimeUnit::Second) => time::<Time32SecondType>(column, index)?,
        T::Time32(_) => time::<Time32MillisecondType>(column, index)?,
        T::Time64(TimeUnit::Microsecond) => time::<Time64MicrosecondType>(column, index)?,
        T::Time64(_) => time::<Time64NanosecondType>(column, index)?,
        T::Timestamp(unit, zone) => {
            let utc = zone.is_some();
            match unit {
                TimeUnit::Second => instant::<TimestampSecondType>(column, index, utc)?,
                TimeUnit::Millisecond => instant::<TimestampMillisecondType>(column, index, utc)?,
                TimeUnit::Microsecond => instant::<TimestampMicrosecondType>(column, index, utc)?,
                TimeUnit::Nanosecond => instant::<TimestampNanosecondType>(column, index, utc)?,
            }
        }
        T::List(_) => list(&column.as_list::<i32>().value(index))?,
        T::LargeList(_) => list(&column.as_list::<i64>().value(index))?,
        T::FixedSizeList(_, _) => list(&column.as_fixed_size_list().value(index))?,
        T::Struct(fields) => {
            let columns = column.as_struct().columns();
            let entry = |(name, column): (&String, &ArrayRef)| {
                Ok::<_, String>((name.clone(), value(column, index)?))
            };
            let names = fields.iter().map(|field| field.name());
            let entries: Result<Map<_, _>, _> = names.zip(columns).map(entry).collect();
            Value::Object(entries?)
        }
        T::Map(_, _) => {
            let entries = column.as_map().value(index);
            let (keys, values) = (entries.column(0), entries.column(1));
            let entry = |at| {
                let key = match value(keys, at)? {
                    Value::String(key) => key,
                    key => key.to_string(),
                };
                Ok::<_, String>((key, value(values, at)?))
            };
            let entries: Result<Map<_, _>, _> = (0..entries.len()).map(entry).collect();
            Value::Object(entries?)
        }
        kind => {
            return Err(format!(
                "has values of a type that JSON cannot tell: {kind}"
            ));
        }
    })
}

fn number<T: ArrowPrimitiveType>(column: &ArrayRef, index: usize) -> T::Native {
    column.as_primitive::<T>().value(index)
}

fn whole(number: i64) -> Value {
    match number.unsigned_abs() > LARGEST_EXACT {
        true => number.to_string().into(),
        false => number.into(),
    }
}

/// A number of less precision as it is written with it: 0.1 and not 0.10000000149011612. What is no number is null.
fn real(number: impl Display) -> Value {
    number.to_string().parse::<f64>().ok().into()
}

fn time<T: ArrowTemporalType>(column: &ArrayRef, index: usize) -> Result<Value, String>
where
    i64: From<T::Native>,
{
    text(column.as_primitive::<T>().value_as_time(index), "")
}

fn instant<T: ArrowTemporalType>(
    column: &ArrayRef,
    index: usize,
    is_utc: bool,
) -> Result<Value, String>
where
    i64: From<T::Native>,
{
    let zone = if is_utc { "Z" } else { "" };
    text(column.as_primitive::<T>().value_as_datetime(index), zone)
}

/// A date or time of chrono as ISO 8601 has it, which is how it is debugged.
fn text(time: Option<impl Debug>, zone: &str) -> Result<Value, String> {
    time.map(|time| format!("{time:?}{zone}").into())
        .ok_or_else(|| "has a time that no calendar has".to_owned())
}

fn list(values: &ArrayRef) -> Result<Value, String> {
    (0..values.len())
        .map(|index| value(values, index))
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Array)
}
