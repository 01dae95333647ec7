//! Results, page by page.

use api::Execution;
use artifacts::run::Run;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::dataset::DatasetRef;
use domain::item::DatasetItem;
use domain::progress::Progress;
use domain::result::{ItemResult, ItemState};
use domain::summary::Status;
use serde_json::{Value, json};

use crate::memory::execution;
use crate::service::{Service, request};

/// An experiment of two models with results of two chunks each, five items a chunk; chunk 1 is not scored.
pub(crate) async fn service() -> Service {
    let service = Service::new();
    let body = request(|body| {
        body["experiment_id"] = json!("e");
        body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
    });
    assert_eq!(service.post("/v1/experiments", &body).await.status, 201);
    loaded(&service, 15);
    for index in 0..2 {
        let run = Run {
            experiment: "e".parse().unwrap(),
            index,
            round: 0,
        };
        for chunk in [0, 2] {
            let results: Vec<ItemResult> = (0..5).map(|item| result(chunk, item)).collect();
            service
                .store
                .put_results(&run, chunk, &results)
                .await
                .unwrap();
        }
    }
    service
}

/// Both runs know their dataset, of so many items in chunks of five.
fn loaded(service: &Service, count: u64) {
    let mut executions = service.memory.executions.lock().unwrap();
    let progress = Progress {
        dataset: Some(DatasetRef {
            dataset_id: "d".to_owned(),
            count,
            chunk_size: 5,
            samples: 1,
        }),
        ..Progress::default()
    };
    let run = Execution {
        progress: Some(progress),
        ..execution("e~0", Status::Running)
    };
    executions.insert("e~0".to_owned(), run);
}

fn result(chunk: u64, item: u64) -> ItemResult {
    let score = json!({"name": "exact_match", "value": item as f64 / 10.0, "eval_id": "e"});
    let tags = if item == 1 { json!(["one"]) } else { json!([]) };
    let id = format!("{chunk}-{item}");
    let item: DatasetItem =
        serde_json::from_value(json!({"id": id, "input": {}, "tags": tags})).unwrap();
    let failed = item.id.ends_with('4');
    ItemResult {
        item,
        sample: 0,
        state: if failed {
            ItemState::GenerationFailed
        } else {
            ItemState::Ok
        },
        output: None,
        scores: match failed {
            true => Vec::new(),
            false => vec![serde_json::from_value(score).unwrap()],
        },
        scorer_errors: Vec::new(),
    }
}

/// `model/item` of all pages, and how many pages there were.
async fn pages(service: &Service, query: &str) -> (Vec<String>, usize) {
    let (mut results, mut pages, mut token) = (Vec::new(), 0, String::new());
    loop {
        let path = format!("/v1/experiments/e/results?{query}&page_token={token}");
        let page = service.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let listed = page.body["results"].as_array().unwrap();
        results.extend(listed.iter().map(|result| {
            format!(
                "{}/{}",
                text(&result["model"]),
                text(&result["result"]["item"]["id"])
            )
        }));
        pages += 1;
        match page.body["next_page_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => return (results, pages),
        }
    }
}

fn all(models: &[&str]) -> Vec<String> {
    let items = [0, 2]
        .into_iter()
        .flat_map(|chunk| (0..5).map(move |item| format!("{chunk}-{item}")));
    let items: Vec<String> = items.collect();
    models
        .iter()
        .flat_map(|model| items.iter().map(move |item| format!("{model}/{item}")))
        .collect()
}

#[tokio::test]
async fn pages_of_any_size_hold_every_result_once() {
    let service = service().await;
    for (size, count) in [(1, 20), (3, 7), (5, 4), (7, 3), (20, 1), (1000, 1)] {
        let (results, pages) = pages(&service, &format!("page_size={size}")).await;
        assert_eq!(results, all(&["a", "b"]), "{size}");
        assert_eq!(pages, count, "{size}");
    }
}

