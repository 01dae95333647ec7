//! What sinks deliver can be read by the programs it is meant for, whatever models answer.

use std::path::Path;
use std::process::Command;

use harness::{ModelServer, Reply, Stack, eventually, experiments, programs, tools};
use serde_json::{Value, json};

use crate::SOON;

/// An answer that is markup of every kind, and holds characters that no XML can.
const HOSTILE: &str =
    "</pre><script>alert(1)</script>]]>\u{0}\u{1b}[31m\u{b}\u{fffe} & \"```\n| x |";

/// Thirty items: every fifth is refused, every third is answered with markup, the rest rightly.
async fn delivered(sinks: Value) -> (Stack, Vec<String>, Value) {
    let server = ModelServer::start(std::time::Duration::ZERO, |call| {
        let number: usize = call.prompt[5..].parse().unwrap();
        match (number % 5, number % 3) {
            (0, _) => Reply::Refuse(400),
            (_, 0) => Reply::Text(HOSTILE.to_owned()),
            _ => Reply::Text(call.prompt.clone()),
        }
    })
    .await;
    let stack = Stack::with_model(&server).await;
    let mut body = experiments::asked(experiments::inline(experiments::echo_items(30)));
    body["experiment_name"] = json!("<b>hostile</b>");
    body["config"]["sinks"] = sinks;
    let scorers = json!([{"type": "exact_match"}, {"type": "fuzzy", "name": "near"}]);
    body["config"]["scorers"] = scorers;
    let id = stack.api().create(&body).await;
    let experiment = stack.api().completed(&id, SOON).await;
    let deliveries = experiment["models"][0]["deliveries"].as_array().unwrap();
    let paths = deliveries.iter().map(|delivery| {
        assert_eq!(delivery["error"], Value::Null, "{delivery}");
        let location = delivery["location"].as_str().unwrap();
        stack
            .artifacts()
            .join(location)
            .to_str()
            .unwrap()
            .to_owned()
    });
    let paths = paths.collect();
    (stack, paths, experiment)
}

/// Runs a Python program with the readers of others at hand, and gives back the JSON that it prints.
pub(crate) fn python(program: &str, arguments: &[&str]) -> Value {
    let tools = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tools/sinks.txt"));
    let python = tools::python(tools, &["--no-deps"]).join("python");
    let mut command = Command::new(python);
    command.arg("-c").arg(program).args(arguments);
    serde_json::from_str(&tools::run(&mut command)).unwrap()
}

#[tokio::test]
async fn parquet_is_read_by_arrow_with_a_row_for_each_item() {
    const READ: &str = "
import json, sys
import pyarrow.parquet
table = pyarrow.parquet.read_table(sys.argv[1])
columns = {name: table[name].to_pylist() for name in table.column_names if name != 'ended_at'}
columns['cost_usd'] = [cost and str(cost) for cost in columns['cost_usd']]
file = pyarrow.parquet.ParquetFile(sys.argv[1])
print(json.dumps({
    'columns': columns, 'types': {field.name: str(field.type) for field in table.schema},
    'compression': file.metadata.row_group(0).column(0).compression,
    'metadata': {key.decode(): value.decode() for key, value in file.metadata.metadata.items()},
}))";
    let (stack, paths, experiment) = delivered(json!([{"type": "parquet"}])).await;
    let read = python(READ, &[&paths[0]]);
    let columns = &read["columns"];
    let results = stack
        .api()
        .results(experiment["id"].as_str().unwrap(), "")
        .await;
    assert_eq!(results.len(), 30);
    for (row, result) in results.iter().enumerate() {
        let result = &result["result"];
        let parsed = |column: &str| match columns[column][row].as_str() {
            None => Value::Null,
            Some(text) => serde_json::from_str(text).unwrap(),
        };
        assert_eq!(columns["item_id"][row], result["item"]["id"]);
        assert_eq!(columns["model"][row], "echo");
        assert_eq!(columns["state"][row], result["state"]);
        assert_eq!(parsed("input"), result["item"]["input"]);
        assert_eq!(parsed("expected"), result["item"]["expected"]);
        let output = &result["output"];
        assert_eq!(parsed("answer"), output["answer"]["value"]);
        assert_eq!(columns["attempts"][row], output["attempts"]);
        assert_eq!(columns["error_kind"][row], output["error"]["kind"]);
        assert_eq!(
            columns["output_tokens"][row],
            output["answer"]["usage"]["output_tokens"]
        );
        assert_eq!(columns["score.near"][row], result["scores"][1]["value"]);
        let right = result["scores"][0]["value"].as_bool();
        assert_eq!(
            columns["score.exact_match"][row].as_f64(),
            right.map(|right| f64::from(u8::from(right)))
        );
    }
    assert_eq!(read["compression"], "ZSTD");
    assert_eq!(read["types"]["ended_at"], "timestamp[us, tz=UTC]");
    assert_eq!(read["types"]["cost_usd"], "decimal128(38, 15)");
    assert_eq!(
        read["metadata"]["ai_evolution.experiment_id"],
        experiment["id"]
    );
}

