//! A web server that hands out files, and says what was asked of it.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered to a request.
#[derive(Clone)]
pub enum Page {
    File(Vec<u8>),
    /// The file without word of its length, which ends with the connection.
    Unmeasured(Vec<u8>),
    /// Half of the file that was announced.
    Broken(Vec<u8>),
    Moved(String),
    Status(u16),
}

#[derive(Default)]
struct State {
    /// The answers to each path; the last stands.
    pages: HashMap<String, Vec<Page>>,
    asked: Vec<String>,
}

pub struct FileServer {
    port: u16,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl FileServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(Mutex::new(State::default()));
        let serving = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            port,
            state,
            serving,
        }
    }

    /// Answers requests of a path (from `/` on, with the query) one after another; the last answer stands.
    pub fn serve(&self, path: &str, pages: Vec<Page>) {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.pages.insert(path.to_owned(), pages);
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.state
            .lock()
            .expect("nobody panics with it")
            .asked
            .clone()
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&state)));
    }
}

/// Answers one request and closes the connection.
async fn answer(stream: TcpStream, state: Arc<Mutex<State>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let page = {
        let mut state = state.lock().expect("nobody panics with it");
        state.asked.push(path.clone());
        match state.pages.get_mut(&path) {
            Some(pages) if pages.len() > 1 => pages.remove(0),
            Some(pages) => pages[0].clone(),
            None => Page::Status(404),
        }
    };
    let (status, headers, body) = match page {
        Page::File(body) => (200, format!("content-length: {}\r\n", body.len()), body),
        Page::Unmeasured(body) => (200, String::new(), body),
        Page::Broken(body) => {
            let headers = format!("content-length: {}\r\n", body.len());
            (200, headers, body[..body.len() / 2].to_vec())
        }
        Page::Moved(to) => (302, format!("location: {to}\r\n"), Vec::new()),
        Page::Status(status) => (status, "content-length: 0\r\n".to_owned(), Vec::new()),
    };
    let head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\netag: \"1\"\r\n{headers}\r\n");
    stream.get_mut().write_all(head.as_bytes()).await?;
    stream.get_mut().write_all(&body).await?;
    stream.get_mut().shutdown().await
}
