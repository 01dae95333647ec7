//! Temporal is reached over TLS, by client certificates that may be changed while the programs run, or by an API key.

use std::path::Path;
use std::time::Duration;

use harness::authority::Authority;
use harness::door::Door;
use harness::{ModelServer, Reply, Stack, eventually, experiments, temporal};

use crate::SOON;
use crate::whole::nothing_is_lost_or_doubled;

/// In the server's certificate, and not the address at which it listens.
const SERVER: &str = "temporal.test";

const ITEMS: usize = 600;
const CONCURRENCY: u64 = 10;

/// Tells the programs what `folder` has for them.
fn use_certificates(stack: &mut Stack, door: &Door, folder: &Path) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    stack.set("TEMPORAL_HOST", &door.address);
    stack.set("TEMPORAL_TLS_SERVER_NAME", SERVER);
    stack.set("TEMPORAL_TLS_SERVER_CA_CERT_PATH", &path("ca.pem"));
    stack.set("TEMPORAL_TLS_CLIENT_CERT_PATH", &path("client.pem"));
    stack.set("TEMPORAL_TLS_CLIENT_KEY_PATH", &path("client.key"));
}

async fn is_ready(stack: &Stack) {
    eventually("the API is ready", SOON, async || {
        match stack.api().get("/readyz").await {
            ready if ready.status == 200 => Ok(()),
            other => Err(other.text),
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_outlives_a_change_of_all_certificates() {
    let server = ModelServer::start(Duration::from_millis(50), |call| {
        Reply::Text(call.prompt.clone())
    })
    .await;
    let temporal = temporal::shared().await;
    let mut stack = Stack::prepare(temporal).await;
    stack.provider("test", &server.base_url());
    let folder = stack.folder().to_owned();
    let first = Authority::new("first");
    let door = Door::before(&temporal.address, first.server(SERVER, true)).await;
    first.write(&folder);
    first.write_client(&folder, "client");
    use_certificates(&mut stack, &door, &folder);
    stack.start_api().await;
    stack.start_worker();
    is_ready(&stack).await;
    let api = stack.api().clone();
    let id = api
        .create(&experiments::asked_file(&stack, ITEMS, CONCURRENCY))
        .await;
    server.has_delivered(100, SOON).await;

    // Nothing that the first has signed is taken from now on, and all who were inside are out.
    let second = Authority::new("second");
    second.write(&folder);
    second.write_client(&folder, "client");
    door.change_lock(second.server(SERVER, true));
    is_ready(&stack).await;
    api.completed(&id, 2 * SOON).await;

    nothing_is_lost_or_doubled(&api, &id, ITEMS).await;
    // As when Temporal is away: what was in flight when an attempt was given up, and what was answered until it was known.
    let repeated = server.repeated();
    assert!(repeated <= 3 * CONCURRENCY, "{repeated} calls repeated");
    let next = api.create(&experiments::valid()).await;
    api.completed(&next, SOON).await;
    for program in [stack.take_api(), stack.take_worker()].iter_mut() {
        program.stop(SOON).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_certificates_is_said_with_what_to_do() {
    let temporal = temporal::shared().await;
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let door = Door::before(&temporal.address, ours.server(SERVER, true)).await;
    type Mistake<'a> = &'a dyn Fn(&mut Stack, &Path);
    let no_client: Mistake = &|stack, _| {
        stack.unset("TEMPORAL_TLS_CLIENT_CERT_PATH");
        stack.unset("TEMPORAL_TLS_CLIENT_KEY_PATH");
    };
    let mistakes: [(Mistake, &str); 4] = [
        (
            &|_, folder| other.write(folder),
            "as TEMPORAL_TLS_SERVER_CA_CERT_PATH",
        ),
        (
            &|stack, _| stack.unset("TEMPORAL_TLS_SERVER_NAME"),
            "as TEMPORAL_TLS_SERVER_NAME",
        ),
        (no_client, "asks for a client certificate"),
        (
            &|_, folder| other.write_client(folder, "client"),
            "signed by an authority that it knows",
        ),
    ];
    for (mistake, advice) in mistakes {
        let mut stack = Stack::prepare(temporal).await;
        let folder = stack.folder().to_owned();
        ours.write(&folder);
        ours.write_client(&folder, "client");
        use_certificates(&mut stack, &door, &folder);
        mistake(&mut stack, &folder);
        stack.start_api().await;
        eventually("the API says what to do", SOON, async || {
            match stack.api_process().log() {
                log if log.contains(advice) => Ok(()),
                log => Err(format!("no `{advice}`: {log}")),
            }
        })
        .await;
        assert_eq!(stack.api().get("/readyz").await.status, 503);
    }
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_named_at_the_start() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    stack.set("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/nowhere/ca.pem");
    stack.start_worker();
    let worker = stack.worker();
    assert_eq!(worker.ends(SOON).await.code(), Some(2));
    assert!(worker.log().contains("/nowhere/ca.pem"), "{}", worker.log());
}

#[tokio::test]
async fn the_api_key_of_a_profile_is_shown_to_temporal_and_to_nobody_else() {
    const KEY: &str = "a-key-of-temporal-cloud";
    let authority = Authority::new("cloud");
    let (door, shown) = Door::refusing(authority.server(SERVER, false)).await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let folder = stack.folder().to_owned();
    authority.write(&folder);
    let profile = format!(
        "[profile.cloud]\naddress = \"{}\"\nnamespace = \"evals.a1b2c\"\napi_key = \"{KEY}\"\n\
         [profile.cloud.tls]\nserver_name = \"{SERVER}\"\nserver_ca_cert_path = \"{}\"\n",
        door.address,
        folder.join("ca.pem").display()
    );
    std::fs::write(folder.join("temporal.toml"), profile).unwrap();
    stack.unset("TEMPORAL_HOST");
    stack.unset("TEMPORAL_NAMESPACE");
    stack.set(
        "TEMPORAL_CONFIG_FILE",
        folder.join("temporal.toml").to_str().unwrap(),
    );
    stack.set("TEMPORAL_PROFILE", "cloud");
    stack.start_api().await;
    stack.start_worker();
    eventually("both programs say what to do", SOON, async || {
        let logs = [stack.api_process().log(), stack.worker().log()];
        match logs.iter().all(|log| log.contains("TEMPORAL_API_KEY")) {
            true => Ok(()),
            false => Err(logs.concat()),
        }
    })
    .await;
    let shown = shown.lock().unwrap().clone();
    assert!(
        shown
            .iter()
            .all(|header| *header == format!("Bearer {KEY}"))
    );
    assert!(shown.len() >= 2, "{shown:?}");
    let logs = stack.logs();
    assert!(logs.contains("evals.a1b2c"), "{logs}");
    assert!(!logs.contains(KEY), "{logs}");
}
