//! Lists of experiments: pages, filters and the tokens between them.

use domain::summary::Status;
use serde_json::json;

use crate::experiments::{archive, summary};
use crate::memory::execution;
use crate::service::{Service, request};

/// Creates so many experiments; every third is called `third`.
async fn create(service: &Service, count: usize) {
    for number in 0..count {
        let body = request(|body| {
            body["experiment_id"] = json!(format!("e{number:03}"));
            body["experiment_name"] = json!(if number % 3 == 0 { "third" } else { "other" });
        });
        assert_eq!(service.post("/v1/experiments", &body).await.status, 201);
    }
}

/// The ids on all pages, and how many pages there were.
async fn pages(service: &Service, query: &str) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut token) = (Vec::new(), 0, String::new());
    loop {
        let page = service
            .get(&format!("/v1/experiments?{query}&page_token={token}"))
            .await;
        assert_eq!(page.status, 200, "{}", page.body);
        let listed = page.body["experiments"].as_array().unwrap();
        ids.extend(
            listed
                .iter()
                .map(|experiment| experiment["id"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        match page.body["next_page_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => return (ids, pages),
        }
    }
}

#[tokio::test]
async fn pages_hold_every_experiment_once_and_the_newest_first() {
    let service = Service::new();
    create(&service, 25).await;
    let (ids, count) = pages(&service, "page_size=10").await;
    let newest_first: Vec<String> = (0..25)
        .rev()
        .map(|number| format!("e{number:03}"))
        .collect();
    assert_eq!((ids, count), (newest_first, 3));
    let (_, count) = pages(&service, "").await;
    assert_eq!(count, 2, "a page has 20 unless asked otherwise");
    let (_, count) = pages(&service, "page_size=100000").await;
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_list_of_one_name_leaves_nothing_out() {
    let service = Service::new();
    create(&service, 25).await;
    let (ids, count) = pages(&service, "name=third&page_size=2").await;
    let thirds: Vec<String> = (0..25)
        .rev()
        .filter(|number| number % 3 == 0)
        .map(|number| format!("e{number:03}"))
        .collect();
    assert_eq!((ids, count), (thirds, 5));
    assert_eq!(pages(&service, "name=nobody").await, (Vec::new(), 1));
}

#[tokio::test]
async fn experiments_are_found_by_their_schedule_and_not_by_their_id() {
    let service = Service::new();
    create(&service, 3).await;
    service
        .memory
        .executions
        .lock()
        .unwrap()
        .get_mut("e001")
        .and_then(|execution| execution.experiment.as_mut())
        .unwrap()
        .schedule_id = Some("e".parse().unwrap());
    assert_eq!(pages(&service, "schedule=e").await.0, ["e001"]);
    assert_eq!(pages(&service, "schedule=e0").await.0, [""; 0]);
    for path in ["/v1/experiments", "/v1/experiment-counts"] {
        let refused = service.get(&format!("{path}?schedule=a%27b")).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (422, vec!["/schedule"])
        );
    }
}

#[tokio::test]
async fn experiments_are_found_by_model_tag_and_time() {
    let service = Service::new();
    for (id, model, tags) in [
        ("e1", "a", json!(["x", "team:search"])),
        ("e2", "b", json!(["x"])),
        ("e3", "b", json!([])),
    ] {
        let body = request(|body| {
            body["experiment_id"] = json!(id);
            body["config"]["models"] = json!([{"name": model}]);
            body["config"]["tags"] = tags;
        });
        let created = service.post("/v1/experiments", &body).await;
        assert_eq!(created.status, 201, "{}", created.body);
    }
    for (query, ids) in [
        ("model=b", vec!["e3", "e2"]),
        ("tag=x", vec!["e2", "e1"]),
        ("tag=x&model=a", vec!["e1"]),
        ("tag=team:search", vec!["e1"]),
        // In memory, all began at the epoch.
        (
            "started_before=1970-01-01T00:00:01Z",
            vec!["e3", "e2", "e1"],
        ),
        ("started_after=1970-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(pages(&service, query).await.0, ids, "{query}");
    }
    let shown = service.get("/v1/experiments/e1").await.body;
    assert_eq!(shown["tags"], json!(["x", "team:search"]));
    for (query, pointer) in [
        ("tag=a%20b", "/tag"),
        ("name=a%00", "/name"),
        ("model=%0A", "/model"),
        ("started_after=yesterday", "/started_after"),
    ] {
        let answer = service.get(&format!("/v1/experiments?{query}")).await;
        assert_eq!((answer.status, answer.pointers()), (422, vec![pointer]));
    }
}

#[tokio::test]
async fn tags_are_plain_and_each_stands_there_once() {
    let service = Service::new();
    for (tags, pointer) in [
        (json!(["a", "b c"]), "/config/tags/1"),
        (json!(["a", "b", "a"]), "/config/tags/2"),
        (
            json!((0..21).map(|n| n.to_string()).collect::<Vec<_>>()),
            "/config/tags",
        ),
    ] {
        let body = request(|body| body["config"]["tags"] = tags);
        let answer = service.post("/v1/experiments", &body).await;
        assert_eq!((answer.status, answer.pointers()), (422, vec![pointer]));
    }
}

#[tokio::test]
async fn what_the_store_holds_is_listed_also_when_temporal_has_forgotten_it() {
    let service = Service::new();
    create(&service, 1).await;
    for id in ["b", "a-b", "a", "c"] {
        archive(&service, &summary(id, 0, "m", Status::Completed)).await;
    }
    archive(&service, &summary("c", 1, "n", Status::Failed)).await;
    for size in [1, 2, 100] {
        let (ids, _) = pages(&service, &format!("archived=true&page_size={size}")).await;
        assert_eq!(ids, ["a-b", "a", "b", "c"], "what runs is not archived yet");
    }
    for (query, found) in [
        ("status=failed", vec!["c"]),
        ("model=n", vec!["c"]),
        ("name=sums&status=completed", vec!["a-b", "a", "b"]),
        ("name=other", vec![]),
        ("tag=x", vec![]),
    ] {
        let (ids, _) = pages(&service, &format!("archived=true&page_size=1&{query}")).await;
        assert_eq!(ids, found, "{query}");
    }
    let first = service
        .get("/v1/experiments?archived=true&page_size=1")
        .await;
    let token = first.body["next_page_token"].as_str().unwrap();
    for other in ["page_size=1", "archived=true&status=failed"] {
        let answer = service
            .get(&format!("/v1/experiments?{other}&page_token={token}"))
            .await;
        assert_eq!(answer.body["code"], "bad_page_token", "{other}");
    }
}

#[tokio::test]
async fn experiments_are_counted_by_status_where_temporal_can_be_asked() {
    let service = Service::new();
    create(&service, 3).await;
    let failed = execution("f", Status::Failed);
    let executions = &service.memory.executions;
    executions.lock().unwrap().insert("f".to_owned(), failed);
    let counts = service.get("/v1/experiment-counts").await;
    assert_eq!(
        counts.body,
        json!({"total": 4, "running": 3, "completed": 0, "failed": 1, "cancelled": 0,
               "terminated": 0, "timed_out": 0})
    );
    let ready = service.get("/readyz").await.body;
    assert_eq!(ready, json!({"status": "ok"}));
    *service.memory.missing.lock().unwrap() = vec!["AiEvolutionName"];
    let answer = service.get("/v1/experiment-counts?name=third").await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (409, &json!("not_set_up"))
    );
    assert!(
        answer.body["detail"]
            .as_str()
            .unwrap()
            .contains("`ai-evolution setup`")
    );
    let ready = service.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.body["missing_search_attributes"],
        json!(["AiEvolutionName"])
    );
}

#[tokio::test]
async fn a_token_is_good_for_its_filters_only() {
    let service = Service::new();
    create(&service, 3).await;
    let first = service
        .get("/v1/experiments?page_size=1&status=running")
        .await;
    let token = first.body["next_page_token"].as_str().unwrap().to_owned();
    let same = format!("/v1/experiments?page_size=2&status=running&page_token={token}");
    assert_eq!(
        service.get(&same).await.body["experiments"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for other in [
        format!("/v1/experiments?page_token={token}"),
        format!("/v1/experiments?status=failed&page_token={token}"),
        format!("/v1/experiments/e000/results?page_token={token}"),
        format!("/v1/workflows/e000/history?page_token={token}"),
    ] {
        let answer = service.get(&other).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("bad_page_token")),
            "{other}"
        );
    }
}
