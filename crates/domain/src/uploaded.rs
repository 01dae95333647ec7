//! Files that are uploaded to be datasets: what they are called, and their versions, each named by its content.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::tenant::{self, Tenant};

/// The most bytes of one file. Larger ones are better read from a folder or from a bucket.
pub const LARGEST_FILE: u64 = 1 << 30;

/// The name of an uploaded dataset. Shown and read as users know it; written into the keys of its files as the whole name,
/// with the tenant that the dataset belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatasetName {
    tenant: Option<Tenant>,
    name: String,
}

impl DatasetName {
    /// The same name as that of a tenant's dataset, or of one that is nobody's.
    pub fn within(self, tenant: Option<Tenant>) -> Self {
        Self { tenant, ..self }
    }

    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    /// With the tenant.
    pub fn whole(&self) -> String {
        tenant::whole(self.tenant.as_ref(), &self.name)
    }

    /// Reads a whole name.
    pub fn of_whole(text: &str) -> Result<Self, NotAName> {
        let (tenant, name) = tenant::parts(text).map_err(|_| NotAName)?;
        Ok(name.parse::<Self>()?.within(tenant))
    }
}

/// The version of an uploaded dataset: the SHA-256 of the file, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(String);

#[derive(Debug, thiserror::Error)]
#[error(
    "a dataset's name has 1 to 100 letters, digits, `_`, `-` or `.`, and begins with a letter or digit"
)]
pub struct NotAName;

#[derive(Debug, thiserror::Error)]
#[error("a version is a SHA-256: 64 hexadecimal digits in lower case")]
pub struct NotAVersion;

impl FromStr for DatasetName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let goes_on_well = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        match begins_well && goes_on_well && text.len() <= 100 {
            true => Ok(Self {
                tenant: None,
                name: text.to_owned(),
            }),
            false => Err(NotAName),
        }
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let is_digest = text.len() == 64
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match is_digest {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAVersion),
        }
    }
}

impl TryFrom<String> for DatasetName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        Self::of_whole(&text)
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, NotAVersion> {
        text.parse()
    }
}

impl From<DatasetName> for String {
    fn from(name: DatasetName) -> Self {
        name.whole()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum FileFormat {
    Jsonl,
    Csv,
    Parquet,
}

/// How a file is compressed as a whole. Parquet is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum FileCompression {
    Gzip,
    Zstd,
}

/// A version of an uploaded dataset, as it was announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedFile {
    pub name: DatasetName,
    pub version: Version,
    pub format: FileFormat,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<FileCompression>,
    pub bytes: u64,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_lead_nowhere_else() {
        for name in ["", "..", "a/b", "é", "-a", "t@a", &"a".repeat(101)] {
            assert!(name.parse::<DatasetName>().is_err(), "{name}");
        }
        assert!("gsm8k_test-1.2".parse::<DatasetName>().is_ok());
        assert!("0123456789abcdef".repeat(4).parse::<Version>().is_ok());
        for version in ["", "0", &"A".repeat(64), &"0".repeat(65)] {
            assert!(version.parse::<Version>().is_err(), "{version}");
        }
    }
}
