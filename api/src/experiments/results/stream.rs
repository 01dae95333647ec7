//! All results as a file that is sent while it is made: its length is not known, and it is never in memory.

use std::time::Duration;

use api_types::results::ResultsEnd;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::experiment::ExperimentId;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use sha2::{Digest, Sha256};
use tables::{Format, Table};
use tokio::time::timeout;

use crate::error::{ApiError, BoxError};
use crate::experiments::results::filter::Filter;
use crate::experiments::results::reading::{Batch, Reading};
use crate::state::AppState;

/// How long the store may take for the next results. A file as a whole may take any time.
const PATIENCE: Duration = Duration::from_secs(30);

const COUNT: HeaderName = HeaderName::from_static("x-results-count");
const ENDED: HeaderName = HeaderName::from_static("x-results-ended");
const DIGEST: HeaderName = HeaderName::from_static("x-results-digest");

/// A file that will be sent.
pub(super) struct ResultStream {
    id: ExperimentId,
    format: Format,
    making: Making,
}

/// Makes everything ready that may fail before the answer begins.
pub(super) async fn begin(
    state: &AppState,
    id: &ExperimentId,
    filter: Filter,
    format: Format,
) -> Result<ResultStream, ApiError> {
    let reading = Reading::open(state, id, filter).await?;
    let scorers = reading.scorers.clone();
    Ok(ResultStream {
        id: id.clone(),
        format,
        making: Making {
            id: id.clone(),
            is_jsonl: format == Format::Jsonl,
            ended: reading.is_final,
            table: Table::new(format, scorers).map_err(ApiError::internal)?,
            batches: reading.batches(state.store.clone()).boxed(),
            count: 0,
            digest: Sha256::new(),
        },
    })
}

impl ResultStream {
    pub(super) fn into_response(self, media_type: &'static str) -> Response {
        let Self { id, format, making } = self;
        let ended = if making.ended { "true" } else { "false" };
        let name = format!("attachment; filename=\"{id}.{}\"", format.extension());
        let frames = stream::try_unfold(Step::Rows(Box::new(making)), Step::next);
        let frames = frames.inspect_err(move |error: &BoxError| {
            tracing::warn!(experiment.id = %id, %error, "a file of results broke off");
        });
        let headers = [
            (header::CONTENT_TYPE, media_type),
            (header::CONTENT_DISPOSITION, name.as_str()),
            (ENDED, ended),
            (header::TRAILER, "x-results-count, x-results-digest"),
        ];
        (headers, Body::new(StreamBody::new(frames))).into_response()
    }
}

/// How far a file has come.
enum Step {
    Rows(Box<Making>),
    Trailers(HeaderMap),
    Done,
}

impl Step {
    /// The next part of the body, and where it goes on after that.
    async fn next(self) -> Result<Option<(Frame<Bytes>, Self)>, BoxError> {
        let mut making = match self {
            Self::Rows(making) => making,
            Self::Trailers(trailers) => return Ok(Some((Frame::trailers(trailers), Self::Done))),
            Self::Done => return Ok(None),
        };
        loop {
            let batch = timeout(PATIENCE, making.batches.try_next()).await;
            let batch = batch.map_err(|_| "the artifact store does not answer")??;
            // Thousands of rows take longer than a thread that serves others may be kept.
            let Some(batch) = batch else {
                let (bytes, trailers) = tokio::task::spawn_blocking(|| making.finish()).await??;
                return Ok(Some((Frame::data(bytes.into()), Self::Trailers(trailers))));
            };
            let bytes;
            (making, bytes) = tokio::task::spawn_blocking(move || {
                let bytes = making.add(&batch)?;
                Ok::<_, tables::Error>((making, bytes))
            })
            .await??;
            if !bytes.is_empty() {
                return Ok(Some((Frame::data(bytes.into()), Self::Rows(making))));
            }
        }
    }
}

/// A file that is being made.
struct Making {
    id: ExperimentId,
    is_jsonl: bool,
    ended: bool,
    table: Table,
    batches: BoxStream<'static, Result<Batch, artifacts::Error>>,
    count: u64,
    digest: Sha256,
}

impl Making {
    fn add(&mut self, batch: &Batch) -> Result<Vec<u8>, tables::Error> {
        self.count += batch.results.len() as u64;
        let bytes = self.table.add(&batch.model, &batch.results)?;
        self.digest.update(&bytes);
        Ok(bytes)
    }

    /// The end of the file, and what is said after it.
    fn finish(self) -> Result<(Vec<u8>, HeaderMap), BoxError> {
        let told = vec![
            ("experiment_id", self.id.to_string()),
            ("complete", true.to_string()),
            ("count", self.count.to_string()),
            ("ended", self.ended.to_string()),
        ];
        let mut bytes = self.table.finish(told)?;
        let digest = self.digest.chain_update(&bytes).finalize();
        let digest = format!("sha256:{}", hex::encode(digest));
        let mut trailers = HeaderMap::new();
        trailers.insert(COUNT, HeaderValue::from(self.count));
        trailers.insert(DIGEST, HeaderValue::try_from(&digest)?);
        if self.is_jsonl {
            let end = ResultsEnd {
                complete: true,
                count: self.count,
                digest,
                ended: self.ended,
            };
            serde_json::to_writer(&mut bytes, &end)?;
            bytes.push(b'\n');
        }
        Ok((bytes, trailers))
    }
}
