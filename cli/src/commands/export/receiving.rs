//! A file that is coming in: what of it is written, and whether it is whole.

use std::io::Write;

use anyhow::{Context as _, ensure};
use api_types::results::ResultsEnd;
use reqwest::header::HeaderMap;
use sha2::{Digest, Sha256};

/// A file that is written while it comes in. JSON lines have a last line that is about the others: it is checked, not
/// written.
pub(super) struct Receiving<W> {
    target: W,
    has_last_line: bool,
    /// What may be the last line.
    held: Vec<u8>,
    lines: u64,
    digest: Sha256,
}

/// A file that is whole.
#[derive(Debug, PartialEq)]
pub(super) struct Whole {
    /// Unknown when something on the way has dropped the trailers.
    pub(super) count: Option<u64>,
    /// Of the file as it is written.
    pub(super) digest: String,
}

impl<W: Write> Receiving<W> {
    pub(super) fn new(target: W, has_last_line: bool) -> Self {
        Self {
            target,
            has_last_line,
            held: Vec::new(),
            lines: 0,
            digest: Sha256::new(),
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        if !self.has_last_line {
            return self.write(bytes);
        }
        self.held.extend_from_slice(bytes);
        let last_but_its_end = self.held.len().saturating_sub(1);
        let Some(end) = self.held[..last_but_its_end]
            .iter()
            .rposition(|byte| *byte == b'\n')
        else {
            return Ok(());
        };
        let held = self.held.split_off(end + 1);
        let lines = std::mem::replace(&mut self.held, held);
        self.lines += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.write(&lines)
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.digest.update(bytes);
        self.target
            .write_all(bytes)
            .context("the results cannot be written")
    }

    /// Checks that all came in, by the last line or the trailers.
    pub(super) fn finish(mut self, trailers: Option<&HeaderMap>) -> anyhow::Result<(W, Whole)> {
        self.target
            .flush()
            .context("the results cannot be written")?;
        let digest = format!("sha256:{}", hex::encode(self.digest.finalize()));
        let (count, announced) = match self.has_last_line {
            true => {
                let end: ResultsEnd = serde_json::from_slice(&self.held)
                    .context("the results broke off: the last line is missing")?;
                ensure!(
                    end.count == self.lines,
                    "{} results came in, not {}",
                    self.lines,
                    end.count
                );
                (Some(end.count), Some(end.digest))
            }
            false => {
                let told = |name| trailers?.get(name)?.to_str().ok();
                let count = told("x-results-count").and_then(|count| count.parse().ok());
                (count, told("x-results-digest").map(str::to_owned))
            }
        };
        ensure!(
            announced.is_none_or(|announced| announced == digest),
            "the results came in changed: their digest is {digest}"
        );
        Ok((self.target, Whole { count, digest }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(count: u64, lines: &[u8]) -> Vec<u8> {
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(lines)));
        let end = ResultsEnd {
            complete: true,
            count,
            digest,
            ended: true,
        };
        serde_json::to_vec(&end).unwrap()
    }

    fn receive(bytes: &[u8], size: usize) -> anyhow::Result<(Vec<u8>, Whole)> {
        let mut receiving = Receiving::new(Vec::new(), true);
        for part in bytes.chunks(size) {
            receiving.add(part)?;
        }
        receiving.finish(None)
    }

    #[test]
    fn the_last_line_is_checked_and_left_out_however_the_bytes_come() {
        for lines in [&b""[..], b"{\"a\":1}\n", b"{\"a\":1}\n{\"b\":2}\n"] {
            let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            let mut bytes = [lines, &end(count, lines)].concat();
            bytes.push(b'\n');
            for size in [1, 3, 7, 1000] {
                let (written, whole) = receive(&bytes, size).unwrap();
                assert_eq!(written, lines);
                assert_eq!(whole.count, Some(count));
            }
        }
    }

    #[test]
    fn what_is_not_whole_is_an_error() {
        let line = &b"{\"a\":1}\n"[..];
        for bytes in [
            line.to_vec(),
            Vec::new(),
            [line, line, &end(1, line)].concat(),
            [line, &end(2, line)].concat(),
            [b"{\"a\":2}\n", &end(1, line)[..]].concat(),
        ] {
            assert!(receive(&bytes, 1000).is_err());
        }
    }

    #[test]
    fn other_files_are_checked_by_their_trailers_if_these_came_through() {
        let receive = |trailers: Option<&HeaderMap>| {
            let mut receiving = Receiving::new(Vec::new(), false);
            receiving.add(b"a,b\n").unwrap();
            receiving.finish(trailers).map(|(_, whole)| whole)
        };
        let whole = receive(None).unwrap();
        assert_eq!(whole.count, None);
        let mut trailers = HeaderMap::new();
        trailers.insert("x-results-count", "0".parse().unwrap());
        trailers.insert("x-results-digest", whole.digest.parse().unwrap());
        assert_eq!(receive(Some(&trailers)).unwrap().count, Some(0));
        trailers.insert("x-results-digest", "sha256:00".parse().unwrap());
        assert!(receive(Some(&trailers)).is_err());
    }
}
