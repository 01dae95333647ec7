//! Lists of experiments: found by what they are, counted, and read when Temporal has forgotten them.

use harness::temporal::{self, TemporalServer};
use harness::{Client, Stack, eventually, experiments};
use serde_json::{Value, json};

use crate::SOON;

/// Names that would be something else if they left their quotes.
const ODD_NAMES: [&str; 6] = [
    "it's",
    "' OR 1=1 --",
    r"\' OR WorkflowType != ''",
    r#"a "quoted" name"#,
    r"ends with \",
    "100% * ^ äöü 你好 ; --",
];

async fn create(api: &Client, name: &str, model: &str, tags: Value) -> String {
    let mut body = experiments::valid();
    body["experiment_name"] = json!(name);
    body["config"]["models"] = json!([{"name": model}]);
    body["config"]["tags"] = tags;
    api.create(&body).await
}

/// The ids of all pages of a list.
async fn listed(api: &Client, filters: &[(&str, &str)]) -> Vec<String> {
    let mut ids = Vec::new();
    let mut token = String::new();
    loop {
        let request = api.request(reqwest::Method::GET, "/v1/experiments");
        let request = request.query(filters);
        let request = request.query(&[("page_size", "2"), ("page_token", &token)]);
        let page = api.send(request).await.expect(200);
        let experiments = page["experiments"].as_array().unwrap();
        ids.extend(
            experiments
                .iter()
                .map(|it| it["id"].as_str().unwrap().to_owned()),
        );
        match page["next_page_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => return ids,
        }
    }
}

/// Waits until a list holds exactly these: visibility follows a little after the start of a workflow.
async fn lists(api: &Client, filters: &[(&str, &str)], expected: &[&str]) {
    eventually(
        &format!("{filters:?} lists {expected:?}"),
        SOON,
        async || match listed(api, filters).await {
            ids if ids == expected => Ok(()),
            ids => Err(format!("{ids:?}")),
        },
    )
    .await;
}

#[tokio::test]
async fn experiments_are_found_by_name_model_tag_and_status() {
    let stack = Stack::start().await;
    let api = stack.api();
    let own = &stack.task_queue;
    let mut ids = Vec::new();
    for name in ODD_NAMES {
        let id = create(api, name, &format!("m/{own}"), json!([own, "odd"])).await;
        api.completed(&id, SOON).await;
        ids.push(id);
    }
    let model = format!("it's a \"{own}\\");
    let last = create(api, "last", &model, json!([own])).await;
    api.completed(&last, SOON).await;
    let newest_first: Vec<&str> = ids.iter().rev().map(String::as_str).collect();
    let all: Vec<&str> = [&[last.as_str()][..], &newest_first].concat();

    lists(api, &[("tag", own)], &all).await;
    lists(api, &[("model", &format!("m/{own}"))], &newest_first).await;
    lists(api, &[("model", &model)], &[&last]).await;
    for (name, id) in ODD_NAMES.iter().zip(&ids) {
        lists(api, &[("tag", own), ("name", name)], &[id]).await;
    }
    lists(api, &[("tag", own), ("status", "completed")], &all).await;
    lists(api, &[("tag", own), ("status", "failed")], &[]).await;
    let since = api.experiment(&last).await["created_at"].clone();
    let since = since.as_str().unwrap();
    lists(
        api,
        &[("tag", own), ("started_before", since)],
        &newest_first,
    )
    .await;

    let counts = api.get(&format!("/v1/experiment-counts?tag={own}")).await;
    let counts = counts.expect(200);
    assert_eq!(
        (&counts["total"], &counts["completed"]),
        (&json!(7), &json!(7))
    );
    let odd = api.request(reqwest::Method::GET, "/v1/experiment-counts");
    let odd = api.send(odd.query(&[("model", &model)])).await;
    assert_eq!(
        (odd.status, odd.pointers()),
        (422, vec!["/model".to_owned()])
    );
    let ready = api.get("/readyz").await.expect(200);
    assert_eq!(ready, json!({"status": "ok"}));
}

