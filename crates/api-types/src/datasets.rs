//! Uploaded datasets as clients see them.

use domain::uploaded::{FileCompression, FileFormat, UploadedFile};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A file to be uploaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreateDataset {
    /// The dataset that the file is a version of. A name that is new begins a dataset.
    #[cfg_attr(
        feature = "schema",
        schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$", example = "gsm8k")
    )]
    pub name: String,
    pub format: FileFormat,
    /// How the file is compressed as a whole; Parquet is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub compression: Option<FileCompression>,
    /// Bytes of the file.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1_073_741_824))]
    pub bytes: u64,
    /// SHA-256 of the file, in lower-case hexadecimal: the id of the version.
    #[cfg_attr(feature = "schema", schema(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
}

/// A version of an uploaded dataset, whole or on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DatasetVersion {
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub version: String,
    pub format: FileFormat,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub compression: Option<FileCompression>,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes that have come in: the next part begins here.
    pub received: u64,
    /// Whether the whole file is there and its content is what was announced, so that experiments can use it.
    pub complete: bool,
    /// When it was announced first.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
}

impl DatasetVersion {
    pub fn new(file: UploadedFile, received: u64, complete: bool) -> Self {
        Self {
            name: file.name.to_string(),
            version: file.version.into(),
            format: file.format,
            compression: file.compression,
            bytes: file.bytes,
            received,
            complete,
            created_at: file.created_at,
        }
    }
}

/// Datasets by name, each by its latest version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DatasetList {
    pub datasets: Vec<DatasetVersion>,
    /// Give it as `page_token` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub next_page_token: Option<String>,
}

/// The versions of a dataset that are complete, the latest announced first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DatasetVersionList {
    pub versions: Vec<DatasetVersion>,
}

/// The first rows of a version of a dataset, as its file has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DatasetSample {
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub version: String,
    pub format: FileFormat,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub compression: Option<FileCompression>,
    pub rows: Vec<DatasetRow>,
    /// Whether there are rows after these, as far as the file was read.
    pub more: bool,
    /// Why the file cannot be read on after these rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub fault: Option<String>,
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DatasetRow {
    /// Its line in the file, from 1; of Parquet, its row.
    pub line: u64,
    /// Its keys or columns with their values; absent when it has none that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schema(value_type = Option<std::collections::HashMap<String, Value>>, nullable = false)
    )]
    pub row: Option<Map<String, Value>>,
    /// Why an experiment would refuse it, unless `fields` says what its keys mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub fault: Option<String>,
}

/// A part of a file, as it is.
#[cfg(feature = "schema")]
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct FilePart(pub Vec<u8>);
