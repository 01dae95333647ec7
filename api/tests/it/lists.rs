//! Lists of experiments: pages, filters and the tokens between them.

use serde_json::json;

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
