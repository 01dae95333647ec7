//! Where in a file of recorded outputs each item's line begins. The outputs themselves stay in the file.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use domain::output::{CallError, CallErrorKind};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::adapters::recorded::line::{LONGEST_LINE, Line, parse, read_line};
use crate::sorted::{Entry, IdHasher, Sorter, Table};

/// The lines of one file that hold for one model. Its memory does not grow with the file.
pub(super) struct Index {
    file: PathBuf,
    /// The file as the user wrote it.
    path: String,
    hasher: IdHasher,
    /// Where the line of each id is.
    lines: Table,
}

/// What an entry says of a line beside its offset.
struct Place {
    number: u64,
    /// Whether the line names the model, rather than none.
    names_model: bool,
}

impl Place {
    /// As one number, in the order of the file.
    fn packed(&self) -> u64 {
        self.number << 1 | u64::from(self.names_model)
    }

    fn unpacked(packed: u64) -> Self {
        Self {
            number: packed >> 1,
            names_model: packed & 1 == 1,
        }
    }
}

/// A line with an id that an earlier one has.
struct Repeated {
    number: u64,
    first: u64,
    offset: u64,
}

impl Index {
    /// Reads the file once, from beginning to end.
    pub(super) fn build(file: PathBuf, path: String, model: &str) -> Result<Self, CallError> {
        let mut index = Self {
            file,
            path,
            hasher: IdHasher::default(),
            lines: Table::default(),
        };
        let mut lines = Sorter::default();
        let read = index.read(model, &mut lines);
        // An id that is repeated stands before the line at which reading ended, and so is told first.
        index.fill(lines)?;
        read.map(|()| index)
    }

