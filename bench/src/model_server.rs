//! The model that all contestants ask: OpenAI's chat completions over HTTP/1.1, a fixed latency, the prompt as answer.
//!
//! It runs in a process of its own, on one thread, so that no lock is waited for. `GET /stats` tells what it has seen,
//! `POST /reset` forgets it, `POST /mark` makes it note the next call.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until};

use crate::http::{end_of_head, header};

mod chat;
mod seen;

use seen::Seen;
pub(crate) use seen::{Stats, now};

/// By how much an answer is late on average, as a caller on an idle machine sees it (the page has the figure that comes of
/// it): half for tokio's timer, which rounds up to its next tick of a millisecond, and half for the ways there and back.
const LATENESS: Duration = Duration::from_micros(1000);

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Config {
    /// Address to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// How long after a call its answer is sent.
    #[arg(long, default_value = "50ms", value_parser = humantime::parse_duration)]
    latency: Duration,
}

/// Serves until it is killed.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(config.listen).await?;
        let seen = Rc::new(RefCell::new(Seen::default()));
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::task::spawn_local(serve(stream, Rc::clone(&seen), config.latency));
        }
    })
}

/// Answers the requests of one connection, one after another. A client that goes away ends it.
async fn serve(mut stream: TcpStream, seen: Rc<RefCell<Seen>>, latency: Duration) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(4096);
    while let Ok(Some((head, length))) = read(&mut stream, &mut buffer).await {
        let (head_bytes, body) = buffer[..head + length].split_at(head);
        let Some(answer) = answer(&stream, head_bytes, body, &seen, latency).await else {
            return;
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        buffer.drain(..head + length);
    }
}

/// Waits for the next request; gives the lengths of its head and its body, or none when the client has closed.
async fn read(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> anyhow::Result<Option<(usize, usize)>> {
    loop {
        if let Some(head) = end_of_head(buffer) {
            let text = std::str::from_utf8(&buffer[..head])?;
            let length = header(text, "content-length").map_or(Ok(0), str::parse::<usize>)?;
            if buffer.len() >= head + length {
                return Ok(Some((head, length)));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// None when the client has gone before it could be answered.
async fn answer(
    stream: &TcpStream,
    head: &[u8],
    body: &[u8],
    seen: &RefCell<Seen>,
    latency: Duration,
) -> Option<String> {
    if head.starts_with(b"GET /stats") {
        return Some(json(200, &seen.borrow().stats()));
    }
    if head.starts_with(b"POST /reset") {
        return Some(json(200, &seen.replace(Seen::default()).stats()));
    }
    if head.starts_with(b"POST /mark") {
        seen.borrow_mut().mark();
        return Some(json(200, &seen.borrow().stats()));
    }
    let due = Instant::now() + latency.saturating_sub(LATENESS);
    let Some(prompt) = chat::prompt(body) else {
        return Some(response(
            400,
            r#"{"error":{"message":"not a chat completion","type":"invalid"}}"#,
        ));
    };
    seen.borrow_mut().begin(&prompt);
    if !latency.is_zero() {
        sleep_until(due).await;
    }
    if has_gone(stream) {
        seen.borrow_mut().give_up();
        return None;
    }
    seen.borrow_mut().end(&prompt);
    Some(response(200, &chat::completion(&prompt)))
}

/// Whether the client has closed the connection, as the system does for one that is killed.
fn has_gone(stream: &TcpStream) -> bool {
    match stream.peek(&mut [0]).now_or_never() {
        Some(Ok(read)) => read == 0,
        Some(Err(_)) => true,
        None => false,
    }
}

fn json(status: u16, stats: &Stats) -> String {
    let body = serde_json::to_string(stats).expect("numbers are JSON");
    response(status, &body)
}

fn response(status: u16, body: &str) -> String {
    let reason = if status == 200 { "OK" } else { "Bad Request" };
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
