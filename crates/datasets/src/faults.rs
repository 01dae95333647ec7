//! What is wrong with a row, and with a file that cannot be read on.

use std::fmt;

use domain::uploaded::FileFormat;

/// What is wrong with a row, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct RowFault {
    pub line: u64,
    pub message: String,
}

impl RowFault {
    pub fn new(line: u64, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
        }
    }
}

/// A file cannot be read, or not to its end; the text says why, of "it".
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl From<std::io::Error> for Unreadable {
    fn from(error: std::io::Error) -> Self {
        Self(format!("it cannot be read: {error}"))
    }
}

/// What the rows of a source are counted as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Lines of a text, from 1 on.
    #[default]
    Line,
    /// Rows of a table, from 1 on.
    Row,
}

impl Unit {
    /// What the rows of a format are counted as.
    pub fn of(format: FileFormat) -> Self {
        match format {
            FileFormat::Jsonl | FileFormat::Csv => Self::Line,
            FileFormat::Parquet => Self::Row,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Row => "row",
        })
    }
}
