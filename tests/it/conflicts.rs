//! An id belongs to one experiment, and a request can be checked without consequences.

use harness::{Stack, eventually, experiments, temporal};
use serde_json::{Value, json};

use crate::SOON;

#[tokio::test]
async fn an_id_that_is_taken_is_a_conflict_also_after_the_end() {
    let stack = Stack::start().await;
    let mut body = experiments::valid();
    let id = format!("taken-{}", stack.task_queue);
    body["experiment_id"] = json!(id);
    assert_eq!(stack.api().create(&body).await, id);
    for _ in 0..2 {
        let again = stack.api().post("/v1/experiments", &body).await;
        assert_eq!(again.status, 409, "{}", again.text);
        assert_eq!(again.problem()["code"], "conflict");
        stack.api().completed(&id, SOON).await;
    }
}

#[tokio::test]
async fn of_many_requests_with_the_same_id_one_wins() {
    let stack = Stack::start().await;
    let mut body = experiments::valid();
    body["experiment_id"] = json!(format!("race-{}", stack.task_queue));
    let requests = (0..10).map(|_| stack.api().post("/v1/experiments", &body));
    let mut statuses: Vec<u16> = futures::future::join_all(requests)
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(
        statuses[1..].iter().all(|status| *status == 409),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_repeated_request_with_the_same_key_is_answered_with_the_first_experiment() {
    let stack = Stack::start().await;
    let keyed = async |body: &Value| {
        let request = stack
            .api()
            .request(reqwest::Method::POST, "/v1/experiments");
        let request = request
            .header("idempotency-key", &stack.task_queue)
            .json(body);
        stack.api().send(request).await
    };
    let body = experiments::valid();
    let answers = futures::future::join_all((0..5).map(|_| keyed(&body))).await;
    let first = answers[0].expect(201)["id"].clone();
    for answer in &answers {
        assert_eq!(answer.expect(201)["id"], first);
    }
    let id = first.as_str().unwrap();
    stack.api().completed(id, SOON).await;
    assert_eq!(keyed(&body).await.expect(201)["id"], first);
    let temporal = temporal::shared().await;
    eventually("one workflow is known", SOON, async || {
        match temporal.workflows_on(&stack.task_queue).await {
            1 => Ok(()),
            count => Err(format!("{count}")),
        }
    })
    .await;

    let mut other = body.clone();
    other["experiment_name"] = json!("another");
    let answer = keyed(&other).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    answer.problem();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_equal_requests_at_once_start_one_workflow() {
    const REQUESTS: usize = 1000;
    let mut stack = Stack::start().await;
    let send = async |stack: &Stack, body: &Value| {
        let request = stack
            .api()
            .request(reqwest::Method::POST, "/v1/experiments");
        let request = request
            .header("idempotency-key", format!("thousand-{}", stack.task_queue))
            .json(body);
        // On a busy machine Temporal may seem away. Then a client tries again, which the key makes harmless.
        eventually("Temporal answers", SOON, async || {
            let request = request.try_clone().expect("its body is in memory");
            match stack.api().send(request).await {
                answer if answer.status == 503 => Err(answer.text),
                answer => Ok(answer),
            }
        })
        .await
    };
    let body = experiments::valid();
    let answers = futures::future::join_all((0..REQUESTS).map(|_| send(&stack, &body))).await;
    let first = answers[0].expect(201)["id"].clone();
    for answer in &answers {
        assert_eq!(answer.expect(201)["id"], first);
    }
    let id = first.as_str().unwrap();
    stack.api().completed(id, SOON).await;

    // Another API, which knows nothing of all that, answers alike.
    stack.start_api().await;
    eventually("Temporal is reached", SOON, async || {
        match stack.api().get("/readyz").await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        }
    })
    .await;
    assert_eq!(send(&stack, &body).await.expect(201)["id"], first);
    let mut other = body.clone();
    other["config"]["tags"] = json!(["other"]);
    let refused = send(&stack, &other).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(refused.problem()["code"], "key_reused");
    let mut chosen = body.clone();
    chosen["experiment_id"] = json!(id);
    let taken = stack.api().post("/v1/experiments", &chosen).await;
    assert_eq!(taken.status, 409, "{}", taken.text);
    let temporal = temporal::shared().await;
    eventually("one workflow is known", SOON, async || {
        match temporal.workflows_on(&stack.task_queue).await {
            1 => Ok(()),
            count => Err(format!("{count}")),
        }
    })
    .await;
}

#[tokio::test]
async fn validation_alone_starts_nothing() {
    let stack = Stack::start().await;
    let path = "/v1/experiments?validate_only=true";
    let good = stack.api().post(path, &experiments::valid()).await;
    assert_eq!(good.status, 200, "{}", good.text);
    let mut bad = experiments::valid();
    bad["config"]["scorers"] = json!([]);
    let answer = stack.api().post(path, &bad).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.pointers(), ["/config/scorers"]);
    let temporal = temporal::shared().await;
    assert_eq!(temporal.workflows_on(&stack.task_queue).await, 0);
}
