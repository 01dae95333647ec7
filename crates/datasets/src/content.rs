//! A file that is open, and what is known of its content.

use std::io::Read;

use bytesize::ByteSize;
use parquet::file::reader::ChunkReader;

use crate::compression::{self, Compression};
use crate::faults::Unreadable;

/// What bytes come from: read from the beginning on or, for Parquet, wherever they stand.
pub trait Source: Read + ChunkReader + 'static {}

impl<S: Read + ChunkReader + 'static> Source for S {}

pub struct Content<S> {
    pub source: S,
    pub compression: Compression,
    /// The most bytes that are read of what it is when decompressed.
    pub most: ByteSize,
}

impl<S: Source> Content<S> {
    /// The content, decompressed.
    pub fn read(self) -> Result<Box<dyn Read>, Unreadable> {
        Ok(compression::content(
            self.source,
            self.compression,
            self.most,
        )?)
    }
}
