//! A trace is found again in Phoenix, span by span: another's reader of what is told, by HTTP and by gRPC.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::{ModelServer, Process, Stack, eventually, experiments, temporal, tools};
use serde_json::Value;

use crate::SOON;

const ITEMS: usize = 20;

/// Phoenix takes its time to start.
const START: Duration = Duration::from_secs(180);

struct Phoenix {
    _process: Process,
    http: u16,
    grpc: u16,
}

impl Phoenix {
    async fn start(folder: &Path) -> Self {
        let (http, grpc) = (tools::free_port(), tools::free_port());
        let mut command = Command::new("phoenix");
        command
            .arg("serve")
            .env("PHOENIX_HOST", "127.0.0.1")
            .env("PHOENIX_PORT", http.to_string())
            .env("PHOENIX_GRPC_PORT", grpc.to_string())
            .env("PHOENIX_WORKING_DIR", folder.join("phoenix"))
            .env("PHOENIX_TELEMETRY_ENABLED", "false");
        let log = folder.join("phoenix.log");
        let process = Process::start("phoenix", command, &log)
            .expect("Phoenix is installed: `pip install arize-phoenix`");
        let phoenix = Self {
            _process: process,
            http,
            grpc,
        };
        eventually("Phoenix is up", START, async || {
            phoenix.get("/healthz").await.map(|_| ())
        })
        .await;
        phoenix
    }

    async fn get(&self, path: &str) -> Result<String, String> {
        let url = format!("http://127.0.0.1:{}{path}", self.http);
        let answer = reqwest::get(url).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        match status.is_success() {
            true => Ok(text),
            false => Err(format!("{status} {text}")),
        }
    }

    /// The spans of a trace, as its API tells them.
    async fn spans(&self, trace: &str) -> Result<Vec<Value>, String> {
        let path = format!("/v1/projects/default/spans?limit=1000&trace_id={trace}");
        let text = self.get(&path).await?;
        let page: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let spans = page["data"].as_array().cloned().unwrap_or_default();
        let of_trace = |span: &Value| span["context"]["trace_id"] == trace;
        Ok(spans.into_iter().filter(of_trace).collect())
    }
}

#[tokio::test]
#[ignore = "needs Phoenix, which is 900 MB: `pip install arize-phoenix`"]
async fn a_trace_is_found_again_in_phoenix_span_by_span() {
    let folder = tempfile::tempdir().unwrap();
    let phoenix = Phoenix::start(folder.path()).await;
    for (protocol, port) in [("http/protobuf", phoenix.http), ("grpc", phoenix.grpc)] {
        let server = ModelServer::echo().await;
        let mut stack = Stack::prepare(temporal::shared().await).await;
        stack.provider("test", &server.base_url());
        let endpoint = format!("http://127.0.0.1:{port}");
        stack.set("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
        stack.set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
        stack.set("TRACE_UI", "http://phoenix/{trace_id}");
        stack.start_api().await;
        stack.start_worker();
        let body = experiments::asked(experiments::inline(experiments::echo_items(ITEMS)));
        let id = stack.api().create(&body).await;
        let experiment = stack.api().completed(&id, SOON).await;
        let link = experiment["links"]["trace"].as_str().unwrap();
        let trace = link.rsplit('/').next().unwrap();

        // The request, its call to Temporal, the workflow, four activities, and three spans for each item.
        let expected = 3 + 4 + 3 * ITEMS;
        let spans = eventually("all spans are there", SOON, async || {
            let spans = phoenix.spans(trace).await?;
            match spans.len() == expected {
                true => Ok(spans),
                false => Err(format!("{} spans", spans.len())),
            }
        })
        .await;
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for span in &spans {
            *kinds
                .entry(span["span_kind"].as_str().unwrap())
                .or_default() += 1;
        }
        assert_eq!(
            (kinds["LLM"], kinds["EVALUATOR"]),
            (ITEMS, ITEMS),
            "{kinds:?}"
        );
        let ids = spans.iter().map(|span| span["context"]["span_id"].as_str());
        let ids: BTreeSet<&str> = ids.flatten().collect();
        let parents = spans.iter().filter_map(|span| span["parent_id"].as_str());
        let hanging: Vec<&str> = parents.filter(|parent| !ids.contains(parent)).collect();
        assert!(hanging.is_empty(), "{hanging:?}");
        let call = spans
            .iter()
            .find(|span| span["name"] == "chat echo")
            .unwrap();
        assert!(call.to_string().contains("gen_ai"), "{call}");
        println!("{protocol}: {} spans found again: {kinds:?}", spans.len());
    }
}
