//! An index of cases: a CSV file whose rows name the files that hold the texts of a case.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{Reader, StringRecord};
use datasets::csv::{for_each_record, header};
use datasets::items::{has_good_id, tag_list};
use datasets::{Content, LONGEST_ROW, RowFault};
use domain::config::{IndexCsvDataset, IndexFilters};
use domain::item::DatasetItem;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::load::{Row, Stop, Take};
use crate::paths::{PathError, confined};

/// Columns that an index has; `old_yaml_file` and `tags` it may have.
const REQUIRED: [&str; 5] = [
    "test_id",
    "entity_type",
    "operation_type",
    "prompt_file",
    "expected_yaml_file",
];

/// An index that is open, and where the files that it names are.
pub(crate) struct Index {
    pub(crate) content: Content<File>,
    pub(crate) root: PathBuf,
    pub(crate) config: IndexCsvDataset,
}

impl Index {
    /// Hands every row that passes the filters on, with its line.
    pub(crate) fn for_each(self, take: &mut Take<'_>) -> Result<(), Stop> {
        let mut reader = Reader::from_reader(self.content.read()?);
        let header = header(&mut reader)?;
        let has = |column: &str| header.iter().any(|name| name == column);
        let missing: Vec<&str> = REQUIRED.into_iter().filter(|name| !has(name)).collect();
        if !missing.is_empty() {
            let message = format!("its header has no `{}`", missing.join("`, `"));
            return Err(Failure::Dataset(message).into());
        }
        let files = Files {
            root: self.root,
            folder: Path::new(&self.config.path)
                .parent()
                .unwrap_or(Path::new(""))
                .to_owned(),
            actual_suffix: self.config.actual_suffix,
        };
        let filters = self.config.filters.unwrap_or_default();
        for_each_record(&mut reader, &mut |line, record| match record {
            Ok(record) => {
                let case = Case {
                    header: &header,
                    record: &record,
                };
                match case.passes(&filters) {
                    true => take(line, case.item(&files, line)),
                    false => Ok(()),
                }
            }
            Err(fault) => take(line, Err(fault)),
        })
    }
}

/// A row of the index.
struct Case<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
}

impl Case<'_> {
    /// What a column has; nothing is as good as no column.
    fn get(&self, column: &str) -> Option<&str> {
        let place = self.header.iter().position(|name| name == column)?;
        self.record.get(place).filter(|value| !value.is_empty())
    }

    fn passes(&self, filters: &IndexFilters) -> bool {
        [
            ("entity_type", &filters.entity_type),
            ("operation_type", &filters.operation_type),
            ("test_id", &filters.test_id),
        ]
        .into_iter()
        .all(|(column, wanted)| wanted.is_none() || self.get(column) == wanted.as_deref())
    }

    fn item(&self, files: &Files, line: u64) -> Row {
        self.read(files)
            .map_err(|message| RowFault::new(line, message))
            .and_then(|mut item| {
                let tags = self.get("tags").unwrap_or_default();
                item.tags = tag_list(tags.into(), line)?;
                match has_good_id(&item) {
                    true => Ok(item),
                    false => Err(RowFault::new(line, "its `test_id` is empty or too long")),
                }
            })
    }

    fn read(&self, files: &Files) -> Result<DatasetItem, String> {
        let named = |column: &str| {
            self.get(column)
                .ok_or_else(|| format!("it has no `{column}`"))
        };
        let expected = named("expected_yaml_file")?;
        let mut input = Map::new();
        input.insert("prompt".into(), files.text(named("prompt_file")?)?.into());
        for column in ["entity_type", "operation_type"] {
            input.insert(column.into(), named(column)?.into());
        }
        if let Some(old) = self.get("old_yaml_file") {
            input.insert("old_yaml".into(), files.text(old)?.into());
        }
        if let Some(context) = files.schema_context(expected)? {
            input.insert("schema_context".into(), context);
        }
        let kept = self
            .header
            .iter()
            .filter(|name| !["test_id", "tags"].contains(name));
        let metadata = kept.filter_map(|name| Some((name.to_owned(), self.get(name)?.into())));
        Ok(DatasetItem {
            id: self.get("test_id").unwrap_or_default().to_owned(),
            input,
            expected: Some(files.text(expected)?.into()),
            output: files.actual(expected)?.map(Value::String),
            tags: Vec::new(),
            metadata: metadata.collect(),
        })
    }
}

/// The files beside an index.
struct Files {
    /// The folder that nothing is read outside of.
    root: PathBuf,
    /// The folder of the index, in it.
    folder: PathBuf,
    actual_suffix: Option<String>,
}

impl Files {
    fn text(&self, file: &str) -> Result<String, String> {
        self.find(file)
            .map_err(|error| error.to_string())
            .and_then(|path| read(&path, file))
    }

    /// A file that need not be there.
    fn text_if_there(&self, file: &str) -> Result<Option<String>, String> {
        match self.find(file) {
            Ok(path) => read(&path, file).map(Some),
            Err(PathError::Missing(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn find(&self, file: &str) -> Result<PathBuf, PathError> {
        let outside = || PathError::Outside(file.to_owned());
        if Path::new(file).is_absolute() {
            return Err(outside());
        }
        let path = self.folder.join(file);
        confined(&self.root, path.to_str().ok_or_else(outside)?)
    }

    /// What the file `a_schema_context.json` says of `a_expected.yaml`.
    fn schema_context(&self, expected: &str) -> Result<Option<Value>, String> {
        let file = sibling(expected, "schema_context", Some("json"));
        let Some(text) = self.text_if_there(&file)? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| format!("`{file}` is not JSON: {error}"))
    }

    fn actual(&self, expected: &str) -> Result<Option<String>, String> {
        match &self.actual_suffix {
            Some(suffix) => self.text_if_there(&sibling(expected, suffix, None)),
            None => Ok(None),
        }
    }
}

/// The name of the file beside `a_expected.yaml`, or `a.yaml`, that has `suffix` in the place of `expected`.
fn sibling(expected: &str, suffix: &str, ending: Option<&str>) -> String {
    let path = Path::new(expected);
    let part = |part: Option<&std::ffi::OsStr>| {
        part.and_then(|part| part.to_str())
            .unwrap_or_default()
            .to_owned()
    };
    let (stem, own_ending) = (part(path.file_stem()), part(path.extension()));
    let stem = stem.strip_suffix("_expected").unwrap_or(&stem);
    let ending = ending.unwrap_or(&own_ending);
    let name = match ending {
        "" => format!("{stem}_{suffix}"),
        ending => format!("{stem}_{suffix}.{ending}"),
    };
    path.with_file_name(name).to_string_lossy().into_owned()
}

fn read(path: &Path, file: &str) -> Result<String, String> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|open| open.take(LONGEST_ROW + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > LONGEST_ROW => {
            Err(format!("`{file}` is longer than {LONGEST_ROW} bytes"))
        }
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(format!("`{file}` is not UTF-8"))
        }
        Err(error) => Err(format!("`{file}` cannot be read: {}", error.kind())),
    }
}

#[cfg(test)]
mod tests;
