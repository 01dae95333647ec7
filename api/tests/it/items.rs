//! The results of one item.

use domain::dataset::DatasetRef;
use serde_json::json;

use crate::results::service;

#[tokio::test]
async fn an_item_is_shown_in_full_for_every_model() {
    let service = service().await;
    let dataset = DatasetRef {
        dataset_id: "d".to_owned(),
        count: 15,
        chunk_size: 5,
        samples: 1,
    };
    for chunk in 0..3 {
        let ids: Vec<String> = (0..5).map(|item| format!("{chunk}-{item}")).collect();
        let lines = ids
            .iter()
            .map(|id| json!({"id": id, "input": {}}).to_string() + "\n");
        let lines: String = lines.collect();
        let stored = service
            .store
            .put_dataset_lines(&dataset, chunk, lines.into_bytes());
        stored.await.unwrap();
    }
    let found = service.get("/v1/experiments/e/results/2-3").await;
    assert_eq!(found.status, 200, "{}", found.body);
    assert_eq!(found.body["item_id"], "2-3");
    assert_eq!(found.body["complete"], false);
    let results = found.body["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for (result, model) in results.iter().zip(["a", "b"]) {
        assert_eq!(result["model"], model);
        assert_eq!(result["result"]["item"]["id"], "2-3");
        assert_eq!(result["result"]["scores"][0]["value"], 0.3);
    }
    let not_scored = service.get("/v1/experiments/e/results/1-1").await;
    assert_eq!(
        (not_scored.status, &not_scored.body["results"]),
        (200, &json!([]))
    );
    for missing in ["e/results/2-5", "e/results/2%2F3", "f/results/2-3"] {
        let answer = service.get(&format!("/v1/experiments/{missing}")).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &json!("not_found")),
            "{missing}"
        );
    }
}
