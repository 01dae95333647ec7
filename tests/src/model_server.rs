//! A provider of models that speaks OpenAI's protocol, answers as the test says, and counts what it is asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod http;
mod seen;

use seen::Seen;

use crate::wait::eventually;

/// A running provider. Dropping it closes its port.
pub struct ModelServer {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

/// What a call asks.
#[derive(Clone, Debug)]
pub struct Call {
    pub model: String,
    /// The last user message.
    pub prompt: String,
    /// The whole request.
    pub body: Value,
    pub authorization: Option<String>,
    /// Which call for this prompt of this model it is, from 1.
    pub nth: u32,
    /// Calls in flight when it came, itself among them.
    pub in_flight: u32,
}

/// What a call is answered with.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A completion. Its usage counts words: those of the prompt and those of the text.
    Text(String),
    /// An HTTP error in OpenAI's form.
    Refuse(u16),
    /// The same with a message of the test's own.
    RefuseWith(u16, String),
    /// 429 with `Retry-After`, in seconds.
    SlowDown(u64),
    /// 200 with a body of the test's own, of that content type.
    Body(&'static str, String),
    /// The same, but the connection is closed before the body is said to end.
    CutShort(&'static str, String),
    /// 200 with a body that is no completion.
    Garbage,
    /// Nothing, for ever.
    Silence,
    /// A closed connection.
    HangUp,
    /// Another reply, after a while beyond the latency of the server.
    After(Duration, Box<Reply>),
}

type Behaviour = dyn Fn(&Call) -> Reply + Send + Sync;

struct State {
    behaviour: Box<Behaviour>,
    latency: Duration,
    seen: Mutex<Seen>,
}

impl ModelServer {
    /// Answers every call with the prompt itself, at once.
    pub async fn echo() -> Self {
        Self::start(Duration::ZERO, |call| Reply::Text(call.prompt.clone())).await
    }

    /// Answers every call as `behaviour` says, after `latency`.
    pub async fn start(
        latency: Duration,
        behaviour: impl Fn(&Call) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start_at(0, latency, behaviour).await
    }

    /// The same at a port, such as that of a provider that was dropped; 0 picks a free one.
    pub async fn start_at(
        port: u16,
        latency: Duration,
        behaviour: impl Fn(&Call) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("the port is free");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            behaviour: Box::new(behaviour),
            latency,
            seen: Mutex::default(),
        });
        let accepting = tokio::spawn(http::accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            accepting,
        }
    }

    /// The address that a provider table names.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Calls so far, repeated ones included.
    pub fn calls(&self) -> u64 {
        self.seen().total
    }

    /// Calls beyond the first for each prompt of each model.
    pub fn repeated(&self) -> u64 {
        self.seen().repeated()
    }

    /// Completions that were sent to the end, whether or not anybody took note.
    pub fn delivered(&self) -> u64 {
        self.seen().delivered
    }

    /// How often a prompt was asked, over all models.
    pub fn asked(&self, prompt: &str) -> u32 {
        self.seen().asked(prompt)
    }

    /// How often each prompt was asked of a model.
    pub fn asked_of(&self, model: &str) -> BTreeMap<String, u32> {
        self.seen().asked_of(model)
    }

    pub fn in_flight(&self) -> u32 {
        self.seen().in_flight
    }

    pub fn most_in_flight(&self) -> u32 {
        self.seen().most_in_flight
    }

    /// When each of the latest calls came, oldest first.
    pub fn times(&self) -> Vec<Instant> {
        self.seen().latest(|request| request.at)
    }

    /// The latest requests, in the order in which they came.
    pub fn bodies(&self) -> Vec<Value> {
        self.seen().latest(|request| request.body.clone())
    }

    /// The header `Authorization` of each of them.
    pub fn authorizations(&self) -> Vec<Option<String>> {
        self.seen().latest(|request| request.authorization.clone())
    }

    /// Waits until so many completions were sent to the end.
    pub async fn has_delivered(&self, count: u64, deadline: Duration) {
        let what = format!("{count} answers are delivered");
        eventually(&what, deadline, async || match self.delivered() {
            delivered if delivered >= count => Ok(()),
            delivered => Err(format!("{delivered} answers")),
        })
        .await;
    }

    /// Waits until no call is in flight, and none has come for a second.
    pub async fn left_alone(&self, deadline: Duration) {
        const QUIET: Duration = Duration::from_secs(1);
        eventually("the provider is left alone", deadline, async || {
            let (in_flight, quiet) = (self.in_flight(), self.seen().quiet_for());
            match in_flight == 0 && quiet.is_none_or(|quiet| quiet > QUIET) {
                true => Ok(()),
                false => Err(format!("{in_flight} in flight, quiet for {quiet:?}")),
            }
        })
        .await;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.state.seen()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl State {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no holder panics")
    }

    /// Takes note of a request, and decides what becomes of it.
    fn begin(&self, body: Value, authorization: Option<String>) -> (Call, Reply) {
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        let prompt = last_user_message(&body);
        let (nth, in_flight) =
            self.seen()
                .note(&model, &prompt, body.clone(), authorization.clone());
        let call = Call {
            model,
            prompt,
            body,
            authorization,
            nth,
            in_flight,
        };
        let reply = (self.behaviour)(&call);
        (call, reply)
    }

    fn end(&self, delivered: bool) {
        let mut seen = self.seen();
        seen.in_flight -= 1;
        seen.delivered += u64::from(delivered);
    }
}

fn last_user_message(body: &Value) -> String {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let last = messages
        .iter()
        .rev()
        .find(|message| message["role"] == "user");
    match last.map(|message| &message["content"]) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    }
}

/// Words of a text, which is what the provider counts as tokens.
pub fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

fn completion(call: &Call, text: &str) -> Value {
    let (prompt_tokens, completion_tokens) = (words(&call.prompt), words(text));
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": call.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    })
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn it_is_not_what_a_run_waits_for() {
        const CALLS: usize = 3000;
        let server = ModelServer::start(Duration::from_millis(50), |call| {
            Reply::Text(call.prompt.clone())
        })
        .await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let start = Instant::now();
        let calls = futures::stream::iter(0..CALLS).map(|index| {
            let body =
                json!({"model": "m", "messages": [{"role": "user", "content": index.to_string()}]});
            let url = format!("{}/chat/completions", server.base_url());
            let call = http.post(url).json(&body).send();
            async move { call.await.unwrap().json::<Value>().await.unwrap() }
        });
        let answers: Vec<Value> = calls.buffer_unordered(200).collect().await;
        assert_eq!(answers.len(), CALLS);
        assert_eq!(
            (server.calls(), server.delivered()),
            (CALLS as u64, CALLS as u64)
        );
        assert!(server.most_in_flight() <= 200);
        // 200 calls of 50 ms at once are 4,000 a second at best; client and server share a thread here.
        let rate = CALLS as f64 / start.elapsed().as_secs_f64();
        println!("{rate:.0} calls a second");
        assert!(rate > 500.0, "{rate:.0} calls a second");
    }
}
