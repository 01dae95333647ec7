//! The HTTP client: one method for each operation that a command needs.

mod datasets;
mod discovery;
mod error;
mod query;
mod schedules;

use std::time::Duration;

use anyhow::Context as _;
use api_types::breakdown::Breakdown;
use api_types::comparisons::Comparison;
use api_types::experiments::{Experiment, ExperimentList, ExperimentSummary};
use api_types::ledger::Ledger;
use api_types::results::ResultList;
use domain::config::ExperimentConfig;
use domain::estimate::Estimate;
use domain::experiment::ExperimentId;
use domain::limits::LimitsChange;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, TE};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Host, Url};
use uuid::Uuid;

pub(crate) use self::error::Error;
pub(crate) use self::query::{BreakdownQuery, ExperimentFilter, ResultFilter, ResultQuery};

/// How long one answer may take; none of those asked for here is long in the making.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// For what is long: whoever reads it looks after its pace.
const ANY_TIME: Duration = Duration::from_secs(30 * 24 * 3600);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the API.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    api: Url,
}

impl Client {
    /// With a key, it is sent with every request.
    pub(crate) fn new(api: Url, key: Option<SecretString>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let value = format!("Bearer {}", key.expose_secret());
            let mut value = HeaderValue::try_from(value).context("the API key is no text")?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .default_headers(headers)
            .user_agent(concat!("ai-evolution/", env!("CARGO_PKG_VERSION")));
        // No proxy can reach what listens on this machine's loopback.
        let http = match is_loopback(&api) {
            true => http.no_proxy(),
            false => http,
        };
        let http = http.build().context("no HTTP client can be made")?;
        Ok(Self { http, api })
    }

    /// The absolute address behind a link that the API gave, or one of its paths.
    pub(crate) fn link(&self, link: &str) -> String {
        self.api
            .join(link)
            .map_or_else(|_| link.to_owned(), String::from)
    }

    /// Creates an experiment. Repeated once when the connection breaks: the key makes that harmless.
    pub(crate) async fn create(&self, experiment: &Value) -> Result<Experiment, Error> {
        self.create_at(&["v1", "experiments"], experiment).await
    }

