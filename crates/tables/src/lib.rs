//! Results as tables, a row for each item and model: JSON lines, CSV and Parquet.
//!
//! A [`Table`] takes results in portions and gives back bytes as they come, so that one who writes or sends a table never
//! has all of it. `jsonl`, `csv` and `parquet` know what a row of each format looks like.

mod csv;
mod jsonl;
mod parquet;

use domain::result::ItemResult;

/// A table cannot be made of these results.
#[derive(Debug, thiserror::Error)]
#[error("the table cannot be written: {0}")]
pub struct Error(#[from] ::parquet::errors::ParquetError);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jsonl,
    Csv,
    Parquet,
}

impl Format {
    /// The extension of files, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// What a table says of itself, beside its rows: names and values. Only Parquet has a place for it.
pub type Told = Vec<(&'static str, String)>;

/// A table that is being made.
pub struct Table(Kind);

enum Kind {
    Jsonl,
    Csv(csv::Csv),
    Parquet(Box<parquet::Parquet>),
}

impl Table {
    /// An empty table with a column for each of these scorers.
    pub fn new(format: Format, scorers: Vec<String>) -> Result<Self, Error> {
        Ok(Self(match format {
            Format::Jsonl => Kind::Jsonl,
            Format::Csv => Kind::Csv(csv::Csv::new(scorers)),
            Format::Parquet => Kind::Parquet(Box::new(parquet::Parquet::new(scorers)?)),
        }))
    }

    /// Adds results of one model, and gives the bytes that follow those given so far: perhaps none.
    pub fn add(&mut self, model: &str, results: &[ItemResult]) -> Result<Vec<u8>, Error> {
        match &mut self.0 {
            Kind::Jsonl => Ok(jsonl::lines(model, results)),
            Kind::Csv(csv) => Ok(csv.add(model, results)),
            Kind::Parquet(parquet) => parquet.add(model, results),
        }
    }

    /// The bytes that complete the table.
    pub fn finish(self, told: Told) -> Result<Vec<u8>, Error> {
        match self.0 {
            Kind::Jsonl => Ok(Vec::new()),
            Kind::Csv(csv) => Ok(csv.finish()),
            Kind::Parquet(parquet) => parquet.finish(told),
        }
    }
}
