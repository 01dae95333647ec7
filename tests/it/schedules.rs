//! Schedules start experiments like those that people create, at the times that they are told.

use std::time::Duration;

use harness::experiments::valid;
use harness::{Stack, eventually};
use serde_json::{Value, json};

use crate::SOON;

/// A schedule of an id that is of this test alone: the Temporal server is shared.
fn schedule(stack: &Stack, name: &str, spec: Value) -> Value {
    let mut body = valid();
    body["schedule_id"] = json!(format!("{name}-{}", stack.task_queue));
    body["spec"] = spec;
    body
}

async fn create(stack: &Stack, body: &Value) -> String {
    let created = stack.api().post("/v1/schedules", body).await.expect(201);
    let id = created["id"].as_str().unwrap();
    format!("/v1/schedules/{id}")
}

async fn until(stack: &Stack, path: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    eventually(what, SOON, async || {
        let schedule = stack.api().get(path).await.expect(200);
        match holds(&schedule) {
            true => Ok(schedule),
            false => Err(schedule.to_string()),
        }
    })
    .await
}

fn experiments(schedule: &Value) -> Vec<&str> {
    let recent = schedule["recent"].as_array().unwrap();
    recent
        .iter()
        .map(|started| started["experiment_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_schedule_starts_experiments_until_it_is_paused_or_deleted() {
    let stack = Stack::start().await;
    let every_second = json!({"intervals": [{"every": "1s"}]});
    let body = schedule(&stack, "often", every_second.clone());
    let path = create(&stack, &body).await;
    let taken = stack.api().post("/v1/schedules", &body).await;
    assert_eq!(taken.expect(409)["code"], "conflict");
    let fired = until(&stack, &path, "it has started one", |schedule| {
        !experiments(schedule).is_empty()
    })
    .await;
    assert_eq!(fired["spec"], every_second);
    assert!(!fired["next_times"].as_array().unwrap().is_empty());

    let pause = json!({"note": "that is enough"});
    let paused = stack.api().post(&format!("{path}/pause"), &pause).await;
    let paused = paused.expect(202);
    assert_eq!(
        (&paused["paused"], &paused["note"]),
        (&json!(true), &pause["note"])
    );
    assert_eq!(paused["next_times"], json!([]));

    // The experiment is like any other, and says where it comes from.
    let id = experiments(&fired)[0].to_owned();
    let experiment = stack.api().completed(&id, SOON).await;
    assert_eq!(experiment["schedule_id"], body["schedule_id"]);
    assert_eq!(experiment["models"][0]["states"]["ok"], 2, "{experiment}");
    assert_eq!(stack.api().results(&id, "").await.len(), 2);
    let rescored = stack
        .api()
        .post(&format!("/v1/experiments/{id}/rescore"), &json!({}))
        .await;
    let rescored = rescored.expect(202);
    assert_eq!(rescored["schedule_id"], body["schedule_id"]);
    assert_eq!(rescored["created_at"], experiment["created_at"]);
    let rescored = stack.api().completed(&id, SOON).await;
    assert_eq!(rescored["models"][0]["round"], 1);
    only_of(&stack, body["schedule_id"].as_str().unwrap(), &id).await;

    let listed = eventually("it is listed", SOON, async || {
        let (listed, _) = stack
            .api()
            .pages("/v1/schedules?page_size=100", "schedules")
            .await;
        let found = listed.iter().find(|row| row["id"] == body["schedule_id"]);
        found.cloned().ok_or("not yet".to_owned())
    })
    .await;
    assert_eq!(listed["paused"], true);
    assert_eq!(stack.api().delete(&path).await.status, 204);
    assert_eq!(stack.api().get(&path).await.status, 404);
    stack
        .api()
        .get(&format!("/v1/experiments/{id}"))
        .await
        .expect(200);
}

/// Its experiments are found by the schedule, and no other of a like id; its rounds are one experiment.
async fn only_of(stack: &Stack, schedule: &str, one_of_it: &str) {
    let mut other = valid();
    other["experiment_id"] = json!(format!("{schedule}-by-hand"));
    stack.api().create(&other).await;
    let path = format!("/v1/experiments?schedule={schedule}&page_size=100");
    eventually("they are listed", SOON, async || {
        let (listed, _) = stack.api().pages(&path, "experiments").await;
        let is_its = |row: &Value| row["schedule_id"] == schedule;
        let ids: Vec<&Value> = listed.iter().map(|row| &row["id"]).collect();
        match ids.iter().filter(|id| **id == one_of_it).count() {
            1 if listed.iter().all(is_its) => Ok(()),
            _ => Err(format!("{ids:?}")),
        }
    })
    .await;
    let counts = format!("/v1/experiment-counts?schedule={schedule}");
    eventually("they are counted", SOON, async || {
        match stack.api().get(&counts).await.expect(200) {
            counts if counts["completed"].as_u64() > Some(0) => Ok(()),
            counts => Err(counts.to_string()),
        }
    })
    .await;
    let nobodys = stack
        .api()
        .get("/v1/experiment-counts?schedule=nobodys")
        .await;
    assert_eq!(nobodys.expect(200)["total"], 0);
}

#[tokio::test]
async fn past_times_are_made_up_for_and_later_experiments_do_what_the_schedule_says_then() {
    let stack = Stack::start().await;
    let yearly = json!({"cron": ["0 3 1 1 *"], "time_zone": "Europe/Berlin"});
    let mut body = schedule(&stack, "yearly", yearly);
    body["paused"] = json!(true);
    let path = create(&stack, &body).await;
    let range = json!({
        "start_time": "2024-01-01T02:00:00Z", "end_time": "2024-12-01T00:00:00Z", "overlap_policy": "allow_all",
    });
    let filled = stack.api().post(&format!("{path}/backfill"), &range).await;
    filled.expect(202);
    let filled = until(&stack, &path, "the year is made up for", |schedule| {
        !experiments(schedule).is_empty()
    })
    .await;
    let id = body["schedule_id"].as_str().unwrap();
    let first = format!("{id}-2024-01-01T02:00:00Z");
    assert_eq!(experiments(&filled), [&first]);
    stack.api().completed(&first, SOON).await;

    let mut config = body["config"].clone();
    config["models"] = json!([{"name": "a"}, {"name": "b"}]);
    let other = json!({"cron": ["0 4 * * MON"], "calendars": [{"hour": [{"start": 5}]}]});
    let change = json!({"config": config, "spec": other, "overlap_policy": "buffer_all"});
    let changed = stack.api().patch(&path, &change).await.expect(200);
    assert_eq!(changed["spec"], other);
    assert_eq!(changed["models"], json!(["a", "b"]));
    assert_eq!(changed["overlap_policy"], "buffer_all");
    assert_eq!(changed["paused"], true);
    let triggered = stack
        .api()
        .post(&format!("{path}/trigger"), &json!({}))
        .await;
    triggered.expect(202);
    let triggered = until(&stack, &path, "it is triggered", |schedule| {
        experiments(schedule).len() == 2
    })
    .await;
    let second = experiments(&triggered)[0];
    let experiment = stack.api().completed(second, SOON).await;
    assert_eq!(experiment["schedule_id"], id);
    assert_eq!(
        experiment["models"][1]["workflow_id"],
        format!("{second}~1")
    );
    assert_eq!(experiment["models"][1]["states"]["ok"], 2);
    assert!(
        triggered["counts"]["started"].as_u64() >= Some(2),
        "{triggered}"
    );
    assert_eq!(stack.api().delete(&path).await.status, 204);
}

#[tokio::test]
async fn an_experiment_that_was_ended_before_a_worker_saw_it_can_still_be_taken_up() {
    let mut stack = Stack::prepare(harness::temporal::shared().await).await;
    stack.start_api().await;
    let body = schedule(&stack, "idle", json!({"cron": ["@yearly"]}));
    let path = create(&stack, &body).await;
    stack
        .api()
        .post(&format!("{path}/trigger"), &json!({}))
        .await
        .expect(202);
    let triggered = until(&stack, &path, "it is triggered", |schedule| {
        !experiments(schedule).is_empty()
    })
    .await;
    let id = experiments(&triggered)[0];
    assert_eq!(triggered["running"][0]["experiment_id"], id);
    let experiment = format!("/v1/experiments/{id}");
    let config = stack.api().get(&format!("{experiment}/config")).await;
    assert_eq!(config.expect(200)["models"][0]["name"], "recorded");
    stack
        .api()
        .post(&format!("{experiment}/terminate"), &json!({}))
        .await
        .expect(202);
    assert_eq!(stack.api().delete(&path).await.status, 204);
    stack.start_worker();
    stack
        .api()
        .post(&format!("{experiment}/retry"), &json!({}))
        .await
        .expect(202);
    let done = stack.api().completed(id, Duration::from_secs(60)).await;
    assert_eq!(done["models"][0]["states"]["ok"], 2, "{done}");
    assert_eq!(done["schedule_id"], body["schedule_id"]);
}
