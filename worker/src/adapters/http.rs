//! Services that answer a request with JSON.

#[cfg(test)]
mod tests;

use domain::config::{HttpAdapter, HttpMethod, HttpRequest};
use domain::item::DatasetItem;
use domain::output::{Answer, CallError};
use evaluation::RenderError;
use evaluation::events::is_something;
use evaluation::places::Place;
use evaluation::requests::{Request, Response};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::called::{Question, faulty};
use super::exchange::Exchange;
use super::wording::Wording;
use crate::providers::Provider;

/// One service.
pub(super) struct Http {
    requests: Requests,
    response: Response,
}

impl Http {
    pub(super) fn open(
        config: &HttpAdapter,
        provider: &Provider,
        model: &str,
        client: &Client,
        wording: Wording,
    ) -> Result<Self, CallError> {
        Ok(Self {
            requests: Requests::open(
                &config.request,
                provider,
                model,
                client,
                "application/json",
                wording,
            )?,
            response: Response::compile(&config.response).map_err(|faults| faulty(&faults))?,
        })
    }

    /// All that equal calls have in common but the question; the paths are in it, for with others the answer is another.
    pub(super) fn common(config: &HttpAdapter, provider: &Provider, model: &str) -> Value {
        json!({
            "type": "http",
            "provider": config.provider,
            "base_url": provider.base_url().as_str(),
            "model": model,
            "request": config.request,
            "response": config.response,
        })
    }

    pub(super) fn question(&self, item: &DatasetItem) -> Result<Question, RenderError> {
        self.requests.question(item)
    }

    pub(super) async fn ask(&self, question: Question) -> Result<Answer, CallError> {
        let exchange = &self.requests.exchange;
        let response = self.requests.send(question).await?;
        let body = exchange.json(response).await?;
        let wording = &exchange.wording;
        let find = |place: &Place| {
            let found = place.find(&body);
            found.map_err(|reason| wording.bad_answer(format!("answered with {reason}")))
        };
        let text = |place: &Option<Place>| match place.as_ref().map(find).transpose()?.flatten() {
            Some(Value::String(text)) => Ok(Some(text)),
            _ => Ok::<_, CallError>(None),
        };
        if let Some(place) = &self.response.error
            && let Some(error) = find(place)?.filter(is_something)
        {
            let error = error
                .as_str()
                .map_or_else(|| error.to_string(), ToOwned::to_owned);
            return Err(wording.bad_answer(format!("reports a failure: {error}")));
        }
        let place = &self.response.answer;
        let Some(value) = find(place)?.filter(|value| !value.is_null()) else {
            return Err(wording.bad_answer(format!("answered nothing at `{}`", place.text())));
        };
        Ok(Answer {
            usage: self.response.usage.find(&body),
            finish_reason: text(&self.response.finish_reason)?,
            model: text(&self.response.model)?,
            ..Answer::of(value)
        })
    }
}

/// The requests of a service, be it answered in one piece or in events.
pub(super) struct Requests {
    pub(super) exchange: Exchange,
    request: Request,
    /// The model's name in the experiment.
    model: String,
}

impl Requests {
    pub(super) fn open(
        config: &HttpRequest,
        provider: &Provider,
        model: &str,
        client: &Client,
        accept: &'static str,
        wording: Wording,
    ) -> Result<Self, CallError> {
        let method = match config.method {
            HttpMethod::Post => Method::POST,
            HttpMethod::Get => Method::GET,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Patch => Method::PATCH,
        };
        let path = &config.path;
        let headers = &config.headers;
        Ok(Self {
            exchange: Exchange::new(client, method, provider, path, headers, accept, wording)?,
            request: Request::compile(config).map_err(|faults| faulty(&faults))?,
            model: model.to_owned(),
        })
    }

    pub(super) fn question(&self, item: &DatasetItem) -> Result<Question, RenderError> {
        let asked = self.request.render(item, &self.model)?;
        let mut question = Question::from_iter([("query".to_owned(), json!(asked.query))]);
        if let Some(body) = asked.body {
            question.insert("body".to_owned(), body);
        }
        Ok(question)
    }

    pub(super) async fn send(
        &self,
        mut question: Question,
    ) -> Result<reqwest::Response, CallError> {
        let query: Vec<(String, String)> = match question.remove("query") {
            Some(Value::Object(query)) => query
                .into_iter()
                .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        self.exchange.send(&query, question.get("body")).await
    }
}