#[tokio::test]
async fn results_are_filtered_by_model_and_state() {
    let service = service().await;
    assert_eq!(pages(&service, "model=b&page_size=4").await.0, all(&["b"]));
    let (failed, _) = pages(&service, "state=generation_failed&page_size=1").await;
    assert_eq!(failed, ["a/0-4", "a/2-4", "b/0-4", "b/2-4"]);
    let unknown = service.get("/v1/experiments/e/results?model=c").await;
    assert_eq!((unknown.status, unknown.pointers()), (422, vec!["/model"]));
    assert!(
        unknown.body.to_string().contains("`a`, `b`"),
        "{}",
        unknown.body
    );
}

#[tokio::test]
async fn results_are_filtered_by_score_and_tag() {
    let service = service().await;
    let at_least = "scorer=exact_match&min_score=0.2&page_size=1";
    let (results, _) = pages(&service, at_least).await;
    assert_eq!(
        results,
        [
            "a/0-2", "a/0-3", "a/2-2", "a/2-3", "b/0-2", "b/0-3", "b/2-2", "b/2-3"
        ]
    );
    let within = "model=a&scorer=exact_match&min_score=0.1&max_score=0.2&tag=one";
    assert_eq!(pages(&service, within).await.0, ["a/0-1", "a/2-1"]);
    for (query, pointers) in [
        ("scorer=vibes", vec!["/scorer"]),
        ("min_score=NaN", vec!["/min_score"]),
        ("min_score=0.5", vec!["/min_score"]),
        (
            "model=c&scorer=exact_match&min_score=2&max_score=1",
            vec!["/model", "/min_score"],
        ),
    ] {
        let answer = service
            .get(&format!("/v1/experiments/e/results?{query}"))
            .await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (422, pointers),
            "{query}"
        );
    }
    let first = service
        .get(&format!("/v1/experiments/e/results?{at_least}"))
        .await;
    let token = first.body["next_page_token"].as_str().unwrap().to_owned();
    let other =
        format!("/v1/experiments/e/results?scorer=exact_match&min_score=0.1&page_token={token}");
    let answer = service.get(&other).await;
    assert_eq!(answer.body["code"], "bad_page_token");
}

#[tokio::test]
async fn results_say_whether_more_may_come() {
    let service = service().await;
    let running = service.get("/v1/experiments/e/results").await.body;
    assert_eq!(running["complete"], false);
    service
        .memory
        .executions
        .lock()
        .unwrap()
        .get_mut("e")
        .unwrap()
        .status = Status::Completed;
    let ended = service.get("/v1/experiments/e/results").await.body;
    assert_eq!(ended["complete"], true);
}

#[tokio::test]
async fn a_page_of_a_large_run_needs_no_other_chunks_than_its_own() {
    const CHUNKS: u64 = 400;
    /// Of 100 results, five a chunk.
    const OF_A_PAGE: u64 = 20;
    let service = service().await;
    loaded(&service, 5 * CHUNKS);
    let folder = service
        .folder
        .path()
        .join("experiments/e/runs/0000/results");
    let lines = std::fs::read(folder.join("00000000.jsonl")).unwrap();
    for first in [0, CHUNKS / 2, CHUNKS - 2] {
        // Whoever reads another one fails.
        for chunk in 0..CHUNKS {
            let is_needed = (first..first + OF_A_PAGE).contains(&chunk);
            let content: &[u8] = if is_needed { &lines } else { b"{" };
            std::fs::write(folder.join(format!("{chunk:08}.jsonl")), content).unwrap();
        }
        let token = json!({"f": {"results_of": "e", "model": null, "state": null},
            "p": {"run": 0, "chunk": first, "place": 0}});
        let token = match first {
            0 => String::new(),
            _ => URL_SAFE_NO_PAD.encode(token.to_string()),
        };
        let path = format!("/v1/experiments/e/results?page_size=100&page_token={token}");
        let page = service.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let listed = page.body["results"].as_array().unwrap().len();
        // The other model has two chunks.
        assert_eq!(listed, if first == CHUNKS - 2 { 20 } else { 100 });
    }
}