#[tokio::test]
async fn junit_is_xml_whatever_models_answer_and_counts_what_it_holds() {
    const READ: &str = "
import json, sys
import xml.etree.ElementTree
root = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
suite = root.find('testsuite')
print(json.dumps({
    'root': root.attrib, 'suite': suite.attrib,
    'tests': [[test.get('name'), [child.tag for child in test]] for test in suite.findall('testcase')],
    'message': suite.find('testcase/failure').get('message'),
}))";
    let rules = ["mean(exact_match) >= 0.99", "failure_rate <= 50%"];
    let (_stack, paths, experiment) = delivered(json!([{"type": "junit", "rules": rules}])).await;
    let read = python(READ, &[&paths[0]]);
    // Of 30 items, 6 are refused, and of those answered 8 are answered with markup.
    let counts = json!({"tests": "32", "failures": "9", "errors": "6"});
    assert_eq!(read["root"], counts);
    let id = experiment["id"].as_str().unwrap();
    assert_eq!(read["suite"]["name"], format!("{id}/echo"));
    let tests = read["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 32);
    assert_eq!(tests[0], json!(["mean(exact_match) >= 0.99", ["failure"]]));
    assert_eq!(tests[1], json!(["failure_rate <= 0.5", ["system-out"]]));
    assert_eq!(tests[2], json!(["item-00000", ["error"]]));
    assert_eq!(tests[3], json!(["item-00001", ["system-out"]]));
    assert_eq!(tests[5], json!(["item-00003", ["failure"]]));
}

#[tokio::test]
async fn reports_hold_together_whatever_models_answer() {
    const READ: &str = "
import html.parser, json, sys
void = {'meta', 'br', 'line', 'rect', 'circle'}
class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.texts = [], {}, []
    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag not in void:
            self.open.append(tag)
    def handle_startendtag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data):
        self.texts.append(data)
reader = Reader()
reader.feed(open(sys.argv[1], encoding='utf-8').read())
print(json.dumps({'open': reader.open, 'tags': reader.tags, 'text': ''.join(reader.texts)}))";
    let sinks = json!([{"type": "html"}, {"type": "markdown", "worst_items": 2}]);
    let (_stack, paths, _) = delivered(sinks).await;
    let read = python(READ, &[&paths[0]]);
    assert_eq!(read["open"], json!([]));
    for tag in ["script", "b", "img", "link"] {
        assert_eq!(read["tags"][tag], Value::Null, "{}", read["tags"]);
    }
    let text = read["text"].as_str().unwrap();
    assert!(
        text.contains("<script>alert(1)</script>]]>\u{fffd}\u{fffd}[31m"),
        "{text}"
    );
    assert!(text.contains("no answer: bad request"), "{text}");
    assert!(text.contains("0.667"), "{text}");
    let markdown = std::fs::read_to_string(&paths[1]).unwrap();
    assert!(
        markdown.contains("## Lowest scores")
            && markdown.contains("| exact\\_match | echo | 0.667 |"),
        "{markdown}"
    );
}

#[tokio::test]
async fn one_page_tells_of_several_experiments_and_compares_them() {
    let stack = Stack::start().await;
    let mut ids = Vec::new();
    for right in [10, 30] {
        let items = (0..40).map(|id| {
            let output = if id < right { "yes" } else { HOSTILE };
            json!({"id": id.to_string(), "input": {}, "expected": "yes", "output": output})
        });
        let body = experiments::recorded(items.collect(), json!([{"type": "exact_match"}]));
        let id = stack.api().create(&body).await;
        stack.api().completed(&id, SOON).await;
        ids.push(id);
    }
    let page = stack.folder().join("report.html");
    let report = |arguments: &[&str]| {
        let mut command = Command::new(programs::path(programs::CLI));
        command
            .args(["--api", stack.api().base(), "report"])
            .args(&ids)
            .args(arguments);
        tools::run(&mut command)
    };
    report(&["--out", page.to_str().unwrap()]);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(
        html.contains("20 / 0 / 20") && html.contains("candidate higher"),
        "{html}"
    );
    assert!(!html.contains("<script"), "{html}");
    let markdown = report(&["--format", "markdown", "--worst-items", "0"]);
    assert!(markdown.contains("**candidate higher**"), "{markdown}");
    assert!(!markdown.contains("Lowest scores"), "{markdown}");
    // The run's own hash of its configuration is on record.
    let experiment = stack
        .api()
        .get(&format!("/v1/experiments/{}", ids[0]))
        .await
        .expect(200);
    let hash = experiment["models"][0]["spec_sha256"].as_str().unwrap();
    assert!(markdown.contains(&hash[..16]), "{markdown}");
}

#[tokio::test]
async fn a_sink_that_cannot_be_written_is_told_of_and_can_be_delivered_to_later() {
    let stack = Stack::start().await;
    let mut body = experiments::valid();
    body["experiment_id"] = json!("blocked");
    body["config"]["sinks"] = json!([{"type": "html"}, {"type": "jsonl"}]);
    // Where the page is to lie, there is a folder with something in it.
    let place = stack
        .artifacts()
        .join("experiments/blocked/exports/0000-recorded.html");
    std::fs::create_dir_all(place.join("occupied")).unwrap();
    let id = stack.api().create(&body).await;
    // Meanwhile the scores can be read, and the experiment says what it waits for.
    eventually("it says what keeps it", SOON, async || {
        let experiment = stack.api().get("/v1/experiments/blocked").await.expect(200);
        match experiment["models"][0]["waiting_on"]["detail"].as_str() {
            Some(detail) if detail.contains("html") => Ok(()),
            _ => Err(experiment["models"][0].to_string()),
        }
    })
    .await;
    let summary = stack.api().summary(&id).await;
    assert_eq!(summary["models"][0]["scorers"][0]["mean"], 0.5);
    std::fs::remove_dir_all(&place).unwrap();
    let experiment = stack.api().completed(&id, SOON).await;
    let deliveries = &experiment["models"][0]["deliveries"];
    assert_eq!(
        deliveries[0]["location"],
        "experiments/blocked/exports/0000-recorded.html"
    );
    assert_eq!(deliveries[1]["sink"], "jsonl");
}
