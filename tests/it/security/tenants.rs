//! What belongs to a tenant exists for nobody else: not in lists, not by id, not in artifacts, not in the cache.

use harness::experiments::{self, jsonl};
use harness::{Client, ModelServer, Stack, temporal};
use reqwest::Method;
use serde_json::{Value, json};

use crate::SOON;
use crate::operations::key_with;
use crate::security::entrance::know;

/// A stack, and clients of the tenants `acme` and `bolt` and of nobody's.
async fn stack(prepare: impl FnOnce(&mut Stack)) -> (Stack, [Client; 3]) {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let keys = [
        key_with(&["--name", "a", "--role", "write", "--tenant", "acme"]),
        key_with(&["--name", "b", "--role", "write", "--tenant", "bolt"]),
        key_with(&["--name", "c", "--role", "write"]),
    ];
    know(&mut stack, &keys.each_ref().map(|(_, entry)| entry.clone()));
    prepare(&mut stack);
    stack.start_api().await;
    stack.start_worker();
    let clients = keys.map(|(key, _)| stack.api().bearing(&key));
    (stack, clients)
}

/// An experiment of two models, with an id of the user's choice.
fn chosen(id: &str, name: &str) -> Value {
    let mut body = experiments::valid();
    body["experiment_id"] = json!(id);
    body["experiment_name"] = json!(name);
    body["config"]["models"] = json!([{"name": "a"}, {"name": "b"}]);
    body
}

/// Every path below an experiment, and what a request to it needs.
fn operations(id: &str) -> Vec<(Method, String, Option<Value>)> {
    let mut operations = Vec::new();
    for path in [
        "",
        "/events",
        "/results",
        "/summary",
        "/breakdown",
        "/config",
        "/results/1",
        "/ledger",
    ] {
        operations.push((Method::GET, format!("/v1/experiments/{id}{path}"), None));
    }
    for path in ["", "~0", "/history"] {
        operations.push((Method::GET, format!("/v1/workflows/{id}{path}"), None));
    }
    for path in [
        "/cancel",
        "/terminate",
        "/pause",
        "/resume",
        "/retry",
        "/rescore",
        "/emit",
    ] {
        let path = format!("/v1/experiments/{id}{path}");
        operations.push((Method::POST, path, Some(json!({}))));
    }
    let limits = json!({"concurrency_limit": 2});
    operations.push((Method::PATCH, format!("/v1/experiments/{id}"), Some(limits)));
    operations
}

#[tokio::test]
async fn no_tenant_reaches_what_is_anothers() {
    let (stack, [acme, bolt, nobody]) = stack(|_| {}).await;
    // An equal id is no conflict between tenants, and is one within a tenant.
    for (client, name) in [
        (&acme, "of acme"),
        (&bolt, "of bolt"),
        (&nobody, "of nobody"),
    ] {
        assert_eq!(client.create(&chosen("same", name)).await, "same");
    }
    assert_eq!(
        acme.post("/v1/experiments", &chosen("same", "x"))
            .await
            .status,
        409
    );
    assert_eq!(acme.create(&chosen("own", "own")).await, "own");
    for client in [&acme, &bolt, &nobody] {
        client.completed("same", SOON).await;
    }
    acme.completed("own", SOON).await;

    for stranger in [&bolt, &nobody] {
        for id in ["own", "acme@own", "acme:own", "acme%40own", "acme%2fown"] {
            for (method, path, body) in operations(id) {
                let mut request = stranger.request(method.clone(), &path);
                if let Some(body) = body {
                    request = request.json(&body);
                }
                let answer = stranger.send(request).await;
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
            }
        }
        for compared in ["own", "acme@own"] {
            let path = |id: &str| format!("/v1/comparisons?experiment=same&experiment={id}");
            let refused = stranger.get(&path(compared)).await;
            let unknown = stranger.get(&path("never")).await;
            assert_eq!(refused.status, unknown.status, "{}", refused.text);
            assert!((400..500).contains(&refused.status), "{}", refused.text);
        }
        // A whole id cannot be chosen either.
        let refused = stranger
            .post("/v1/experiments", &chosen("acme@x", "x"))
            .await;
        assert_eq!(refused.pointers(), ["/experiment_id"]);
    }
    // Nothing that was tried has changed anything, and to its owner everything is there under plain ids.
    assert_eq!(acme.experiment("own").await["status"], "completed");
    for path in [
        "/v1/experiments/own",
        "/v1/experiments/own/results",
        "/v1/experiments/own/summary",
        "/v1/workflows/own",
        "/v1/workflows/own~1",
        "/v1/workflows/own/history",
        "/v1/workflows/own~1/history",
        "/v1/comparisons?experiment=own&experiment=same",
    ] {
        let answer = acme.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let shown = answer.text.replace("/workflows/acme@", "/workflows/");
        assert!(!shown.contains("acme@"), "{path}: {}", answer.text);
    }
    let folders = std::fs::read_dir(stack.artifacts().join("experiments")).unwrap();
    let mut folders: Vec<String> = folders
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, ["acme@own", "acme@same", "bolt@same", "same"]);
}

