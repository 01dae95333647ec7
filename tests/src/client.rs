//! The API as a stranger sees it: raw JSON over HTTP.

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::document;
use crate::wait::eventually;

const FINAL: [&str; 5] = [
    "completed",
    "failed",
    "cancelled",
    "terminated",
    "timed_out",
];

/// Speaks to one API.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    /// The key or token that every request bears.
    bearer: Option<String>,
    /// Whether every answer must be as the OpenAPI document says.
    is_documented: bool,
}

/// An answer of the API, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub took: Duration,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// The body of an answer that must have the given status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The problem document that an error must be.
    #[track_caller]
    pub fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        for key in ["type", "title", "code", "detail"] {
            let text = problem[key].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no `{key}`: {problem}");
        }
        problem
    }

    /// The pointers of the faults that a problem names.
    #[track_caller]
    pub fn pointers(&self) -> Vec<String> {
        let problem = self.problem();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|fault| {
                let message = fault["message"].as_str().unwrap_or_default();
                assert!(!message.is_empty(), "a fault without a message: {problem}");
                fault["pointer"]
                    .as_str()
                    .unwrap_or_else(|| panic!("a fault without a pointer: {problem}"))
                    .to_owned()
            })
            .collect()
    }
}

impl Client {
    pub fn new(base: String) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .no_proxy()
            .build()
            .expect("a client can be made");
        Self {
            base,
            http,
            bearer: None,
            is_documented: true,
        }
    }

    /// The same client for a service that is none of ours, or is not to be held up.
    #[must_use]
    pub fn unchecked(self) -> Self {
        Self {
            is_documented: false,
            ..self
        }
    }

    /// The same client for somebody who bears that key or token.
    pub fn bearing(&self, bearer: &str) -> Self {
        Self {
            bearer: Some(bearer.to_owned()),
            ..self.clone()
        }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Begins a request to a path, for what the other methods do not offer.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        }
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request)
            .await
            .unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, String> {
        let start = Instant::now();
        let (client, request) = request.build_split();
        let request = request.map_err(|error| format!("{error:?}"))?;
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = client.execute(request).await;
        let response = response.map_err(|error| format!("{error:?}"))?;
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.map_err(|error| error.to_string())?,
            took: start.elapsed(),
        };
        if self.is_documented {
            let kind = answer.header("content-type");
            document::check(method.as_str(), &path, answer.status, kind, &answer.text);
        }
        Ok(answer)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Posts a command that has no body, such as `/cancel`.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body))
            .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Creates an experiment that must be accepted, and gives back its id.
    #[track_caller]
    pub fn create(&self, body: &Value) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.post("/v1/experiments", body).await;
            assert_eq!(answer.status, 201, "{caller}: {}", answer.text);
            let experiment = answer.json();
            let id = experiment["id"].as_str().expect("an id is text").to_owned();
            assert_eq!(
                answer.header("location"),
                format!("/v1/experiments/{id}"),
                "{caller}"
            );
            id
        }
    }

    pub async fn experiment(&self, id: &str) -> Value {
        self.get(&format!("/v1/experiments/{id}")).await.expect(200)
    }

    pub async fn summary(&self, id: &str) -> Value {
        let path = format!("/v1/experiments/{id}/summary");
        self.get(&path).await.expect(200)
    }

    /// Waits until the experiment is as `condition` says.
    pub async fn wait_until(
        &self,
        id: &str,
        what: &str,
        deadline: Duration,
        condition: impl Fn(&Value) -> bool,
    ) -> Value {
        eventually(
            &format!("experiment {id} {what}"),
            deadline,
            async || match self.experiment(id).await {
                experiment if condition(&experiment) => Ok(experiment),
                experiment => Err(experiment.to_string()),
            },
        )
        .await
    }

    /// Waits until the experiment has ended, however it ends.
    pub async fn ended(&self, id: &str, deadline: Duration) -> Value {
        self.wait_until(id, "ends", deadline, |experiment| {
            FINAL.iter().any(|status| experiment["status"] == *status)
        })
        .await
    }

    /// Waits until the experiment has ended, which must be by completion.
    pub async fn completed(&self, id: &str, deadline: Duration) -> Value {
        let experiment = self.ended(id, deadline).await;
        assert_eq!(experiment["status"], "completed", "{experiment}");
        experiment
    }

    /// The results of all pages. `query` has no leading `?`.
    pub async fn results(&self, id: &str, query: &str) -> Vec<Value> {
        let (results, _) = self
            .pages(&format!("/v1/experiments/{id}/results?{query}"), "results")
            .await;
        results
    }

    /// The elements of all pages of a list, and how many pages there were. `path` has a query, if an empty one.
    pub async fn pages(&self, path: &str, key: &str) -> (Vec<Value>, usize) {
        let (mut elements, mut pages, mut token) = (Vec::new(), 0, None::<String>);
        loop {
            let request = self.request(Method::GET, path);
            let request = match &token {
                Some(token) => request.query(&[("page_token", token)]),
                None => request,
            };
            let page = self.send(request).await.expect(200);
            elements.extend(page[key].as_array().expect("a page has elements").clone());
            pages += 1;
            match page["next_page_token"].as_str() {
                Some(next) => token = Some(next.to_owned()),
                None => return (elements, pages),
            }
        }
    }
}
