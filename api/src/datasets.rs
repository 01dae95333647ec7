//! Handlers of `/v1/datasets`: files that are uploaded in parts, each of which any replica may take.

pub(crate) mod sample;
pub(crate) mod source;
mod upload;

use api_types::datasets::{
    CreateDataset, DatasetList, DatasetVersion, DatasetVersionList, FilePart,
};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::config::UploadedDataset;
use domain::uploaded::{DatasetName, UploadedFile};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::extract::page::{self, PageSize};
use crate::extract::{Bytes, Id, Ids, JsonBody, Query};
use crate::page_token;
use crate::responses::{Anytime, BadBody, BadPageToken, BadPart, BadQuery, Missing};
use crate::scope::Scope;
use crate::state::AppState;

const DEFAULT_SIZE: u32 = 20;
const LARGEST_SIZE: u32 = 100;

/// Where the next part of a file begins (draft-ietf-httpbis-resumable-upload).
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Announce a file to upload.
///
/// The file becomes a version of the dataset `name`, known by its SHA-256. Send its content to the path in `Location`, in
/// parts, each with `PATCH`. The same request again, also after days and from elsewhere, answers how much has come in, so
/// that the upload goes on from there; a version that is complete already need not be sent at all.
#[utoipa::path(
    post,
    path = "/v1/datasets",
    tag = "datasets",
    request_body = CreateDataset,
    responses(
        (status = 201, description = "Announced: `received` says where to begin.", body = DatasetVersion,
            headers(("Location" = String, description = "The path of the version."))),
        BadBody, Anytime,
    )
)]
pub(crate) async fn create_dataset(
    State(state): State<AppState>,
    scope: Scope,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let request: CreateDataset = state.schemas.dataset.read(body)?;
    let file = upload::announced(&scope, request)?;
    let file = state.store.announce_file(file).await?;
    let location = format!("/v1/datasets/{}/versions/{}", file.name, file.version);
    let version = upload::shown(&state, file).await?;
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, Json(version)).into_response())
}

/// Add a part to a file.
///
/// The body is the next part of the file, as many bytes as one request may have; the header `Upload-Offset` says where it
/// begins. The part that completes the file is answered when its content is checked: if it is not what was announced, all
/// parts are dropped (code `content_mismatch`). A part that begins elsewhere than where the file ends is refused (code
/// `wrong_offset`); `GET` and `HEAD` of the same path tell where that is.
#[utoipa::path(
    patch,
    path = "/v1/datasets/{name}/versions/{version}",
    tag = "datasets",
    params(
        ("name" = String, Path, description = "Name of the dataset."),
        ("version" = String, Path, description = "SHA-256 of the file."),
        ("Upload-Offset" = u64, Header, description = "Where in the file the part begins."),
    ),
    request_body(content = inline(FilePart), content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "Added.", body = DatasetVersion),
        BadPart, Missing, Anytime,
    )
)]
pub(crate) async fn upload_dataset_part(
    State(state): State<AppState>,
    scope: Scope,
    ids: Ids,
    headers: HeaderMap,
    Bytes(part): Bytes,
) -> Result<Response, ApiError> {
    let offset = headers
        .get(UPLOAD_OFFSET)
        .and_then(|offset| offset.to_str().ok());
    let Some(offset) = offset.and_then(|offset| offset.parse().ok()) else {
        return Err(ApiError::invalid(
            "/Upload-Offset",
            "the header `Upload-Offset` says where the part begins, as a number of bytes",
        ));
    };
    let file = version(&state, &scope, &ids).await?;
    // To its end, also when the client has left: what is checked is kept.
    let adding = tokio::spawn(upload::add(state, file, offset, part));
    answer(adding.await.map_err(ApiError::internal)??)
}

/// Get a version of a dataset.
///
/// Also tells how much of an upload has come in, in the body and, for `HEAD`, in the header `Upload-Offset`.
#[utoipa::path(
    get,
    path = "/v1/datasets/{name}/versions/{version}",
    tag = "datasets",
    params(
        ("name" = String, Path, description = "Name of the dataset."),
        ("version" = String, Path, description = "SHA-256 of the file."),
    ),
    responses(
        (status = 200, description = "The version.", body = DatasetVersion),
        Missing, Anytime,
    )
)]
pub(crate) async fn get_dataset_version(
    State(state): State<AppState>,
    scope: Scope,
    ids: Ids,
) -> Result<Response, ApiError> {
    let file = version(&state, &scope, &ids).await?;
    answer(upload::shown(&state, file).await?)
}

