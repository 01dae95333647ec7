//! How a file comes in: announced, part by part, and checked at its end.

use api_types::datasets::{CreateDataset, DatasetVersion};
use domain::fault::Fault;
use domain::uploaded::{FileFormat, UploadedFile};
use jiff::Timestamp;

use crate::error::ApiError;
use crate::scope::Scope;
use crate::state::AppState;

/// The file that a request announces, or all its faults.
pub(super) fn announced(scope: &Scope, request: CreateDataset) -> Result<UploadedFile, ApiError> {
    let mut faults = Vec::new();
    if request.format == FileFormat::Parquet && request.compression.is_some() {
        faults.push(Fault::new(
            "/compression",
            "a Parquet file is not compressed as a whole; it compresses its parts",
        ));
    }
    let name = scope.dataset(&request.name);
    let version = request.sha256.parse();
    match (name, version) {
        (Ok(name), Ok(version)) if faults.is_empty() => Ok(UploadedFile {
            name,
            version,
            format: request.format,
            compression: request.compression,
            bytes: request.bytes,
            created_at: Timestamp::now(),
        }),
        (name, version) => {
            let fault = |pointer, message: String| Fault::new(pointer, message);
            faults.extend(name.err().map(|error| fault("/name", error.to_string())));
            faults.extend(
                version
                    .err()
                    .map(|error| fault("/sha256", error.to_string())),
            );
            Err(ApiError::Invalid(faults))
        }
    }
}

/// How a file stands.
pub(super) async fn shown(
    state: &AppState,
    file: UploadedFile,
) -> Result<DatasetVersion, ApiError> {
    if state.store.is_whole_file(&file).await? {
        return Ok(complete(file));
    }
    let received = state.store.received_of_file(&file).await?;
    Ok(DatasetVersion::new(file, received, false))
}

pub(super) fn complete(file: UploadedFile) -> DatasetVersion {
    let bytes = file.bytes;
    DatasetVersion::new(file, bytes, true)
}

/// Adds a part, and checks the file when it was the last. An empty part at the end checks it again.
pub(super) async fn add(
    state: AppState,
    file: UploadedFile,
    offset: u64,
    part: Vec<u8>,
) -> Result<DatasetVersion, ApiError> {
    let now = shown(&state, file.clone()).await?;
    if offset != now.received || (now.complete && !part.is_empty()) {
        return Err(ApiError::WrongOffset(now.received));
    }
    if now.complete {
        return Ok(now);
    }
    let end = offset + part.len() as u64;
    if end > file.bytes {
        let message = format!(
            "the file would have {end} bytes; {} are announced",
            file.bytes
        );
        return Err(ApiError::invalid("", message));
    }
    if !part.is_empty() && !state.store.put_part_of_file(&file, offset, part).await? {
        let received = state.store.received_of_file(&file).await?;
        return Err(ApiError::WrongOffset(received));
    }
    match end == file.bytes {
        false => Ok(DatasetVersion::new(file, end, false)),
        true if state.store.seal_file(&file).await? => Ok(complete(file)),
        true => Err(ApiError::ContentMismatch),
    }
}
