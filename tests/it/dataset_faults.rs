//! A dataset that cannot be used fails the experiment at once, with a reason that says what to mend.

use std::io::Write;
use std::time::Duration;

use harness::experiments::{self, jsonl};
use harness::{Stack, temporal};
use serde_json::{Value, json};

/// Much less than what retries would take.
const QUICKLY: Duration = Duration::from_secs(20);

/// Runs an experiment over a file, and gives back the reason of its failure.
async fn reason_of_failure(stack: &Stack, path: &str) -> String {
    let mut body = experiments::valid();
    body["config"]["dataset"] = experiments::file(path);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().ended(&id, QUICKLY).await;
    assert_eq!(experiment["status"], "failed", "{experiment}");
    let workflow = stack
        .api()
        .get(&format!("/v1/workflows/{id}"))
        .await
        .expect(200);
    assert_eq!(workflow["status"], "failed");
    let results = stack
        .api()
        .get(&format!("/v1/experiments/{id}/results"))
        .await;
    assert_eq!(results.expect(200)["results"], json!([]));
    experiment["reason"].as_str().expect("a reason").to_owned()
}

fn write(stack: &Stack, name: &str, content: &[u8]) {
    std::fs::write(stack.datasets().join(name), content).unwrap();
}

/// Two megabytes of blank lines in two thousand bytes.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b'\n'; 2 << 20]).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_dataset_that_cannot_be_used_fails_the_experiment_with_its_reason() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.set("MAX_DATASET_SIZE", "1MiB");
    stack.start_api().await;
    stack.start_worker();
    let good = json!({"id": "1", "input": {}, "expected": "1", "output": "1"});
    let without_expected = json!({"id": "1", "input": {}, "output": "1"});
    let cases: [(&str, Option<String>, &[&str]); 13] = [
        ("missing.jsonl", None, &["missing.jsonl"]),
        ("empty.jsonl", Some(String::new()), &["no items"]),
        (
            "not-json.jsonl",
            Some(format!("{good}\n{{oops\n")),
            &["line 2"],
        ),
        (
            "no-object.jsonl",
            Some(format!("{good}\n\n[1]\n")),
            &["line 3"],
        ),
        (
            "input.jsonl",
            Some(jsonl(&[json!({"id": "1", "input": "text"})])),
            &["line 1", "input"],
        ),
        (
            "twice.jsonl",
            Some(jsonl(&[good.clone(), good.clone()])),
            &["line 2", "`1`"],
        ),
        (
            "several.jsonl",
            Some(format!("{good}\n{good}\n[1]\n{good}\n")),
            &["line 2: the id `1` is used twice; line 3: ", "; line 4: "],
        ),
        (
            "no-expected.jsonl",
            Some(jsonl(&[without_expected])),
            &["exact_match", "expected"],
        ),
        (
            "ragged.csv",
            Some("id,q,expected\n1,a,b\n2,c\n".to_owned()),
            &["line 3"],
        ),
        ("not-utf8.jsonl", None, &["line 2"]),
        ("bomb.jsonl.gz", None, &["more than 1.0 MiB"]),
        ("broken.jsonl.zst", None, &["cannot be read"]),
        (
            "not.parquet",
            Some("PAR1".to_owned()),
            &["it is no Parquet file"],
        ),
    ];
    write(&stack, "bomb.jsonl.gz", &bomb());
    write(&stack, "broken.jsonl.zst", b"this is no Zstandard frame");
    let not_utf8 = [format!("{good}\n").as_bytes(), &[0xff, b'\n']].concat();
    write(&stack, "not-utf8.jsonl", &not_utf8);
    for (name, content, parts) in cases {
        if let Some(content) = content {
            stack.dataset(name, &content);
        }
        let reason = reason_of_failure(&stack, name).await;
        for part in parts {
            assert!(
                reason.contains(part),
                "{name}: `{part}` is not in: {reason}"
            );
        }
        let inner = stack.datasets().display().to_string();
        assert!(
            !reason.contains(&inner),
            "{name}: the operator's folder is told: {reason}"
        );
    }
}

#[tokio::test]
async fn a_link_does_not_lead_out_of_the_dataset_folder() {
    let stack = Stack::start().await;
    let outside = stack.folder().join("outside.jsonl");
    let line = json!({"id": "1", "input": {}, "expected": "1", "output": "stolen"});
    std::fs::write(&outside, jsonl(&[line])).unwrap();
    std::os::unix::fs::symlink(&outside, stack.datasets().join("link.jsonl")).unwrap();
    let reason = reason_of_failure(&stack, "link.jsonl").await;
    assert!(reason.contains("leads out"), "{reason}");
}

#[tokio::test]
async fn a_dataset_that_fails_one_model_fails_all_and_each_says_so() {
    let stack = Stack::start().await;
    let mut body = experiments::valid();
    body["config"]["dataset"] = experiments::file("missing.jsonl");
    body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().ended(&id, QUICKLY).await;
    assert_eq!(experiment["status"], "failed");
    let runs = experiment["models"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for run in runs {
        assert_eq!(run["status"], "failed", "{run}");
        let reason = run["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("missing.jsonl"), "{run}");
    }
    let summary: Value = stack.api().summary(&id).await;
    assert_eq!(summary["status"], "failed");
}
