//! All results of an experiment as one file, of any length, that is seen to be complete or broken.

use std::path::Path;
use std::process::{Command, Output};

use harness::{Stack, experiments, programs};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;

fn export(stack: &Stack, id: &str, output: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(programs::path(programs::CLI));
    command
        .args(["--api", stack.api().base(), "export", id, "--output"])
        .arg(output)
        .args(arguments);
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_are_exported_whole_or_not_at_all() {
    let stack = Stack::start().await;
    let mut items = experiments::echo_items(60);
    for (index, item) in items.iter_mut().enumerate() {
        item["output"] = json!(if index % 3 == 0 {
            "no"
        } else {
            item["id"].as_str().unwrap()
        });
        item["tags"] = json!([if index < 30 { "first" } else { "second" }]);
    }
    items[7]["id"] = json!("a/b c?%2F");
    let mut body = experiments::recorded(json!(items), json!([{"type": "exact_match"}]));
    body["config"]["sinks"] = json!([{"type": "jsonl"}, {"type": "csv"}]);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;

    // A file is what the sink of that format has delivered.
    for extension in ["jsonl", "csv"] {
        let path = stack.folder().join(format!("all.{extension}"));
        let output = export(&stack, &id, &path, &["--format", extension]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("60 results, sha256:"), "{said}");
        let delivered = format!("experiments/{id}/exports/0000-recorded.{extension}");
        let delivered = std::fs::read(stack.artifacts().join(delivered)).unwrap();
        assert!(std::fs::read(&path).unwrap() == delivered, "{extension}");
    }
    let path = stack.folder().join("some.parquet");
    let some = [
        "--format",
        "parquet",
        "--scorer",
        "exact_match",
        "--max-score",
        "0",
        "--tag",
        "first",
    ];
    let output = export(&stack, &id, &path, &some);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("10 results, sha256:"), "{said}");
    assert!(std::fs::read(&path).unwrap().ends_with(b"PAR1"));
    let refused = export(&stack, &id, &path, &["--format", "csv", "--model", "other"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");

    // Compressed on the way, the lines are the same.
    let lines = std::fs::read(stack.folder().join("all.jsonl")).unwrap();
    let url = format!("/v1/experiments/{id}/results");
    // One that does not decompress by itself.
    let client = reqwest::Client::builder().no_proxy().no_gzip().no_zstd();
    let client = client.build().unwrap();
    for encoding in ["gzip", "zstd"] {
        let request = client.get(format!("{}{url}", stack.api().base()));
        let request = request
            .header("accept", "application/x-ndjson")
            .header("accept-encoding", encoding);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], encoding);
        let bytes = answer.bytes().await.unwrap();
        let mut plain = Vec::new();
        match encoding {
            "gzip" => std::io::copy(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut plain),
            _ => std::io::copy(&mut zstd::Decoder::new(&bytes[..]).unwrap(), &mut plain),
        }
        .unwrap();
        assert!(
            plain.starts_with(&lines) && plain.len() > lines.len(),
            "{encoding}"
        );
    }

    // An id may be anything.
    let one = stack
        .api()
        .get(&format!("{url}/a%2Fb%20c%3F%252F"))
        .await
        .expect(200);
    assert_eq!(
        one["results"][0]["result"]["item"]["id"], "a/b c?%2F",
        "{one}"
    );

    // What cannot be read in the middle breaks the file off, and leaves none.
    let chunks = stack
        .artifacts()
        .join(format!("experiments/{id}/runs/0000/results"));
    let mut chunks: Vec<_> = std::fs::read_dir(chunks)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    chunks.sort();
    assert!(chunks.len() > 1, "{chunks:?}");
    std::fs::write(chunks.last().unwrap(), "{").unwrap();
    let request = stack
        .api()
        .request(Method::GET, &url)
        .header("accept", "text/csv");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap_err();
    let path = stack.folder().join("broken.jsonl");
    let output = export(&stack, &id, &path, &["--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(!path.exists());
}

/// An archived experiment that looks like `id`, but has so many chunks, which are all the same file.
fn multiply(stack: &Stack, id: &str, lines: &[u8], items: u64, chunks: u64) -> String {
    let large = format!("{id}-large");
    let runs = stack.artifacts().join("experiments");
    let of = |id: &str| runs.join(id).join("runs/0000");
    let summary = std::fs::read(of(id).join("summary.json")).unwrap();
    let mut summary: Value = serde_json::from_slice(&summary).unwrap();
    summary["experiment_id"] = json!(large);
    summary["progress"]["dataset"]["count"] = json!(items * chunks);
    summary["progress"]["dataset"]["chunk_size"] = json!(items);
    let results = of(&large).join("results");
    std::fs::create_dir_all(&results).unwrap();
    std::fs::write(of(&large).join("summary.json"), summary.to_string()).unwrap();
    let first = results.join("00000000.jsonl");
    std::fs::write(&first, lines).unwrap();
    for chunk in 1..chunks {
        std::fs::hard_link(&first, results.join(format!("{chunk:08}.jsonl"))).unwrap();
    }
    large
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_sent_in_memory_that_does_not_grow_with_it() {
    const ITEMS: u64 = 1000;
    const CHUNKS: u64 = 120;
    let stack = Stack::start().await;
    let id = stack.api().create(&experiments::valid()).await;
    stack.api().completed(&id, SOON).await;
    let text = "x".repeat(3000);
    let lines: String = (0..ITEMS)
        .map(|item| {
            json!({"item": {"id": item.to_string(), "input": {"prompt": text}}, "state": "ok"})
                .to_string()
                + "\n"
        })
        .collect();
    let large = multiply(&stack, &id, lines.as_bytes(), ITEMS, CHUNKS);
    let before = stack.api_process().peak_memory();
    let path = stack.folder().join("large.jsonl");
    let output = export(&stack, &large, &path, &["--format", "jsonl"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(&format!("{} results", ITEMS * CHUNKS)),
        "{said}"
    );
    let size = std::fs::metadata(&path).unwrap().len();
    let grown = stack.api_process().peak_memory() - before;
    println!("{size} bytes sent, {grown} bytes more in memory");
    assert!(size > 360_000_000, "{size}");
    // Some chunks of three megabytes, as text and as values.
    assert!(grown < size / 3, "{grown} of {size}");
}