#[tokio::test]
async fn nothing_has_to_be_registered_and_what_is_registered_later_is_used() {
    let temporal = TemporalServer::bare().await;
    let mut stack = Stack::prepare(&temporal).await;
    stack.start_api().await;
    stack.start_worker();
    let api = stack.api();
    eventually("Temporal is reached", SOON, async || {
        match api.get("/readyz").await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        }
    })
    .await;
    let id = create(api, "it's", "m", json!(["t"])).await;
    api.completed(&id, SOON).await;
    lists(
        api,
        &[("name", "it's"), ("model", "m"), ("tag", "t")],
        &[&id],
    )
    .await;
    lists(api, &[("tag", "u")], &[]).await;
    let refused = api.get("/v1/experiment-counts?tag=t").await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let problem = refused.problem();
    assert_eq!(problem["code"], "not_set_up");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("`ai-evolution setup`"),
        "{problem}"
    );
    let all = api.get("/v1/experiment-counts").await.expect(200);
    assert_eq!(all["completed"], 1);
    let ready = api.get("/readyz").await.expect(200);
    assert_eq!(
        ready["missing_search_attributes"].as_array().unwrap().len(),
        3
    );

    for _ in 0..2 {
        temporal.set_up().await;
    }
    eventually("the API knows them", SOON, async || {
        match api.get("/v1/experiment-counts?tag=t").await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        }
    })
    .await;
    let later = create(api, "it's", "m", json!(["t"])).await;
    api.completed(&later, SOON).await;
    eventually("it is counted", SOON, async || {
        match api.get("/v1/experiment-counts?tag=t").await.expect(200)["total"].as_u64() {
            Some(1) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

#[tokio::test]
async fn an_experiment_that_temporal_has_forgotten_is_read_and_listed_all_the_same() {
    let stack = Stack::start().await;
    let api = stack.api();
    let id = create(api, "forgotten", "m", json!(["kept"])).await;
    let before = api.completed(&id, SOON).await;
    let paths = ["/summary", "/results", "/breakdown", "/results/1"];
    let mut read = Vec::new();
    for path in paths {
        let path = format!("/v1/experiments/{id}{path}");
        read.push(api.get(&path).await.expect(200));
    }
    let temporal = temporal::shared().await;
    let delete = ["workflow", "delete", "--yes", "--workflow-id", &id];
    temporal.ask(&delete).await.unwrap();
    eventually("Temporal has forgotten it", SOON, async || {
        match api.get(&format!("/v1/workflows/{id}")).await.status {
            404 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;

    let after = api.experiment(&id).await;
    for key in ["id", "experiment_name", "status", "tags", "links"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    assert_eq!(
        after["models"][0]["scorers"],
        before["models"][0]["scorers"]
    );
    for (path, before) in paths.iter().zip(&read) {
        let path = format!("/v1/experiments/{id}{path}");
        assert_eq!(api.get(&path).await.expect(200), *before, "{path}");
    }
    let request = api.request(
        reqwest::Method::GET,
        &format!("/v1/experiments/{id}/results"),
    );
    let csv = api.send(request.header("accept", "text/csv")).await;
    assert_eq!(
        (csv.status, csv.text.lines().count()),
        (200, 3),
        "{}",
        csv.text
    );
    let other = create(api, "remembered", "m", json!([])).await;
    api.completed(&other, SOON).await;
    let comparison = format!("/v1/comparisons?experiment={id}&experiment={other}");
    assert_eq!(api.get(&comparison).await.expect(200)["complete"], true);

    lists(api, &[("tag", "kept")], &[]).await;
    lists(api, &[("archived", "true"), ("tag", "kept")], &[&id]).await;
    let filters = [
        ("archived", "true"),
        ("name", "forgotten"),
        ("status", "completed"),
    ];
    lists(api, &filters, &[&id]).await;
    let mut both = [id.as_str(), other.as_str()];
    both.sort_unstable();
    lists(api, &[("archived", "true")], &both).await;
}