    /// Creates something, under a key that makes a repetition harmless.
    async fn create_at<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &Value,
    ) -> Result<T, Error> {
        let key = Uuid::now_v7().to_string();
        let request = || {
            self.request(Method::POST, path)
                .header("idempotency-key", &key)
                .json(body)
        };
        match self.send(request()).await {
            Err(error) if error.is_broken_connection() => self.send(request()).await,
            result => result,
        }
    }

    /// Whether the API would accept the experiment, and what it may take, if that can be told; nothing is started.
    pub(crate) async fn check(&self, experiment: &Value) -> Result<Option<Estimate>, Error> {
        let request = self
            .request(Method::POST, &["v1", "experiments"])
            .query(&[("validate_only", "true")])
            .json(experiment);
        let mut check: Value = self.send(request).await?;
        let estimate = check.get_mut("estimate").map(Value::take);
        Ok(estimate.and_then(|estimate| serde_json::from_value(estimate).ok()))
    }

    pub(crate) async fn experiment(&self, id: &ExperimentId) -> Result<Experiment, Error> {
        let path = ["v1", "experiments", id.as_ref()];
        self.send(self.request(Method::GET, &path)).await
    }

    pub(crate) async fn list(
        &self,
        filter: &ExperimentFilter,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<ExperimentList, Error> {
        let request = self
            .request(Method::GET, &["v1", "experiments"])
            .query(&[("page_size", page_size)])
            .query(filter)
            .query(&[("page_token", page_token)]);
        self.send(request).await
    }

    pub(crate) async fn results(
        &self,
        id: &ExperimentId,
        query: &ResultQuery,
        page_token: Option<&str>,
    ) -> Result<ResultList, Error> {
        let request = self
            .request(Method::GET, &["v1", "experiments", id.as_ref(), "results"])
            .query(&[("page_size", query.page_size)])
            .query(&query.filter)
            .query(&[("page_token", page_token)]);
        self.send(request).await
    }

    /// All results that pass, as a file of that media type, which may be of any length.
    pub(crate) async fn file_of_results(
        &self,
        id: &ExperimentId,
        filter: &ResultFilter,
        media_type: &str,
    ) -> Result<Response, Error> {
        let request = self
            .request(Method::GET, &["v1", "experiments", id.as_ref(), "results"])
            .query(filter)
            .header(ACCEPT, media_type)
            .header(TE, "trailers")
            .timeout(ANY_TIME);
        error::of_status(&self.api, request.send().await).await
    }

    pub(crate) async fn summary(&self, id: &ExperimentId) -> Result<ExperimentSummary, Error> {
        let path = ["v1", "experiments", id.as_ref(), "summary"];
        self.send(self.request(Method::GET, &path)).await
    }

    /// The scores by model, scorer and tag.
    pub(crate) async fn breakdown(
        &self,
        id: &ExperimentId,
        query: &BreakdownQuery,
    ) -> Result<Breakdown, Error> {
        let request = self
            .request(
                Method::GET,
                &["v1", "experiments", id.as_ref(), "breakdown"],
            )
            .query(&[
                ("model", query.model.as_deref()),
                ("cluster_by", query.cluster_by.as_deref()),
            ])
            .query(&[("resamples", query.resamples), ("seed", query.seed)]);
        self.send(request).await
    }

    /// Compares the runs of experiments, of all models or of those that are named; the first is the baseline.
    pub(crate) async fn comparison(
        &self,
        experiments: &[ExperimentId],
        models: &[String],
        seed: u32,
    ) -> Result<Comparison, Error> {
        let experiments = experiments.iter().map(|id| ("experiment", id.as_ref()));
        let models = models.iter().map(|model| ("model", model.as_str()));
        let parameters: Vec<(&str, &str)> = experiments.chain(models).collect();
        let request = self
            .request(Method::GET, &["v1", "comparisons"])
            .query(&parameters)
            .query(&[("seed", seed)]);
        self.send(request).await
    }

    /// Asks for the end of an experiment, and says how it stands then.
    pub(crate) async fn cancel(&self, id: &ExperimentId) -> Result<Experiment, Error> {
        let path = ["v1", "experiments", id.as_ref(), "cancel"];
        let answer = self.request(Method::POST, &path).send().await;
        error::of_status(&self.api, answer).await?;
        self.experiment(id).await
    }

    /// Tells an experiment something, or begins another round of it; `what` is the last part of the path.
    pub(crate) async fn tell(
        &self,
        id: &ExperimentId,
        what: &str,
        body: &Value,
    ) -> Result<Experiment, Error> {
        let path = ["v1", "experiments", id.as_ref(), what];
        self.send(self.request(Method::POST, &path).json(body))
            .await
    }

    pub(crate) async fn change_limits(
        &self,
        id: &ExperimentId,
        change: &LimitsChange,
    ) -> Result<Experiment, Error> {
        let path = ["v1", "experiments", id.as_ref()];
        let request = self.request(Method::PATCH, &path).json(change);
        self.send(request).await
    }

    pub(crate) async fn config(&self, id: &ExperimentId) -> Result<ExperimentConfig, Error> {
        self.send(self.request(Method::GET, &["v1", "experiments", id.as_ref(), "config"]))
            .await
    }

    pub(crate) async fn ledger(
        &self,
        id: &ExperimentId,
        model: Option<&str>,
        page_size: usize,
        page_token: Option<&str>,
    ) -> Result<Ledger, Error> {
        let request = self
            .request(Method::GET, &["v1", "experiments", id.as_ref(), "ledger"])
            .query(&[("page_size", page_size)])
            .query(&[("model", model), ("page_token", page_token)]);
        self.send(request).await
    }

    /// Whether the API can do its work; the error says what it waits for.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        let answer = self.request(Method::GET, &["readyz"]).send().await;
        error::of_status(&self.api, answer).await.map(drop)
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.http.request(method, url)
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let answer = error::of_status(&self.api, request.send().await).await?;
        let body = answer
            .bytes()
            .await
            .map_err(|source| Error::unreachable(&self.api, source))?;
        serde_json::from_slice(&body).map_err(|source| Error::Strange {
            api: self.api.to_string(),
            source,
        })
    }
}

fn is_loopback(api: &Url) -> bool {
    match api.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(api: &str) -> Client {
        Client::new(api.parse().unwrap(), None).unwrap()
    }

    #[test]
    fn the_api_may_live_under_a_path() {
        for (api, url) in [
            ("http://h:1", "http://h:1/v1/experiments"),
            ("http://h:1/eval/", "http://h:1/eval/v1/experiments"),
            ("http://h:1/eval", "http://h:1/eval/v1/experiments"),
        ] {
            let request = client(api).request(Method::GET, &["v1", "experiments"]);
            assert_eq!(request.build().unwrap().url().as_str(), url);
        }
    }

    #[test]
    fn absent_parameters_are_left_out() {
        let request = client("http://h")
            .request(Method::GET, &[])
            .query(&[("model", None), ("state", Some("ok & well"))]);
        assert_eq!(
            request.build().unwrap().url().query(),
            Some("state=ok+%26+well")
        );
    }

    #[test]
    fn links_are_made_absolute_whether_they_are_or_not() {
        let client = client("http://h:1");
        assert_eq!(
            client.link("/v1/experiments/a"),
            "http://h:1/v1/experiments/a"
        );
        assert_eq!(client.link("https://ui/x"), "https://ui/x");
    }
}
