//! A receiver of HTTP messages, such as a webhook's: it remembers them as they came and answers as it is told.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A message as it came in.
#[derive(Clone, Debug)]
pub struct Message {
    pub path: String,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// The body, when it is no text.
    pub bytes: Vec<u8>,
}

/// Lives until it is dropped.
pub struct Receiver {
    port: u16,
    messages: Arc<Mutex<Vec<Message>>>,
    task: JoinHandle<()>,
}

type Answer = Arc<dyn Fn(usize, &Message) -> (u16, String) + Send + Sync>;

impl Receiver {
    /// Answers the messages, numbered from 0 on, with a status and a body. A status of 301 to 308 leads back to itself.
    pub async fn start(
        answer: impl Fn(usize, &Message) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen): (Answer, _) = (Arc::new(answer), Arc::clone(&messages));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&answer)));
            }
        });
        Self {
            port,
            messages,
            task,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("nobody panics").clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    messages: Arc<Mutex<Vec<Message>>>,
    answer: Answer,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(message) = read(&mut stream).await? {
        let number = {
            let mut messages = messages.lock().expect("nobody panics");
            messages.push(message.clone());
            messages.len() - 1
        };
        let (status, body) = answer(number, &message);
        let head = format!(
            "HTTP/1.1 {status} -\r\nlocation: {}\r\ncontent-length: {}\r\n\r\n",
            message.path,
            body.len()
        );
        stream
            .get_mut()
            .write_all((head + &body).as_bytes())
            .await?;
    }
    Ok(())
}

/// The next message; none when the sender has closed.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Message>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or("0", String::as_str);
    let mut body = vec![0; length.parse().map_err(io::Error::other)?];
    stream.read_exact(&mut body).await?;
    Ok(Some(Message {
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body,
    }))
}
