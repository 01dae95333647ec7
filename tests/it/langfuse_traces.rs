//! All work is told to Langfuse, in its words: activities and items are traces of one session, and calls are generations.
//!
//! What each attribute means there: <https://langfuse.com/integrations/native/opentelemetry#property-mapping>.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::collector::{Span, decoded, named};
use harness::{ModelServer, Receiver, Stack, eventually, experiments, temporal};
use serde_json::{Value, json};

use crate::SOON;

const ITEMS: usize = 4;

/// The spans that were handed in, each once.
fn spans(receiver: &Receiver) -> Vec<Span> {
    let expected = format!("Basic {}", STANDARD.encode("pk-lf-1:sk-lf-secret"));
    let mut spans = BTreeMap::new();
    for message in receiver.messages() {
        if message.path != "/api/public/otel/v1/traces" {
            continue;
        }
        assert_eq!(message.headers["authorization"], expected);
        assert_eq!(message.headers["x-langfuse-ingestion-version"], "4");
        spans.extend(
            decoded(&message)
                .into_iter()
                .map(|span| (span.id.clone(), span)),
        );
    }
    spans.into_values().collect()
}

fn parsed(span: &Span, attribute: &str) -> Value {
    let text = span.attributes[attribute].as_str().unwrap();
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn activities_items_and_calls_are_told_in_langfuses_words() {
    let receiver =
        Receiver::start(|_, _| (207, r#"{"successes": [], "errors": []}"#.to_owned())).await;
    let server = ModelServer::echo().await;
    let mut stack = Stack::prepare(temporal::shared().await).await;
    let prices =
        "[providers.test.prices.echo]\ninput_per_million = \"1\"\noutput_per_million = \"2\"";
    stack.provider_with("test", &server.base_url(), prices);
    stack.set("LANGFUSE_HOST", &receiver.url(""));
    stack.set("LANGFUSE_PUBLIC_KEY", "pk-lf-1");
    stack.set("LANGFUSE_SECRET_KEY", "sk-lf-secret");
    stack.set("LANGFUSE_UI", "https://langfuse.test/project/p1");
    stack.set("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");
    // What is meant for another destination is not sent along.
    stack.set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20other");
    stack.start_api().await;
    stack.start_worker();
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(ITEMS)));
    body["config"]["adapter"]["max_tokens"] = json!(64);
    body["config"]["sinks"] = json!([{"type": "langfuse"}]);
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let session = format!("https://langfuse.test/project/p1/sessions/{id}");
    assert_eq!(experiment["links"]["langfuse"], session);

    let spans = eventually("the last activity is told", SOON, async || {
        let spans = spans(&receiver);
        match named(&spans, "RunActivity:EmitResults").is_empty() {
            false => Ok(spans),
            true => Err(format!("{} spans", spans.len())),
        }
    })
    .await;
    for span in &spans {
        assert_eq!(span.attributes["session.id"], id, "{span:?}");
    }
    // Each activity is a trace of its own.
    let activities = named(&spans, "RunActivity:");
    let traces: BTreeSet<&str> = activities.iter().map(|span| span.trace.as_str()).collect();
    assert_eq!(traces.len(), activities.len());
    for activity in [
        "LoadDataset",
        "GenerateOutput",
        "ScoreOutput",
        "EmitResults",
    ] {
        let told = named(&spans, &format!("RunActivity:{activity}"));
        assert_eq!(told[0].parent, "");
        assert_eq!(told[0].attributes["langfuse.trace.name"], activity);
    }
    let items = named(&spans, "item");
    assert_eq!(items.len(), ITEMS);
    for item in items {
        let told = &item.attributes;
        assert_eq!(item.parent, "");
        assert_eq!(told["langfuse.trace.name"], "asked");
        assert_eq!(told["langfuse.experiment.id"], id);
        assert_eq!(told["langfuse.experiment.name"], "asked");
        assert_eq!(
            told["langfuse.experiment.item.root_observation_id"],
            item.id
        );
        assert_eq!(
            told["langfuse.experiment.dataset.id"]
                .as_str()
                .unwrap()
                .len(),
            64
        );
        let prompt = &told["langfuse.experiment.item.id"];
        assert_eq!(
            parsed(item, "langfuse.observation.input"),
            json!({"prompt": prompt})
        );
        assert_eq!(parsed(item, "langfuse.observation.output"), *prompt);
        assert_eq!(
            parsed(item, "langfuse.experiment.item.expected_output"),
            *prompt
        );

        let below: Vec<&Span> = spans.iter().filter(|span| span.parent == item.id).collect();
        assert!(below.iter().all(|span| span.trace == item.trace));
        let of_type = |kind: &str| -> &Span {
            let found: Vec<&&Span> = below
                .iter()
                .filter(|span| span.attributes["langfuse.observation.type"] == kind)
                .collect();
            assert_eq!(found.len(), 1, "{kind}");
            found[0]
        };
        let call = of_type("generation");
        assert_eq!(call.attributes["langfuse.observation.model.name"], "echo");
        let parameters = parsed(call, "langfuse.observation.model.parameters");
        assert_eq!(parameters, json!({"max_tokens": 64}));
        let usage = parsed(call, "langfuse.observation.usage_details");
        let (input, output) = (usage["input"].as_u64(), usage["output"].as_u64());
        let (input, output) = (input.unwrap(), output.unwrap());
        assert!(input > 0 && usage["total"] == input + output, "{usage}");
        let cost = parsed(call, "langfuse.observation.cost_details");
        let expected = (input + 2 * output) as f64 / 1e6;
        assert!(
            (cost["total"].as_f64().unwrap() - expected).abs() < 1e-12,
            "{cost}"
        );
        let asked = parsed(call, "gen_ai.input.messages");
        let message = json!({"role": "user", "parts": [{"type": "text", "content": prompt}]});
        assert_eq!(asked, json!([message]));
        let answered = parsed(call, "gen_ai.output.messages");
        assert_eq!(answered[0]["parts"][0]["content"], *prompt);
        let score = of_type("evaluator");
        assert_eq!(score.attributes["gen_ai.evaluation.name"], "exact_match");
    }
    // Scores are handed in for the traces of the items.
    let traces: BTreeSet<&str> = named(&spans, "item")
        .iter()
        .map(|span| span.trace.as_str())
        .collect();
    let messages = receiver.messages();
    let batches = messages
        .iter()
        .filter(|message| message.path.ends_with("/ingestion"))
        .map(|message| serde_json::from_str::<Value>(&message.body).unwrap());
    let events: Vec<Value> = batches
        .flat_map(|batch| batch["batch"].as_array().unwrap().clone())
        .collect();
    let scored: BTreeSet<&str> = events
        .iter()
        .filter(|event| event["type"] == "score-create")
        .map(|event| event["body"]["traceId"].as_str().unwrap())
        .collect();
    assert_eq!(scored, traces);
    assert!(!stack.logs().contains("sk-lf-secret"));
}
