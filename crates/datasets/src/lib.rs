//! The formats of datasets: rows of a file, one after another, and the items that they are.
//!
//! [`for_each`] reads what somebody else has opened. `jsonl`, `csv` and `parquet` know what a row of each format is;
//! `items` makes items of rows, by the meaning that `keys` lead to; `compression` undoes what a file is packed in;
//! `sampling` says which items a sample takes. Memory does not grow with the file.

pub mod compression;
mod content;
pub mod csv;
mod faults;
pub mod items;
mod jsonl;
mod keys;
mod parquet;
mod sampling;

use domain::config::FieldMapping;
use domain::item::DatasetItem;
use domain::uploaded::FileFormat;
use serde_json::{Map, Value};

pub use crate::content::{Content, Source};
pub use crate::faults::{RowFault, Unit, Unreadable};
pub use crate::sampling::rank;

/// The longest row in bytes, and the largest file that is one value: beyond it, a file is not what it is said to be.
pub const LONGEST_ROW: u64 = 64 << 20;

/// A row, still in the form that its format has.
pub trait Row {
    /// Its keys or columns with their values.
    fn object(&self) -> Result<Map<String, Value>, RowFault>;

    /// The item that it is, or becomes by what its keys mean.
    fn item(&self) -> Result<DatasetItem, RowFault>;
}

/// Is handed every row with its line, and says when to stop by an error.
pub type Take<'a, E> = dyn FnMut(u64, Result<&dyn Row, RowFault>) -> Result<(), E> + 'a;

/// Hands every row to `take`, until that says to stop. `fields` is what the keys mean; without them, a row is what its
/// format says (`docs/datasets.md`). Blocks.
pub fn for_each<E: From<Unreadable>>(
    format: FileFormat,
    content: Content<impl Source>,
    fields: Option<&FieldMapping>,
    take: &mut Take<'_, E>,
) -> Result<(), E> {
    match format {
        FileFormat::Jsonl => jsonl::for_each(content.read()?, fields, take),
        FileFormat::Csv => csv::for_each(content.read()?, fields, take),
        FileFormat::Parquet => parquet::for_each(content, fields, take),
    }
}
