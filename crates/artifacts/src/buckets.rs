//! Objects in buckets that are not the store's: files that datasets are read from.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::ObjectStoreExt;
use url::Url;

use crate::store::s3_options;

/// The way to buckets of S3.
#[derive(Clone)]
pub struct Buckets {
    options: Vec<(String, String)>,
}

/// Why an object cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Asking again is of no use.
    #[error("{0}")]
    Refused(String),
    #[error("the bucket is unavailable: {0}")]
    Unavailable(#[source] object_store::Error),
}

impl Buckets {
    /// `options` are those of the S3 client, such as `AWS_ACCESS_KEY_ID` or `AWS_ENDPOINT`.
    pub fn new(options: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut options = s3_options(options);
        // A large object takes its time; that nothing comes for long is noticed.
        let patient = [("timeout", "24h"), ("read_timeout", "30s")];
        options.extend(patient.map(|(key, value)| (key.to_owned(), value.to_owned())));
        Self { options }
    }

    /// Opens the object at an address such as `s3://bucket/key`.
    pub async fn open(&self, url: &Url) -> Result<Object, Error> {
        let (bucket, key) = object_store::parse_url_opts(url, self.options.iter().cloned())
            .map_err(|error| told(url, error))?;
        let found = bucket.get(&key).await.map_err(|error| told(url, error))?;
        Ok(Object {
            size: found.meta.size,
            etag: found.meta.e_tag.clone(),
            content: found.into_stream(),
        })
    }
}

/// An object that is being read.
pub struct Object {
    size: u64,
    etag: Option<String>,
    content: BoxStream<'static, object_store::Result<Bytes>>,
}

impl Object {
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The next part of the content; none at its end.
    pub async fn part(&mut self) -> Result<Option<Bytes>, Error> {
        let part = self.content.next().await.transpose();
        part.map_err(Error::Unavailable)
    }
}

fn told(url: &Url, error: object_store::Error) -> Error {
    use object_store::Error as Cause;
    let bucket = url.host_str().unwrap_or_default();
    match error {
        Cause::NotFound { .. } => {
            let key = url.path().trim_start_matches('/');
            Error::Refused(format!("`{key}` does not exist in the bucket `{bucket}`"))
        }
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. } => {
            Error::Refused(format!("the bucket `{bucket}` refuses access"))
        }
        Cause::InvalidPath { .. } | Cause::NotSupported { .. } => {
            Error::Refused(format!("`{url}` is no object in a bucket"))
        }
        error => Error::Unavailable(error),
    }
}
