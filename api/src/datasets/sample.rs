//! The first rows of an uploaded file, to see what its keys are and what is wrong with it.

use api_types::datasets::{DatasetRow, DatasetSample};
use axum::Json;
use axum::extract::State;
use bytesize::ByteSize;
use datasets::{Row, RowFault, Unreadable};
use domain::uploaded::{FileFormat, UploadedFile};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::datasets::source::{self, Stored};
use crate::error::ApiError;
use crate::extract::page::PageSize;
use crate::extract::{Id, Query};
use crate::responses::{Anytime, BadQuery, Missing};
use crate::scope::Scope;
use crate::state::AppState;

const DEFAULT_ROWS: u32 = 10;
const MOST_ROWS: u32 = 100;

/// The bytes of text that the rows of a sample may have together; one alone may have more.
const MOST_TEXT: usize = 1 << 20;

/// The most of a Parquet file when decompressed, of which a few pages are read.
const MOST_OF_TABLE: ByteSize = ByteSize::gib(16);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SampleQuery {
    /// Rows of the sample; more than 100 is taken for 100.
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 10)]
    limit: Option<PageSize>,
    /// SHA-256 of the file; the latest version that is complete, when it is absent.
    #[param(nullable = false)]
    version: Option<String>,
}

/// Get the first rows of a dataset.
///
/// As the file has them, each with its line: what `fields` of an experiment's dataset can name. A row that is no item as it
/// stands says why. Of long rows there may be fewer than asked for; a line that is no row at all counts as one.
#[utoipa::path(
    get,
    path = "/v1/datasets/{name}/sample",
    tag = "datasets",
    params(("name" = String, Path, description = "Name of the dataset."), SampleQuery),
    responses(
        (status = 200, description = "The rows.", body = DatasetSample),
        Missing, BadQuery, Anytime,
    )
)]
pub(crate) async fn get_dataset_sample(
    State(state): State<AppState>,
    scope: Scope,
    Id(name): Id,
    Query(query): Query<SampleQuery>,
) -> Result<Json<DatasetSample>, ApiError> {
    let limit = PageSize::or_default(query.limit, DEFAULT_ROWS, MOST_ROWS) as usize;
    let file = wanted(&state, &scope, &name, query.version.as_deref()).await?;
    let most = match file.format {
        FileFormat::Parquet => MOST_OF_TABLE,
        FileFormat::Jsonl | FileFormat::Csv => Stored::MOST,
    };
    let content = Stored::open(&state, &file, most).await?;
    let sampled = Sampled::new(limit);
    let (sampled, end) = source::read(content, file.format, None, sampled, Sampled::take).await?;
    let (more, fault) = match end {
        Ok(()) => (false, None),
        Err(Stop::Enough) => (true, None),
        Err(Stop::Unreadable(why)) => (false, Some(why.to_string())),
    };
    Ok(Json(DatasetSample {
        name: file.name.to_string(),
        version: file.version.into(),
        format: file.format,
        compression: file.compression,
        rows: sampled.rows,
        more,
        fault,
    }))
}

/// The version that is asked for, if it is complete.
async fn wanted(
    state: &AppState,
    scope: &Scope,
    name: &str,
    version: Option<&str>,
) -> Result<UploadedFile, ApiError> {
    let missing = || match version {
        None => ApiError::not_found("dataset", name),
        Some(version) => ApiError::not_found("version of a dataset", format!("{name}/{version}")),
    };
    let name = scope.dataset(name).map_err(|_| missing())?;
    let versions = state.store.file_versions(&name).await?;
    super::chosen(&versions, version)
        .cloned()
        .ok_or_else(missing)
}

/// Why no more rows are read.
enum Stop {
    Enough,
    Unreadable(Unreadable),
}

impl From<Unreadable> for Stop {
    fn from(why: Unreadable) -> Self {
        Self::Unreadable(why)
    }
}

/// The rows so far.
struct Sampled {
    limit: usize,
    rows: Vec<DatasetRow>,
    text: usize,
}

impl Sampled {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            rows: Vec::new(),
            text: 0,
        }
    }

    fn take(&mut self, line: u64, row: Result<&dyn Row, RowFault>) -> Result<(), Stop> {
        if self.rows.len() == self.limit {
            return Err(Stop::Enough);
        }
        let row = shown(line, row);
        self.text += row.row.as_ref().map_or(0, length);
        if self.text > MOST_TEXT && !self.rows.is_empty() {
            return Err(Stop::Enough);
        }
        self.rows.push(row);
        Ok(())
    }
}

fn shown(line: u64, row: Result<&dyn Row, RowFault>) -> DatasetRow {
    let (row, fault) = match row {
        Ok(row) => match row.object() {
            Ok(object) => (Some(object), row.item().err()),
            Err(fault) => (None, Some(fault)),
        },
        Err(fault) => (None, Some(fault)),
    };
    DatasetRow {
        line,
        row,
        fault: fault.map(|fault| fault.message),
    }
}

/// About how many bytes the row has as JSON.
fn length(row: &Map<String, Value>) -> usize {
    serde_json::to_vec(row).map_or(usize::MAX / 2, |text| text.len())
}
