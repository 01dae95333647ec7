//! Outputs obtained earlier: the items' own, or those of a JSONL file. Nothing is called.

mod index;
mod line;
mod recordings;

use std::path::Path;
use std::sync::Arc;

use domain::config::RecordedAdapter;
use domain::item::DatasetItem;
use domain::output::{Answer, CallError, CallErrorKind, TokenUsage};
use tokio::task::spawn_blocking;

use self::index::Index;
use self::line::Line;
pub(super) use self::recordings::Recordings;

/// Where the outputs of one model are.
pub struct Recorded {
    /// Without one, each item has its output with it.
    index: Option<Arc<Index>>,
}

impl Recorded {
    pub(super) async fn open(
        config: &RecordedAdapter,
        model_name: &str,
        root: &Path,
        recordings: &Recordings,
    ) -> Result<Self, CallError> {
        let index = match &config.path {
            Some(path) => Some(recordings.index(root, path, model_name).await?),
            None => None,
        };
        Ok(Self { index })
    }

    pub(super) async fn answer(
        &self,
        item: &DatasetItem,
        sample: u32,
    ) -> Result<Answer, CallError> {
        let Some(index) = &self.index else {
            let value = item.output.clone().ok_or_else(|| {
                CallError::new(
                    CallErrorKind::Item,
                    format!("item `{}` has no recorded `output`", item.id),
                )
            })?;
            return Ok(Answer::of(value));
        };
        let index = Arc::clone(index);
        let id = item.id.clone();
        let line = spawn_blocking(move || index.line(&id, sample)).await;
        answer(line.map_err(|_| {
            CallError::new(
                CallErrorKind::Connection,
                "reading the recorded output was broken off",
            )
        })??)
    }
}