    /// Takes in the lines of the file that hold for a model, up to the first that is bad.
    fn read(&self, model: &str, lines: &mut Sorter) -> Result<(), CallError> {
        let path = &self.path;
        let file = File::open(&self.file).map_err(|error| unreadable(path, &error))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let (mut bytes, mut offset) = (Vec::new(), 0);
        for number in 1.. {
            let fault = |message: String| refused(format!("line {number} of `{path}`: {message}"));
            read_line(&mut reader, &mut bytes).map_err(|error| unreadable(path, &error))?;
            if bytes.is_empty() {
                break;
            }
            let begin = offset;
            offset += bytes.len() as u64;
            if bytes.len() as u64 > LONGEST_LINE {
                return Err(fault(format!("a line has at most {LONGEST_LINE} bytes")));
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let line: Line<IgnoredAny> = parse(&bytes).map_err(fault)?;
            if line.model.as_ref().is_some_and(|named| named != model) {
                continue;
            }
            let place = Place {
                number,
                names_model: line.model.is_some(),
            };
            let entry = Entry {
                hash: self.hasher.hash((line.id.as_str(), line.sample)),
                line: place.packed(),
                offset: begin,
            };
            lines.push(entry).map_err(|error| no_disk(&error))?;
        }
        Ok(())
    }

    /// Keeps the line that holds for each id: one that names the model, else one that names none.
    fn fill(&mut self, lines: Sorter) -> Result<(), CallError> {
        let mut repeated: Option<Repeated> = None;
        let mut kept: Option<Entry> = None;
        for entry in lines.finish().map_err(|error| no_disk(&error))? {
            let entry = entry.map_err(|error| no_disk(&error))?;
            let Some(first) = kept.filter(|kept| kept.hash == entry.hash) else {
                self.keep(kept.replace(entry))?;
                continue;
            };
            let (place, other) = (Place::unpacked(entry.line), Place::unpacked(first.line));
            if place.names_model == other.names_model {
                let earlier = repeated
                    .as_ref()
                    .is_none_or(|known| place.number < known.number);
                if earlier {
                    repeated = Some(Repeated {
                        number: place.number,
                        first: other.number,
                        offset: entry.offset,
                    });
                }
            } else if place.names_model {
                kept = Some(entry);
            }
        }
        self.keep(kept)?;
        repeated.map_or(Ok(()), |repeated| Err(self.refusal(&repeated)))
    }

    fn keep(&mut self, entry: Option<Entry>) -> Result<(), CallError> {
        match entry {
            Some(entry) => self.lines.push(entry).map_err(|error| no_disk(&error)),
            None => Ok(()),
        }
    }

    fn refusal(&self, repeated: &Repeated) -> CallError {
        let path = &self.path;
        let Repeated {
            number,
            first,
            offset,
        } = repeated;
        match self.line_at::<IgnoredAny>(*offset) {
            Ok(Some(line)) => refused(format!(
                "line {number} of `{path}`: {} is recorded in line {first} too",
                named("the id", &line.id, line.sample)
            )),
            Ok(None) => self.changed(),
            Err(error) => unreadable(path, &error),
        }
    }

    /// The line of a sample of an item. Blocks while it reads.
    pub(super) fn line(&self, id: &str, sample: u32) -> Result<Line, CallError> {
        let path = &self.path;
        let found = self.lines.find(self.hasher.hash((id, sample)));
        let entry = found.map_err(|error| no_disk(&error))?.ok_or_else(|| {
            CallError::new(
                CallErrorKind::Item,
                format!(
                    "nothing is recorded for {} in `{path}`",
                    named("item", id, sample)
                ),
            )
        })?;
        self.line_at(entry.offset)
            .map_err(|error| unreadable(path, &error))?
            .filter(|line: &Line| line.id == id && line.sample == sample)
            .ok_or_else(|| self.changed())
    }

    /// The line that begins at an offset of the file; none when it cannot be understood any more.
    fn line_at<Output: DeserializeOwned>(&self, offset: u64) -> io::Result<Option<Line<Output>>> {
        let mut file = File::open(&self.file)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        read_line(&mut BufReader::new(file), &mut bytes)?;
        Ok(parse(&bytes).ok())
    }

    fn changed(&self) -> CallError {
        refused(format!("`{}` has changed while it was read", self.path))
    }
}

/// An item by its id, and all samples but the first by their number.
fn named(what: &str, id: &str, sample: u32) -> String {
    match sample {
        0 => format!("{what} `{id}`"),
        sample => format!("sample {sample} of {what} `{id}`"),
    }
}

pub(super) fn unreadable(path: &str, error: &io::Error) -> CallError {
    refused(format!("`{path}` cannot be read: {}", error.kind()))
}

/// The file is not to blame: a worker with room on its disk may succeed.
fn no_disk(error: &io::Error) -> CallError {
    CallError::new(
        CallErrorKind::Connection,
        format!("the worker's temporary files fail: {}", error.kind()),
    )
}

pub(super) fn refused(message: String) -> CallError {
    CallError::new(CallErrorKind::Refused, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Hands the index of a file to `look`.
    fn with_index<T>(content: &str, look: impl FnOnce(Result<Index, CallError>) -> T) -> T {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        look(Index::build(
            file.path().to_owned(),
            "o.jsonl".to_owned(),
            "m",
        ))
    }

    fn line(id: u32) -> String {
        format!("{{\"id\": {id}, \"output\": \"of {id}\"}}\n")
    }

    #[test]
    fn of_several_faults_the_first_in_the_file_is_told() {
        let message = |content: &str| with_index(content, |index| index.err().unwrap().message);
        let lines: String = [1, 2, 3, 3, 1, 2].map(line).concat();
        for bad in ["", "[]"] {
            assert_eq!(
                message(&format!("{lines}{bad}")),
                "line 4 of `o.jsonl`: the id `3` is recorded in line 3 too"
            );
        }
        let bad_before = message(&format!("\n[]\n{lines}"));
        assert!(
            bad_before.starts_with("line 2 of `o.jsonl`: "),
            "{bad_before}"
        );
    }

    #[test]
    fn a_line_that_names_the_model_goes_before_one_that_names_none() {
        let named = json!({"id": "1", "model": "m", "output": "named"}).to_string();
        for content in [
            format!("{named}\n{}", line(1)),
            format!("{}{named}", line(1)),
        ] {
            let found = with_index(&content, |index| index.unwrap().line("1", 0).unwrap());
            assert_eq!(found.output, Some(json!("named")));
        }
    }

    #[test]
    fn each_sample_has_its_own_line() {
        let sample =
            |sample: u32| json!({"id": "1", "sample": sample, "output": sample}).to_string();
        let lines = format!("{}{}\n{}\n", line(1), sample(1), sample(2));
        with_index(&lines, |index| {
            let index = index.unwrap();
            assert_eq!(index.line("1", 0).unwrap().output, Some(json!("of 1")));
            assert_eq!(index.line("1", 2).unwrap().output, Some(json!(2)));
            let error = index.line("1", 3).unwrap_err();
            assert_eq!(
                error.message,
                "nothing is recorded for sample 3 of item `1` in `o.jsonl`"
            );
        });
        let twice = format!("{lines}{}", sample(2));
        let error = with_index(&twice, |index| index.err().unwrap());
        assert_eq!(
            error.message,
            "line 4 of `o.jsonl`: sample 2 of the id `1` is recorded in line 3 too"
        );
    }

    #[test]
    fn each_of_many_lines_is_found() {
        let content: String = (0..50_000).map(line).collect();
        with_index(&content, |index| {
            let index = index.unwrap();
            for id in [0, 7, 31_999, 49_999] {
                let found = index.line(&id.to_string(), 0).unwrap();
                assert_eq!(found.output, Some(json!(format!("of {id}"))));
            }
            let error = index.line("50000", 0).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Item);
        });
    }
}
