//! A place for bytes that are too many for memory: appended once, read from anywhere, gone with the process.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// As many bytes stay in memory: what is small never touches the disk.
const KEPT_IN_MEMORY: usize = 1 << 20;

/// Bytes in the order in which they were appended: the last in memory, those before in a file without a name in the
/// folder for temporary files. The file is gone when the spool is, even when the process is killed.
#[derive(Default)]
pub(crate) struct Spool {
    file: Option<File>,
    on_disk: u64,
    /// What comes after the file.
    rest: Vec<u8>,
}

impl Spool {
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.rest.extend_from_slice(bytes);
        if self.rest.len() <= KEPT_IN_MEMORY {
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        file.write_all_at(&self.rest, self.on_disk)?;
        self.file = Some(file);
        self.on_disk += self.rest.len() as u64;
        self.rest.clear();
        Ok(())
    }

    pub(crate) fn len(&self) -> u64 {
        self.on_disk + self.rest.len() as u64
    }

    /// Reads some bytes at a position; none at the end.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        if position >= self.on_disk {
            let start = usize::try_from(position - self.on_disk).unwrap_or(usize::MAX);
            return self.rest.get(start..).unwrap_or_default().read(buffer);
        }
        let Some(file) = &self.file else {
            return Ok(0);
        };
        // What a write that failed has left behind the end is not read.
        let wanted = usize::try_from(self.on_disk - position).unwrap_or(usize::MAX);
        let wanted = wanted.min(buffer.len());
        file.read_at(&mut buffer[..wanted], position)
    }

    /// Fills the whole buffer from a position.
    pub(crate) fn read_exact_at(&self, mut buffer: &mut [u8], mut position: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, position)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    buffer = &mut buffer[read..];
                    position += read as u64;
                }
            }
        }
        Ok(())
    }
}

/// Reads a spool from a position to its end.
pub(crate) struct SpoolReader {
    spool: Arc<Spool>,
    position: u64,
}

impl SpoolReader {
    pub(crate) fn new(spool: Arc<Spool>, position: u64) -> Self {
        Self { spool, position }
    }
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.spool.read_at(buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(spool: &Arc<Spool>, position: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        SpoolReader::new(Arc::clone(spool), position)
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    }

    #[test]
    fn what_is_appended_is_read_from_any_position_in_memory_and_on_disk() {
        for pieces in [0, 3, 5000] {
            let mut spool = Spool::default();
            let mut all = Vec::new();
            for piece in 0..pieces {
                let piece = format!("{piece:>999}").into_bytes();
                spool.append(&piece).unwrap();
                all.extend(piece);
            }
            assert_eq!(spool.len(), all.len() as u64);
            assert_eq!(spool.file.is_some(), pieces > 3);
            let spool = Arc::new(spool);
            let near_the_end = all.len().saturating_sub(700_000);
            for position in [0, all.len() / 2, near_the_end, all.len()] {
                assert!(read_from(&spool, position as u64) == all[position..]);
            }
            assert!(read_from(&spool, all.len() as u64 + 9).is_empty());
        }
    }
}
