//! Experiment files: YAML or JSON in, the JSON that is sent to the API out, and the rules that can be checked here.

mod strict;

use std::io::Read;
use std::path::Path;

use api_types::experiments::CreateExperiment;
use domain::experiment::{ExperimentId, NewExperiment};
use domain::fault::Fault;
use serde_json::Value;
use serde_path_to_error::Segment;

use self::strict::Strict;

/// Why a file is no experiment file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("`{file}` cannot be read")]
    Unreadable {
        file: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{file}` is not valid {format}: {message}")]
    Malformed {
        file: String,
        format: &'static str,
        message: String,
    },
}

/// Reads an experiment from a file, or from standard input when the path is `-`.
///
/// A scalar stays what YAML 1.2 says it is: `1` is a number, and `yes` is text.
pub(crate) fn read(path: &Path) -> Result<Value, Error> {
    let file = path.display().to_string();
    let unreadable = |source| Error::Unreadable {
        file: file.clone(),
        source,
    };
    let mut text = String::new();
    if file == "-" {
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(unreadable)?;
    } else {
        text = std::fs::read_to_string(path).map_err(unreadable)?;
    }
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    parse(&text, is_json).map_err(|(format, message)| Error::Malformed {
        file,
        format,
        message,
    })
}

/// The faults that can be found without the API.
pub(crate) fn faults(experiment: &Value) -> Vec<Fault> {
    let create: CreateExperiment = match serde_path_to_error::deserialize(experiment) {
        Ok(create) => create,
        Err(error) => return vec![Fault::new(pointer(error.path()), error.inner().to_string())],
    };
    let mut faults = Vec::new();
    if let Some(Err(error)) = create.experiment_id.map(|id| id.parse::<ExperimentId>()) {
        faults.push(Fault::new("/experiment_id", error.to_string()));
    }
    if let Err(more) = NewExperiment::new(create.experiment_name, create.config) {
        faults.extend(more);
    }
    faults
}

fn parse(text: &str, is_json: bool) -> Result<Value, (&'static str, String)> {
    if is_json {
        return json(text).map_err(|error| ("JSON", error.to_string()));
    }
    // JSON is YAML but for escapes beyond the basic plane, so what looks like JSON is read as such when it can be.
    if text.trim_start().starts_with('{')
        && let Ok(value) = json(text)
    {
        return Ok(value);
    }
    yaml(text).map_err(|error| ("YAML", error.to_string()))
}

fn json(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str::<Strict>(text).map(|strict| strict.0)
}

fn yaml(text: &str) -> Result<Value, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        budget: serde_saphyr::budget! {
            // Ten thousand inline items, which the API takes, have more nodes than the default allows.
            max_events: 20_000_000,
            max_nodes: 10_000_000,
        },
    };
    serde_saphyr::from_str_with_options::<Strict>(text, options).map(|strict| strict.0)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        let key = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&key);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GOOD: &str = "
experiment_name: sums
config:
  dataset:
    type: inline
    items:
      - {id: '1', input: {prompt: 2+2}, expected: 4, output: '4'}
  adapter: {type: recorded}
  models: [{name: a}]
  scorers: [{type: numeric}]
";

    #[test]
    fn scalars_stay_what_yaml_says() {
        let yaml = "{a: 1, b: 1.5, c: yes, d: true, e: '1', f: ~, g: 1_000, h: 12:30, i: 2024-01-01, j: 1e3, k: [no]}";
        assert_eq!(
            parse(yaml, false).unwrap(),
            json!({"a": 1, "b": 1.5, "c": "yes", "d": true, "e": "1", "f": null, "g": "1_000",
                   "h": "12:30", "i": "2024-01-01", "j": 1000.0, "k": ["no"]})
        );
    }

    #[test]
    fn a_duplicate_key_is_a_fault_with_its_line() {
        for (text, is_json) in [
            ("a: 1\nb: 2\na: 3\n", false),
            ("{\"a\": 1,\n\n\"a\": 3}", true),
        ] {
            let (_, message) = parse(text, is_json).unwrap_err();
            assert!(message.contains("duplicate"), "{message}");
            assert!(
                message.contains("line 3") || message.contains("3:1"),
                "{message}"
            );
        }
    }

    #[test]
    fn broken_yaml_is_told_with_its_line() {
        let (format, message) = parse("a:\n  - [1, 2\nb: 3\n", false).unwrap_err();
        assert_eq!(format, "YAML");
        assert!(message.contains("3"), "{message}");
    }

    #[test]
    fn numbers_that_json_lacks_are_refused() {
        assert!(parse("a: .nan", false).is_err());
        assert!(parse("a: -.inf", false).is_err());
    }

    #[test]
    fn json_keeps_its_own_escapes() {
        let text = r#"{"a": "\ud83d\ude00", "b": "\/"}"#;
        assert_eq!(parse(text, false).unwrap(), json!({"a": "😀", "b": "/"}));
    }

    #[test]
    fn ten_thousand_inline_items_can_be_read() {
        let mut yaml = "items:\n".to_owned();
        for id in 0..10_000 {
            yaml += &format!(
                "  - id: '{id}'\n    input: {{a: 1, b: 2, c: 3, d: 4, e: [1, 2, 3, 4, 5, 6, 7, 8]}}\n"
            );
        }
        assert_eq!(
            parse(&yaml, false).unwrap()["items"]
                .as_array()
                .unwrap()
                .len(),
            10_000
        );
    }

    #[test]
    fn a_good_file_has_no_faults() {
        assert_eq!(faults(&parse(GOOD, false).unwrap()), []);
    }

    #[test]
    fn faults_point_into_the_file() {
        let pointers = |text: &str| -> Vec<String> {
            let faults = faults(&parse(text, false).unwrap());
            faults.into_iter().map(|fault| fault.pointer).collect()
        };
        assert_eq!(
            pointers(&GOOD.replace("[{name: a}]", "[{name: a}, {name: 7}]")),
            ["/config/models/1/name"]
        );
        assert_eq!(
            pointers(
                &(GOOD.replace("sums", "' '").replace("[{name: a}]", "[]")
                    + "experiment_id: a/b\n")
            ),
            ["/experiment_id", "/experiment_name", "/config/models"]
        );
    }
}
