//! Both programs tell Prometheus what they do, under the names that the dashboard and the alerts use.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use harness::tools::free_port;
use harness::{Client, ModelServer, Reply, Stack, eventually, experiments, temporal};
use serde_json::{Value, json};

use crate::SOON;

/// The value of a series, which has these labels among its own.
fn value(metrics: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let found = metrics.lines().find(|line| {
        let has_name = line
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['{', ' ']));
        has_name
            && labels
                .iter()
                .all(|(label, value)| line.contains(&format!("{label}=\"{value}\"")))
    });
    found?.rsplit(' ').next()?.parse().ok()
}

/// Every name of a metric in a text that holds expressions of PromQL.
fn names(text: &str) -> BTreeSet<String> {
    let prefixes = [
        "ai_evolution_",
        "gen_ai_client_",
        "http_server_",
        "temporal_",
    ];
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix)))
        .map(str::to_owned)
        .collect()
}

fn deployed(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn expressions() -> String {
    let dashboard: Value = serde_json::from_str(&deployed("grafana/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let of_panels = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    of_panels
        .chain(deployed("prometheus/alerts.yml").lines().map(str::to_owned))
        .filter(|line| !line.contains("description:"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn what_the_dashboard_and_the_alerts_ask_for_is_there() {
    let server = ModelServer::start(Duration::ZERO, |call| match call.prompt.as_bytes().last() {
        Some(b'3') => Reply::Refuse(400),
        _ => Reply::Text(call.prompt.clone()),
    })
    .await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let price =
        "[providers.test.prices.echo]\ninput_per_million = \"1\"\noutput_per_million = \"2\"\n";
    stack.provider_with("test", &server.base_url(), price);
    let port = free_port();
    stack.set("METRICS_LISTEN", &format!("127.0.0.1:{port}"));
    stack.start_api().await;
    stack.start_worker();
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(10)));
    body["config"]["sinks"] = json!([{"type": "jsonl"}]);
    let id = stack.api().create(&body).await;
    stack.api().completed(&id, SOON).await;
    stack.api().get("/v1/experiments/nobody").await.expect(404);

    let worker = Client::new(format!("http://127.0.0.1:{port}"));
    worker.get("/healthz").await.expect(200);
    assert_eq!(worker.get("/elsewhere").await.status, 404);
    // The summary is readable just before the last delivery is counted.
    let mut of_worker = String::new();
    eventually("the run is counted", SOON, async || {
        of_worker = worker.get("/metrics").await.text;
        let ended = value(
            &of_worker,
            "ai_evolution_runs_total",
            &[("status", "completed")],
        );
        ended.ok_or_else(|| of_worker.clone())
    })
    .await;
    // Experiments of all tests, for they share Temporal.
    let mut of_api = stack.api().get("/metrics").await;
    eventually("experiments are counted", SOON, async || {
        of_api = stack.api().get("/metrics").await;
        let completed = [("status", "completed")];
        match value(&of_api.text, "ai_evolution_experiments", &completed) {
            Some(count) if count > 0.0 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert!(
        of_api
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );

    let calls = |outcome| {
        let labels = [("provider", "test"), ("outcome", outcome)];
        value(&of_worker, "ai_evolution_calls_total", &labels)
    };
    assert_eq!(calls("answered"), Some(9.0));
    assert_eq!(calls("bad_request"), Some(1.0));
    let items = |state| value(&of_worker, "ai_evolution_items_total", &[("state", state)]);
    assert_eq!(
        (items("ok"), items("generation_failed")),
        (Some(9.0), Some(1.0))
    );
    assert_eq!(
        value(&of_worker, "ai_evolution_calls_in_flight", &[]),
        Some(0.0)
    );
    let cost = value(&of_worker, "ai_evolution_cost_nanodollars_total", &[]);
    assert!(cost.is_some_and(|cost| cost > 0.0), "{cost:?}");
    let shown = [
        ("http_route", "/v1/experiments/{experiment_id}"),
        ("http_response_status_code", "404"),
    ];
    let answered = "http_server_request_duration_seconds_count";
    assert_eq!(value(&of_api.text, answered, &shown), Some(1.0));

    let told = names(&format!("{of_worker}\n{}", of_api.text));
    let asked = names(&expressions());
    assert!(asked.len() > 8, "{asked:?}");
    let missing: Vec<_> = asked.difference(&told).collect();
    assert!(
        missing.is_empty(),
        "nobody tells {missing:?}; told are {told:?}"
    );
    // What users choose is no label.
    for chosen in [id.as_str(), "echo", "asked"] {
        let quoted = format!("\"{chosen}\"");
        assert!(
            !of_worker.contains(&quoted) && !of_api.text.contains(&quoted),
            "{chosen}"
        );
    }
}
