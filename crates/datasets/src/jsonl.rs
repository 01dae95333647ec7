//! JSONL files: a JSON object a line; blank lines are skipped.

use std::io::{BufRead, BufReader, Read};

use domain::config::FieldMapping;
use domain::item::DatasetItem;
use serde_json::{Map, Value};

use crate::faults::{RowFault, Unreadable};
use crate::items::{item, plain_item};
use crate::{LONGEST_ROW, Row, Take};

pub(crate) fn for_each<E: From<Unreadable>>(
    content: impl Read,
    fields: Option<&FieldMapping>,
    take: &mut Take<'_, E>,
) -> Result<(), E> {
    let mut reader = BufReader::with_capacity(1 << 16, content);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = Read::take(&mut reader, LONGEST_ROW + 1)
            .read_until(b'\n', &mut line)
            .map_err(Unreadable::from)?;
        if read == 0 {
            break;
        }
        if read as u64 > LONGEST_ROW {
            let message = format!("it is longer than {LONGEST_ROW} bytes");
            take(number, Err(RowFault::new(number, message)))?;
            break;
        }
        let text = match number {
            1 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line),
            _ => &line,
        };
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line = Line {
            text,
            fields,
            number,
        };
        take(number, Ok(&line))?;
    }
    Ok(())
}

struct Line<'a> {
    text: &'a [u8],
    fields: Option<&'a FieldMapping>,
    number: u64,
}

impl Row for Line<'_> {
    fn object(&self) -> Result<Map<String, Value>, RowFault> {
        serde_json::from_slice(self.text).map_err(|error| {
            RowFault::new(self.number, format!("it is not a JSON object: {error}"))
        })
    }

    fn item(&self) -> Result<DatasetItem, RowFault> {
        if self.fields.is_none()
            && let Some(item) = plain_item(self.text)
        {
            return Ok(item);
        }
        item(self.object()?, self.fields, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(content: &[u8]) -> Vec<Result<String, String>> {
        let mut rows = Vec::new();
        let mut take = |_: u64, row: Result<&dyn Row, RowFault>| {
            let item = row.and_then(Row::item);
            rows.push(item.map(|item| item.id).map_err(told));
            Ok::<_, Unreadable>(())
        };
        for_each(content, None, &mut take).unwrap();
        rows
    }

    fn told(fault: RowFault) -> String {
        format!("{}: {}", fault.line, fault.message)
    }

    #[test]
    fn lines_are_items_and_blank_lines_are_nothing() {
        let content =
            b"\xef\xbb\xbf{\"id\":\"a\",\"input\":{}}\n\n  \r\n{\"id\":\"b\",\"input\":{}}";
        assert_eq!(rows(content), [Ok("a".to_owned()), Ok("b".to_owned())]);
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_are_read() {
        let rows = rows(b"{\"id\":\"a\",\"input\":{}}\n[1]\n\xff\n{\"id\":\"b\",\"input\":{}}\n");
        assert_eq!(rows.len(), 4);
        assert!(
            rows[1]
                .as_ref()
                .unwrap_err()
                .starts_with("2: it is not a JSON object")
        );
        assert!(rows[2].as_ref().unwrap_err().starts_with("3: "));
        assert_eq!(rows[3], Ok("b".to_owned()));
    }

    #[test]
    fn an_item_is_the_same_however_it_is_read() {
        for row in [
            r#"{"id":"a","input":{"n":1.50,"big":12345678901234567890,"z":{"b":null,"a":[]}},"tags":["t"]}"#,
            r#" {"input":{},"id":"a","expected":null,"output":{"x":1e400},"metadata":{}}"#,
            r#"{"id":"a","input":{"q":1,"q":2},"expected":false,"output":null}"#,
            r#"{"id":"a","id":"b","input":{}}"#,
            r#"{"id":7,"input":{},"tags":null,"metadata":null}"#,
            r#"{"id":"","input":{}}"#,
            r#"{"id":"a","input":{},"more":1}"#,
            r#"["a",{}]"#,
        ] {
            let at_length = serde_json::from_str(row)
                .map_err(|error| format!("1: it is not a JSON object: {error}"))
                .and_then(|row| item(row, None, 1).map_err(told));
            let line = Line {
                text: row.as_bytes(),
                fields: None,
                number: 1,
            };
            let read = line.item().map_err(told);
            assert_eq!(read, at_length, "{row}");
        }
    }
}