/// List the versions of a dataset.
///
/// Those that are complete, the latest announced first.
#[utoipa::path(
    get,
    path = "/v1/datasets/{name}",
    tag = "datasets",
    params(("name" = String, Path, description = "Name of the dataset.")),
    responses(
        (status = 200, description = "The versions.", body = DatasetVersionList),
        Missing, Anytime,
    )
)]
pub(crate) async fn list_dataset_versions(
    State(state): State<AppState>,
    scope: Scope,
    Id(name): Id,
) -> Result<Json<DatasetVersionList>, ApiError> {
    let missing = || ApiError::not_found("dataset", &name);
    let versions = state
        .store
        .file_versions(&scope.dataset(&name).map_err(|_| missing())?)
        .await?;
    match versions.is_empty() {
        true => Err(missing()),
        false => Ok(Json(DatasetVersionList {
            versions: versions.into_iter().map(upload::complete).collect(),
        })),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DatasetQuery {
    /// Datasets on a page; more than 100 is taken for 100.
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 20)]
    page_size: Option<PageSize>,
    /// The `next_page_token` of the page before.
    #[param(nullable = false)]
    page_token: Option<String>,
}

/// What a page token is good for.
#[derive(PartialEq, Serialize, Deserialize)]
struct Filters {
    list: String,
}

/// List datasets.
///
/// Uploaded datasets by name, each by its latest version. Datasets of which no version is complete are left out, so that
/// a page may have fewer entries than asked for, or none, and still not be the last: the last page has no `next_page_token`.
#[utoipa::path(
    get,
    path = "/v1/datasets",
    tag = "datasets",
    params(DatasetQuery),
    responses(
        (status = 200, description = "A page of datasets.", body = DatasetList),
        BadPageToken, BadQuery, Anytime,
    )
)]
pub(crate) async fn list_datasets(
    State(state): State<AppState>,
    scope: Scope,
    Query(query): Query<DatasetQuery>,
) -> Result<Json<DatasetList>, ApiError> {
    let size = PageSize::or_default(query.page_size, DEFAULT_SIZE, LARGEST_SIZE) as usize;
    let filters = Filters {
        list: "datasets".to_owned(),
    };
    let after: Option<DatasetName> = page::decode(query.page_token.as_deref(), &filters)?;
    let mut names = state.store.file_names(scope.tenant()).await?;
    names.retain(|name| after.as_ref().is_none_or(|after| name > after));
    let is_last = names.len() <= size;
    names.truncate(size);
    let mut datasets = Vec::new();
    for name in &names {
        let versions = state.store.file_versions(name).await?;
        datasets.extend(versions.into_iter().next().map(upload::complete));
    }
    let next_page_token = match names.last() {
        Some(last) if !is_last => Some(page_token::encode(&filters, last)),
        _ => None,
    };
    Ok(Json(DatasetList {
        datasets,
        next_page_token,
    }))
}

/// The file of an uploaded dataset that an experiment asks for: its latest version, when it names none.
pub(crate) async fn file_for(
    state: &AppState,
    scope: &Scope,
    dataset: &UploadedDataset,
) -> Result<UploadedFile, ApiError> {
    let fault =
        |key: &str, message: String| ApiError::invalid(format!("/config/dataset/{key}"), message);
    let name = scope
        .dataset(&dataset.name)
        .map_err(|error| fault("name", error.to_string()))?;
    let versions = state.store.file_versions(&name).await?;
    match chosen(&versions, dataset.version.as_deref()) {
        Some(file) => Ok(file.clone()),
        None if versions.is_empty() => Err(fault(
            "name",
            format!("no dataset `{name}` has been uploaded"),
        )),
        None => Err(fault(
            "version",
            format!("the dataset `{name}` has no such version"),
        )),
    }
}

/// The version that is named, or else the latest, of those that are complete.
fn chosen<'a>(versions: &'a [UploadedFile], version: Option<&str>) -> Option<&'a UploadedFile> {
    let mut versions = versions.iter();
    versions.find(|file| version.is_none_or(|version| version == file.version.to_string()))
}

/// The version that a path names.
async fn version(state: &AppState, scope: &Scope, ids: &Ids) -> Result<UploadedFile, ApiError> {
    let (name, version) = (ids.get("name")?, ids.get("version")?);
    let missing = || ApiError::not_found("version of a dataset", format!("{name}/{version}"));
    let file = state
        .store
        .announced_file(
            &scope.dataset(name).map_err(|_| missing())?,
            &version.parse().map_err(|_| missing())?,
        )
        .await?;
    file.ok_or_else(missing)
}

fn answer(version: DatasetVersion) -> Result<Response, ApiError> {
    let offset = [(UPLOAD_OFFSET, version.received.to_string())];
    Ok((offset, Json(version)).into_response())
}
