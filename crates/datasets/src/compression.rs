//! Files that are compressed as a whole: read as a stream, and no further than the operator allows.

use std::io::{self, Read};

use bytesize::ByteSize;
use domain::uploaded::FileCompression;
use flate2::read::MultiGzDecoder;

/// How a file is compressed, as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    /// RFC 1952; one member or several.
    Gzip,
    /// RFC 8878; one frame or several, with a window of at most 128 MiB.
    Zstd,
}

impl From<Option<FileCompression>> for Compression {
    fn from(compression: Option<FileCompression>) -> Self {
        match compression {
            None => Self::None,
            Some(FileCompression::Gzip) => Self::Gzip,
            Some(FileCompression::Zstd) => Self::Zstd,
        }
    }
}

impl Compression {
    /// What the end of a file's name, or of a path, tells.
    pub fn of(name: &str) -> Self {
        match name.rsplit_once('.') {
            Some((_, ending)) if ending.eq_ignore_ascii_case("gz") => Self::Gzip,
            Some((_, ending)) if ending.eq_ignore_ascii_case("zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// The content of a file. What grows beyond `most` when it is decompressed cannot be read to its end.
pub(crate) fn content(
    file: impl Read + 'static,
    compression: Compression,
    most: ByteSize,
) -> io::Result<Box<dyn Read>> {
    let decompressed: Box<dyn Read> = match compression {
        Compression::None => return Ok(Box::new(file)),
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Zstd => Box::new(zstd::Decoder::new(file)?),
    };
    Ok(Box::new(Bounded {
        content: decompressed,
        left: most.as_u64(),
        most,
    }))
}

/// Fails where the content goes on beyond the bound.
struct Bounded<R> {
    content: R,
    left: u64,
    most: ByteSize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte more than may come tells that there is more.
        let wanted = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX);
        let wanted = wanted.min(buffer.len());
        let read = self.content.read(&mut buffer[..wanted])?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(too_large(self.most)),
        }
        Ok(read)
    }
}

fn too_large(most: ByteSize) -> io::Error {
    io::Error::other(format!(
        "decompressed it has more than {most}, the most that is read here"
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8], compression: Compression, most: u64) -> io::Result<Vec<u8>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        let mut read = Vec::new();
        content(file, compression, ByteSize(most))?.read_to_end(&mut read)?;
        Ok(read)
    }

    #[test]
    fn the_end_of_a_name_tells_the_compression() {
        for (name, compression) in [
            ("a/b.jsonl", Compression::None),
            ("a/b.jsonl.gz", Compression::Gzip),
            ("b.CSV.GZ", Compression::Gzip),
            ("b.csv.zst", Compression::Zstd),
            ("gz", Compression::None),
        ] {
            assert_eq!(Compression::of(name), compression, "{name}");
        }
    }

    #[test]
    fn files_of_several_parts_are_read_to_their_end() {
        let twice = |part: Vec<u8>| [part.clone(), part].concat();
        let gzip = twice(gzip(b"line\n"));
        let zstd = twice(zstd::encode_all(&b"line\n"[..], 3).unwrap());
        assert_eq!(read(b"line\n", Compression::None, 0).unwrap(), b"line\n");
        assert_eq!(read(&gzip, Compression::Gzip, 10).unwrap(), b"line\nline\n");
        assert_eq!(read(&zstd, Compression::Zstd, 10).unwrap(), b"line\nline\n");
    }

    #[test]
    fn what_grows_beyond_the_bound_and_what_is_broken_is_refused() {
        let zeros = vec![b' '; 1 << 20];
        let bomb = gzip(&zeros);
        assert!(bomb.len() < 2000);
        let error = read(&bomb, Compression::Gzip, 100_000).unwrap_err();
        assert_eq!(
            error.to_string(),
            "decompressed it has more than 97.7 KiB, the most that is read here"
        );
        let bomb = zstd::encode_all(&zeros[..], 3).unwrap();
        assert!(read(&bomb, Compression::Zstd, (1 << 20) - 1).is_err());
        assert_eq!(read(&bomb, Compression::Zstd, 1 << 20).unwrap(), zeros);
        assert!(read(&bomb[..bomb.len() / 2], Compression::Zstd, 1 << 20).is_err());
        assert!(read(b"plain", Compression::Gzip, 100).is_err());
    }
}
