//! Workflows and their histories.

use domain::summary::Status;
use serde_json::json;

use crate::memory::execution;
use crate::service::Service;

fn service() -> Service {
    let service = Service::new();
    let child = execution("e~1", Status::Running);
    service
        .memory
        .executions
        .lock()
        .unwrap()
        .insert("e~1".to_owned(), child);
    service
}

#[tokio::test]
async fn a_workflow_is_shown_also_when_it_is_one_of_several_runs() {
    let workflow = service().get("/v1/workflows/e~1").await;
    assert_eq!(workflow.status, 200, "{}", workflow.body);
    assert_eq!(workflow.body["workflow_id"], "e~1");
    assert_eq!(workflow.body["history_size_bytes"], 700);
}

#[tokio::test]
async fn pages_of_a_history_keep_to_their_size() {
    let service = service();
    for size in [1, 2, 3, 7, 100] {
        let (mut ids, mut token) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/workflows/e~1/history?page_size={size}&page_token={token}");
            let page = service.get(&path).await.body;
            let events = page["events"].as_array().unwrap();
            assert!(events.len() <= size, "{size}: {page}");
            ids.extend(events.iter().map(|event| event["event_id"].clone()));
            match page["next_page_token"].as_str() {
                Some(next) => token = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(json!(ids), json!([1, 2, 3, 4, 5, 6, 7]), "{size}");
    }
}
