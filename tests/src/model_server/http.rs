//! As much HTTP/1.1 as a client of a model needs: requests with a length, kept-alive connections.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Reply, State, completion};

struct Request {
    body: Value,
    authorization: Option<String>,
}

struct Response {
    status: u16,
    content_type: &'static str,
    /// Bytes that are said to come beyond the body, and do not.
    missing: usize,
    retry_after: Option<u64>,
    body: String,
}

/// Serves connections until it is dropped, and the connections with it.
pub(super) async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&state)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers the requests of one connection, one after another.
async fn serve(stream: TcpStream, state: Arc<State>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let (call, mut reply) = state.begin(request.body, request.authorization);
        tokio::time::sleep(state.latency).await;
        while let Reply::After(wait, then) = reply {
            tokio::time::sleep(wait).await;
            reply = *then;
        }
        let response = match reply {
            Reply::Text(text) => Response::ok(completion(&call, &text).to_string()),
            Reply::Body(content_type, body) => Response {
                content_type,
                ..Response::ok(body)
            },
            Reply::CutShort(content_type, body) => Response {
                content_type,
                missing: 99,
                ..Response::ok(body)
            },
            Reply::Garbage => Response::ok("<html>not a completion</html>".to_owned()),
            Reply::Refuse(status) => {
                Response::error(status, &format!("the provider answers {status}"))
            }
            Reply::RefuseWith(status, message) => Response::error(status, &message),
            Reply::SlowDown(seconds) => Response {
                retry_after: Some(seconds),
                ..Response::error(429, "too many requests")
            },
            // A chain of waits ends in something else, above.
            Reply::After(..) | Reply::HangUp => {
                state.end(false);
                return Ok(());
            }
            Reply::Silence => {
                // Until the client gives up.
                let _ = stream.read_u8().await;
                state.end(false);
                return Ok(());
            }
        };
        let cut_short = response.missing > 0;
        let completed = response.status == 200 && !cut_short;
        let written = write(&mut stream, response).await;
        state.end(completed && written.is_ok());
        written?;
        if cut_short {
            return Ok(());
        }
    }
    Ok(())
}

/// The next request; none when the client has closed.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let (mut length, mut authorization) = (0, None);
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "authorization" => authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Request {
        body: serde_json::from_slice(&body).unwrap_or_default(),
        authorization,
    }))
}

async fn write(stream: &mut BufReader<TcpStream>, response: Response) -> io::Result<()> {
    let Response {
        status,
        content_type,
        missing,
        retry_after,
        body,
    } = response;
    let retry_after = match retry_after {
        Some(seconds) => format!("retry-after: {seconds}\r\n"),
        None => String::new(),
    };
    let text = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: {content_type}\r\n{retry_after}content-length: {}\r\n\r\n{body}",
        body.len() + missing
    );
    stream.get_mut().write_all(text.as_bytes()).await
}

impl Response {
    fn ok(body: String) -> Self {
        Self {
            status: 200,
            content_type: "application/json",
            missing: 0,
            retry_after: None,
            body,
        }
    }

    fn error(status: u16, message: &str) -> Self {
        let error = json!({"error": {
            "message": message,
            "type": "test",
            "code": status.to_string(),
        }});
        Self {
            status,
            ..Self::ok(error.to_string())
        }
    }
}