fn answer(line: Line) -> Result<Answer, CallError> {
    let value = line.output.ok_or_else(|| {
        CallError::new(
            CallErrorKind::Item,
            format!("the `output` recorded for item `{}` is null", line.id),
        )
    })?;
    Ok(Answer {
        latency_ms: line.latency_ms,
        usage: TokenUsage::counted(line.input_tokens, line.output_tokens),
        finish_reason: line.finish_reason,
        model: line.model,
        ..Answer::of(value)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::*;

    fn item(id: &str, output: Option<Value>) -> DatasetItem {
        serde_json::from_value(json!({"id": id, "input": {}, "output": output})).unwrap()
    }

    async fn open(file: &str, model: &str) -> Result<Recorded, CallError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("outputs.jsonl"), file).unwrap();
        let recorded = open_in(
            folder.path(),
            "outputs.jsonl",
            model,
            &Recordings::default(),
        )
        .await;
        // The file is asked for each answer.
        let _ = folder.keep();
        recorded
    }

    async fn open_in(
        root: &Path,
        path: &str,
        model: &str,
        recordings: &Recordings,
    ) -> Result<Recorded, CallError> {
        let config = serde_json::from_value(json!({"path": path})).unwrap();
        Recorded::open(&config, model, root, recordings).await
    }

    #[tokio::test]
    async fn without_a_path_the_items_own_output_is_the_answer() {
        let recorded = Recorded { index: None };
        assert_eq!(
            recorded
                .answer(&item("1", Some(json!({"a": 1}))), 0)
                .await
                .unwrap()
                .value,
            json!({"a": 1})
        );
        let error = recorded.answer(&item("1", None), 0).await.unwrap_err();
        assert_eq!(
            error,
            CallError::new(CallErrorKind::Item, "item `1` has no recorded `output`")
        );
    }

    #[tokio::test]
    async fn a_file_gives_the_answer_of_the_right_model() {
        let file = concat!(
            "\u{feff}{\"id\": \"1\", \"output\": \"for anyone\", \"finish_reason\": \"stop\", \"note\": 1}\n",
            "\r\n",
            "{\"model\": \"a\", \"id\": \"1\", \"output\": \"for a\", \"latency_ms\": 1.5, \"input_tokens\": 7}\r\n",
            "{\"model\": \"b\", \"id\": \"1\", \"output\": [\"for b\"], \"output_tokens\": 8}\n",
            "{\"id\": 2, \"output\": \"ü\"}",
        );
        let answer = async |model: &str, id: &str| {
            open(file, model)
                .await
                .unwrap()
                .answer(&item(id, None), 0)
                .await
        };
        let a = answer("a", "1").await.unwrap();
        assert_eq!(
            (a.value, a.latency_ms, a.model.as_deref()),
            (json!("for a"), Some(1.5), Some("a"))
        );
        assert_eq!(a.usage, TokenUsage::counted(Some(7), Some(0)));
        assert_eq!(answer("b", "1").await.unwrap().value, json!(["for b"]));
        let c = answer("c", "1").await.unwrap();
        assert_eq!(
            (c.value, c.finish_reason.as_deref(), c.usage),
            (json!("for anyone"), Some("stop"), None)
        );
        assert_eq!(answer("c", "2").await.unwrap().value, json!("ü"));
        let error = answer("c", "3").await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Item);
        assert_eq!(
            error.message,
            "nothing is recorded for item `3` in `outputs.jsonl`"
        );
    }

    #[tokio::test]
    async fn a_null_output_is_none() {
        let recorded = open("{\"id\": \"1\", \"output\": null}", "a")
            .await
            .unwrap();
        let error = recorded.answer(&item("1", None), 0).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Item);
    }

    #[tokio::test]
    async fn a_bad_file_is_refused_with_the_line() {
        let good = "{\"id\": \"1\", \"output\": \"a\"}\n";
        for (bad, reason) in [
            (
                "{\"id\": \"2\", \"output\": ",
                "line 3 of `outputs.jsonl`: not JSON: EOF while parsing a value",
            ),
            (
                "{\"output\": \"a\"}",
                "line 3 of `outputs.jsonl`: missing field `id`",
            ),
            (
                "{\"id\": {}, \"output\": \"a\"}",
                "line 3 of `outputs.jsonl`: ",
            ),
            ("[]", "line 3 of `outputs.jsonl`: "),
            (
                "{\"id\": \"2\", \"latency_ms\": \"x\"}",
                "line 3 of `outputs.jsonl`: invalid type",
            ),
            (
                good,
                "line 3 of `outputs.jsonl`: the id `1` is recorded in line 1 too",
            ),
        ] {
            let error = open(&format!("{good}\n{bad}"), "a").await.err().unwrap();
            assert_eq!(error.kind, CallErrorKind::Refused);
            assert!(
                error.message.contains(reason),
                "{} has not {reason}",
                error.message
            );
        }
    }

    #[tokio::test]
    async fn repeated_ids_of_other_models_are_not_our_concern() {
        let line = "{\"id\": \"1\", \"model\": \"b\", \"output\": \"a\"}\n";
        assert!(open(&format!("{line}{line}"), "a").await.is_ok());
        assert!(open(&format!("{line}{line}"), "b").await.is_err());
    }

    #[tokio::test]
    async fn paths_stay_in_the_folder_and_errors_do_not_show_it() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["../x", "nothing.jsonl", "."] {
            let error = open_in(folder.path(), path, "a", &Recordings::default())
                .await
                .err()
                .unwrap();
            assert_eq!(error.kind, CallErrorKind::Refused);
            assert!(
                !error.message.contains(folder.path().to_str().unwrap()),
                "{}",
                error.message
            );
        }
    }

    #[tokio::test]
    async fn an_index_is_shared_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("o.jsonl");
        let recordings = Recordings::default();
        fs::write(&file, "{\"id\": \"1\", \"output\": \"old\"}").unwrap();
        let first = open_in(folder.path(), "o.jsonl", "a", &recordings)
            .await
            .unwrap();
        let second = open_in(folder.path(), "o.jsonl", "a", &recordings)
            .await
            .unwrap();
        assert!(Arc::ptr_eq(
            first.index.as_ref().unwrap(),
            second.index.as_ref().unwrap()
        ));
        fs::write(&file, "\n\n{\"id\": \"1\", \"output\": \"newer\"}").unwrap();
        let third = open_in(folder.path(), "o.jsonl", "a", &recordings)
            .await
            .unwrap();
        assert_eq!(
            third.answer(&item("1", None), 0).await.unwrap().value,
            json!("newer")
        );
        let error = first.answer(&item("1", None), 0).await.unwrap_err();
        assert!(
            error.message.contains("`o.jsonl` has changed"),
            "{}",
            error.message
        );
    }
}
