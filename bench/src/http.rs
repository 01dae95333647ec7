//! A client of HTTP/1.1 that costs next to nothing: one kept-alive connection, one request at a time.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No answer that is measured takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to one server.
pub(crate) struct Connection {
    stream: TcpStream,
    host: SocketAddr,
    buffer: Vec<u8>,
}

/// An answer; its body is valid until the next request.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// The body of an answer that must have the given status.
    pub(crate) fn expect(&self, status: u16) -> anyhow::Result<&[u8]> {
        if self.status != status {
            let text = String::from_utf8_lossy(self.body);
            bail!("{} instead of {status}: {text}", self.status);
        }
        Ok(self.body)
    }
}

impl Connection {
    pub(crate) async fn open(host: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(host)
            .await
            .with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host,
            buffer: Vec::with_capacity(4096),
        })
    }

    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<Answer<'_>> {
        self.ask("GET", path, "").await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> anyhow::Result<Answer<'_>> {
        self.ask("POST", path, body).await
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<Answer<'_>> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let exchange = async {
            self.stream.write_all(request.as_bytes()).await?;
            read(&mut self.stream, &mut self.buffer).await
        };
        let (status, start) = tokio::time::timeout(PATIENCE, exchange)
            .await
            .with_context(|| format!("{method} {path} takes more than {PATIENCE:?}"))?
            .with_context(|| format!("{method} {path}"))?;
        Ok(Answer {
            status,
            body: &self.buffer[start..],
        })
    }
}

/// Reads one answer into the buffer; gives its status and where its body begins.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<(u16, usize)> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the connection was closed");
        }
        let Some(head) = end_of_head(buffer) else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head])?;
        let status = text
            .get(9..12)
            .and_then(|status| status.parse().ok())
            .with_context(|| format!("no status line: {text}"))?;
        let length = header(text, "content-length")
            .with_context(|| format!("an answer without a length: {text}"))?
            .parse::<usize>()?;
        while buffer.len() < head + length {
            if stream.read_buf(buffer).await? == 0 {
                bail!("the connection was closed within an answer");
            }
        }
        return Ok((status, head));
    }
}

/// Where the body begins, once the head is complete.
pub(crate) fn end_of_head(buffer: &[u8]) -> Option<usize> {
    buffer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|position| position + 4)
}

/// The value of a header, its name in small letters.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line() {
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\n\r\nbody"), Some(18));
        assert_eq!(end_of_head(b"GET / HTTP/1.1\r\n"), None);
    }

    #[test]
    fn headers_are_found_however_they_are_written() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
        assert_eq!(header(head, "content-length"), Some("12"));
        assert_eq!(header(head, "date"), None);
    }
}