#[tokio::test]
async fn lists_hold_only_what_is_the_tenants_own() {
    let (_stack, clients) = stack(|_| {}).await;
    let made_up = format!("t{}", std::process::id());
    for (index, client) in clients.iter().enumerate() {
        for number in 0..3 {
            let id = format!("{made_up}-{index}-{number}");
            client.create(&chosen(&id, &made_up)).await;
            client.completed(&id, SOON).await;
        }
    }
    for (index, client) in clients.iter().enumerate() {
        let wanted: Vec<String> = (0..3)
            .rev()
            .map(|number| format!("{made_up}-{index}-{number}"))
            .collect();
        harness::eventually("they are listed", SOON, async || {
            let path = format!("/v1/experiments?name={made_up}&page_size=2");
            let (listed, _) = client.pages(&path, "experiments").await;
            let ids: Vec<&str> = listed.iter().filter_map(|one| one["id"].as_str()).collect();
            match ids == wanted {
                true => Ok(()),
                false => Err(format!("{ids:?}")),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn equal_idempotency_keys_of_two_tenants_are_two_keys() {
    let (_stack, [acme, bolt, nobody]) = stack(|_| {}).await;
    let create = async |client: &Client, name: &str| {
        let mut body = experiments::valid();
        body["experiment_name"] = json!(name);
        let request = client.request(Method::POST, "/v1/experiments");
        let request = request.header("idempotency-key", "the same for all");
        client.send(request.json(&body)).await
    };
    for (client, name) in [
        (&acme, "of acme"),
        (&bolt, "of bolt"),
        (&nobody, "of nobody"),
    ] {
        let created = create(client, name).await.expect(201);
        assert_eq!(created["experiment_name"], name);
        assert_eq!(create(client, name).await.expect(201)["id"], created["id"]);
    }
    assert_eq!(create(&acme, "of bolt").await.status, 422);
}

#[tokio::test]
async fn uploads_are_the_tenants_own() {
    let (_stack, [acme, bolt, nobody]) = stack(|_| {}).await;
    let content = jsonl(&[json!({"id": "1", "input": {}, "expected": "x", "output": "x"})]);
    let sha256 = {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.as_bytes());
        digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let announce =
        json!({"name": "made", "format": "jsonl", "bytes": content.len(), "sha256": sha256});
    let announced = acme.post("/v1/datasets", &announce).await;
    let path = announced.header("location").to_owned();
    assert_eq!(announced.expect(201)["name"], "made");
    let part = |client: &Client| {
        let request = client.request(Method::PATCH, &path);
        request.header("upload-offset", 0).body(content.clone())
    };
    for stranger in [&bolt, &nobody] {
        assert_eq!(stranger.send(part(stranger)).await.status, 404);
        assert_eq!(stranger.get(&path).await.status, 404);
    }
    assert_eq!(acme.send(part(&acme)).await.expect(200)["complete"], true);
    let mut body = experiments::valid();
    body["config"]["dataset"] = json!({"type": "uploaded", "name": "made"});
    for stranger in [&bolt, &nobody] {
        assert_eq!(stranger.get("/v1/datasets/made").await.status, 404);
        let listed = stranger.get("/v1/datasets").await.expect(200);
        assert_eq!(listed["datasets"], json!([]));
        let refused = stranger.post("/v1/experiments", &body).await;
        assert_eq!(refused.pointers(), ["/config/dataset/name"]);
    }
    let listed = acme.get("/v1/datasets").await.expect(200);
    assert_eq!(listed["datasets"][0]["name"], "made");
    let id = acme.create(&body).await;
    acme.completed(&id, SOON).await;
    // The same content of another tenant is a version of its own.
    let again = bolt.post("/v1/datasets", &announce).await.expect(201);
    assert_eq!(again["received"], 0);
}

#[tokio::test]
async fn what_one_tenant_has_paid_for_is_not_told_to_another() {
    let server = ModelServer::echo().await;
    let (_stack, [acme, bolt, nobody]) =
        stack(|stack| stack.provider("test", &server.base_url())).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(5)));
    body["config"]["execution"] = json!({"cache": true});
    for (client, calls) in [
        (&acme, 5),
        (&bolt, 10),
        (&nobody, 15),
        (&acme, 15),
        (&bolt, 15),
    ] {
        let id = client.create(&body).await;
        client.completed(&id, SOON).await;
        assert_eq!(server.calls(), calls);
    }
}

#[tokio::test]
async fn schedules_are_the_tenants_own() {
    let (_stack, [acme, bolt, nobody]) = stack(|_| {}).await;
    let body = json!({
        "schedule_id": "nightly",
        "experiment_name": "nightly",
        "config": experiments::valid()["config"],
        "spec": {"cron": ["0 3 1 1 *"]},
    });
    let created = acme.post("/v1/schedules", &body).await.expect(201);
    assert_eq!(created["id"], "nightly");
    for stranger in [&bolt, &nobody] {
        let path = "/v1/schedules/nightly";
        assert_eq!(stranger.get(path).await.status, 404);
        for order in ["pause", "resume", "trigger"] {
            let answer = stranger.post(&format!("{path}/{order}"), &json!({})).await;
            assert_eq!(answer.status, 404, "{order}: {}", answer.text);
        }
        assert_eq!(
            stranger.patch(path, &json!({"note": "x"})).await.status,
            404
        );
        let delete = stranger.request(Method::DELETE, path);
        assert_eq!(stranger.send(delete).await.status, 404);
        let (listed, _) = stranger.pages("/v1/schedules?", "schedules").await;
        assert_eq!(listed, Vec::<Value>::new());
    }
    // What it starts is the tenant's too.
    acme.post("/v1/schedules/nightly/trigger", &json!({}))
        .await
        .expect(202);
    let started = harness::eventually("an experiment is started", SOON, async || {
        let schedule = acme.get("/v1/schedules/nightly").await.expect(200);
        match schedule["recent"][0]["experiment_id"].as_str() {
            Some(id) => Ok(id.to_owned()),
            None => Err(schedule.to_string()),
        }
    })
    .await;
    assert!(started.starts_with("nightly-"), "{started}");
    let experiment = acme.completed(&started, SOON).await;
    assert_eq!(experiment["schedule_id"], "nightly");
    for stranger in [&bolt, &nobody] {
        let path = format!("/v1/experiments/{started}");
        assert_eq!(stranger.get(&path).await.status, 404);
    }
    let delete = acme.request(Method::DELETE, "/v1/schedules/nightly");
    assert_eq!(acme.send(delete).await.status, 204);
}

#[tokio::test]
async fn what_concerns_the_whole_service_is_for_callers_without_a_tenant() {
    let (_stack, [acme, bolt, nobody]) = stack(|stack| {
        let file = stack.folder().join("payload-keys.toml");
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        std::fs::write(&file, format!("current = \"k\"\n[keys]\nk = \"{key}\"\n")).unwrap();
        stack.set("PAYLOAD_KEYS", file.to_str().unwrap());
    })
    .await;
    for (client, status) in [(&acme, 404), (&bolt, 404), (&nobody, 200)] {
        assert_eq!(client.get("/metrics").await.status, status);
        for path in ["/codec/decode", "/codec/encode"] {
            let answer = client.post(path, &json!({"payloads": []})).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text);
        }
    }
}
