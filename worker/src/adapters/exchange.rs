//! One request over HTTP and what comes back of it, for services of any kind.

use std::collections::BTreeMap;

use domain::output::{CallError, CallErrorKind};
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::wording::Wording;
use crate::providers::Provider;
use crate::traces::calls;

/// The most bytes of an answer.
pub(super) const LARGEST_ANSWER: usize = 16 << 20;

/// The most bytes that are read of what a service says to a failure.
const LARGEST_FAILURE: usize = 64 << 10;

/// Where requests go, and what is sent with each.
pub(super) struct Exchange {
    client: Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    pub(super) wording: Wording,
}

impl Exchange {
    /// `path` stands below the provider's address; `headers` are those of the experiment, which the provider's go before.
    pub(super) fn new(
        client: &Client,
        method: Method,
        provider: &Provider,
        path: &str,
        headers: &BTreeMap<String, String>,
        accept: &'static str,
        wording: Wording,
    ) -> Result<Self, CallError> {
        let unusable = |what: String| {
            let message = format!("provider `{}` cannot be asked: {what}", wording.provider);
            CallError::new(CallErrorKind::Refused, message)
        };
        let base_url = provider.base_url();
        let url = match path {
            // The address itself, without the slash that is there to append to.
            "" => without_last_slash(base_url),
            path => joined(base_url, path.trim_start_matches('/'))
                .ok_or_else(|| unusable(format!("`{path}` leads out of its address")))?,
        };
        let mut all = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        let mut set = |name: &str, value: &str| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            all.insert(name, value);
            Some(())
        };
        for (name, value) in headers {
            set(name, value).ok_or_else(|| unusable(format!("the header `{name}` is none")))?;
        }
        for (name, value) in provider.headers(&wording.provider)? {
            let value = value.expose_secret();
            set(&name, value).ok_or_else(|| unusable(format!("the header `{name}` is none")))?;
        }
        Ok(Self {
            client: client.clone(),
            method,
            url,
            headers: all,
            wording,
        })
    }

    /// Asks once; an answer whose status is none of success is an error.
    pub(super) async fn send(
        &self,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Result<Response, CallError> {
        let mut url = self.url.clone();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(self.method.clone(), url);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(traceparent) = calls::carries() {
            request = request.header("traceparent", traceparent);
        }
        let request = request.headers(self.headers.clone());
        let response = request.send().await;
        let response = response.map_err(|error| self.wording.of_transport(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let headers = response.headers().clone();
        // What it says is of no use when it cannot be read to the end.
        let said = self
            .read(response, LARGEST_FAILURE)
            .await
            .unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        Err(self.wording.of_status(status, &said, &headers))
    }

    /// The whole answer, as JSON.
    pub(super) async fn json(&self, response: Response) -> Result<Value, CallError> {
        let body = self.read(response, LARGEST_ANSWER).await?;
        serde_json::from_slice(&body).map_err(|error| {
            self.wording
                .bad_answer(format!("answered what is not JSON: {error}"))
        })
    }

    async fn read(&self, mut response: Response, most: usize) -> Result<Vec<u8>, CallError> {
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.wording.of_transport(error))?
        {
            if body.len() + chunk.len() > most {
                return Err(self.wording.bad_answer(too_large(most)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn without_last_slash(base_url: &Url) -> Url {
    let mut url = base_url.clone();
    url.set_path(base_url.path().trim_end_matches('/'));
    url
}

/// The address with a path appended, unless that leads out of it.
fn joined(base_url: &Url, path: &str) -> Option<Url> {
    let mut url = base_url.clone();
    url.set_path(&format!("{}{path}", base_url.path()));
    let stays = url.path().starts_with(base_url.path()) && url.origin() == base_url.origin();
    stays.then_some(url)
}

/// What an answer beyond the bound has done.
pub(super) fn too_large(most: usize) -> String {
    format!("answered with more than {} MiB", most >> 20)
}

/// An address below another one, whose query it keeps; segments are escaped.
pub(super) fn below(base_url: &Url, segments: &[String]) -> Url {
    let mut url = base_url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
