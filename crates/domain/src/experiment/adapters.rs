//! The rules of adapters that types cannot express.

use std::collections::{BTreeMap, HashSet};

use super::check_path;
use crate::config::{
    AdapterConfig, ChatAdapter, DatasetConfig, ExperimentConfig, HttpMethod, HttpRequest,
    HttpScorer, RecordedAdapter, SseEvents,
};
use crate::fault::Fault;

/// What `tool_choice` says beside the name of a tool.
const CHOICES: [&str; 3] = ["auto", "none", "required"];

/// Headers that belong to the provider table or to the connection.
const NOT_FOR_EXPERIMENTS: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Adds every fault of an adapter that stands at `pointer`.
pub(super) fn check(
    adapter: &AdapterConfig,
    pointer: &str,
    config: &ExperimentConfig,
    faults: &mut Vec<Fault>,
) {
    let mut found = Vec::new();
    match adapter {
        AdapterConfig::Recorded(recorded) => check_recorded(recorded, config, &mut found),
        AdapterConfig::OpenAi(chat) | AdapterConfig::Chat(chat) => check_tools(chat, &mut found),
        AdapterConfig::Http(http) => check_request(&http.request, &mut found),
        AdapterConfig::Sse(sse) => {
            check_request(&sse.request, &mut found);
            check_events(&sse.events, &mut found);
        }
        AdapterConfig::Embeddings(_) => {}
        AdapterConfig::Activity(activity) => {
            let fault = activity.fault();
            found.extend(fault.map(|(field, message)| Fault::new(field, message)));
        }
    }
    if adapter
        .timeout()
        .is_some_and(|limit| limit.as_duration().is_zero())
    {
        found.push(Fault::new("/timeout", "a call takes some time"));
    }
    faults.extend(found.into_iter().map(|fault| fault.under(pointer)));
}

/// Adds every fault of a scorer at `pointer` that is a service.
pub(super) fn check_service(scorer: &HttpScorer, pointer: &str, faults: &mut Vec<Fault>) {
    let mut found = Vec::new();
    check_request(&scorer.call().request, &mut found);
    faults.extend(found.into_iter().map(|fault| {
        let field = fault.pointer.trim_start_matches("/request");
        Fault::new(format!("{pointer}{field}"), fault.message)
    }));
}

fn check_recorded(recorded: &RecordedAdapter, config: &ExperimentConfig, faults: &mut Vec<Fault>) {
    match (&recorded.path, &config.dataset) {
        (Some(path), _) => check_path(path, "/path", faults),
        (None, DatasetConfig::Inline(dataset))
            if dataset.items.iter().all(|item| item.output.is_none()) =>
        {
            faults.push(Fault::new(
                "",
                "no item has an `output`, so nothing is recorded: add outputs to the items, or give a `path`",
            ));
        }
        (None, _) => {}
    }
    if recorded.path.is_none() && config.execution.samples > 1 {
        faults.push(Fault::new(
            "",
            "an item has one `output` of its own: record several in a file, each with its `sample`, and give its `path`, or set `execution.samples` to 1",
        ));
    }
}

fn check_tools(chat: &ChatAdapter, faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for (index, tool) in chat.tools.iter().enumerate() {
        let name = &tool.name;
        let message = match name.as_str() {
            choice if CHOICES.contains(&choice) => {
                format!("`{name}` means something else in `tool_choice`: call the tool otherwise")
            }
            _ if !seen.insert(name) => {
                format!("another tool is named `{name}` too; names are unique")
            }
            _ => continue,
        };
        faults.push(Fault::new(format!("/tools/{index}/name"), message));
    }
    let Some(choice) = &chat.tool_choice else {
        return;
    };
    if chat.tools.is_empty() {
        faults.push(Fault::new("/tool_choice", "there are no `tools` to choose"));
    } else if !CHOICES.contains(&choice.as_str()) && !seen.contains(choice) {
        faults.push(Fault::new(
            "/tool_choice",
            format!("there is no tool `{choice}`: write `auto`, `none`, `required` or the name of a tool"),
        ));
    }
}

fn check_request(request: &HttpRequest, faults: &mut Vec<Fault>) {
    let path = &request.path;
    let leads_out = path.contains("://")
        || path.starts_with("//")
        || path.contains('\\')
        || path.split('/').any(is_dots);
    if leads_out {
        faults.push(Fault::new(
            "/request/path",
            "a path is appended to the provider's address and stays below it",
        ));
    }
    if path.contains(['?', '#']) || path.chars().any(char::is_control) {
        faults.push(Fault::new(
            "/request/path",
            "a path has no `?`, `#` or control characters; give what follows a `?` as `query`",
        ));
    }
    if request.method == HttpMethod::Get && request.body.is_some() {
        faults.push(Fault::new("/request/body", "a `GET` has no body"));
    }
    check_headers(&request.headers, faults);
}

/// `..` and `.`, also when their dots are percent-encoded.
fn is_dots(part: &str) -> bool {
    matches!(
        part.to_ascii_lowercase().replace("%2e", ".").as_str(),
        "." | ".."
    )
}

fn check_headers(headers: &BTreeMap<String, String>, faults: &mut Vec<Fault>) {
    for (name, value) in headers {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let message = if name.is_empty() || !name.chars().all(is_token) {
            "not the name of an HTTP header"
        } else if NOT_FOR_EXPERIMENTS.contains(&name.to_ascii_lowercase().as_str()) {
            "not a header for an experiment to set; credentials are in the provider table"
        } else if !value.chars().all(|c| c == '\t' || (' '..='~').contains(&c)) {
            "not a value for an HTTP header: it has printable ASCII characters only"
        } else {
            continue;
        };
        let name = name.replace('~', "~0").replace('/', "~1");
        faults.push(Fault::new(format!("/request/headers/{name}"), message));
    }
}

fn check_events(events: &SseEvents, faults: &mut Vec<Fault>) {
    for (index, complete) in events.complete.iter().enumerate() {
        if complete.event.is_none() && complete.data.is_none() {
            faults.push(Fault::new(
                format!("/events/complete/{index}"),
                "every event would complete the answer: give the `event` or its `data`",
            ));
        }
    }
    let carries_an_answer = events.text.is_some()
        || events.tool_call.is_some()
        || events.complete.iter().any(|event| event.answer.is_some());
    if !carries_an_answer {
        faults.push(Fault::new(
            "/events",
            "no event carries an answer: give `text`, `tool_call` or an `answer` of a completing event",
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pointers(adapter: Value) -> Vec<String> {
        let config = json!({
            "dataset": {"type": "jsonl", "path": "items.jsonl"},
            "adapter": adapter,
            "models": [{"name": "a"}],
            "scorers": [{"type": "exact_match"}],
        });
        let config: ExperimentConfig = serde_json::from_value(config).unwrap();
        let mut faults = Vec::new();
        let adapter = config.adapter.as_ref().unwrap();
        check(adapter, "", &config, &mut faults);
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    fn http(request: Value) -> Vec<String> {
        let response = json!({"answer": "$.a"});
        pointers(json!({"type": "http", "provider": "p", "request": request, "response": response}))
    }

    fn sse(events: Value) -> Vec<String> {
        pointers(json!({"type": "sse", "provider": "p", "events": events}))
    }

    #[test]
    fn a_choice_is_of_the_tools_there_are() {
        let chat = |more: Value| {
            let mut chat = json!({"type": "chat", "provider": "p"});
            let more = more.as_object().unwrap().clone();
            chat.as_object_mut().unwrap().extend(more);
            pointers(chat)
        };
        let tools = json!([{"name": "f"}]);
        for choice in ["auto", "none", "required", "f"] {
            let good = json!({"tools": tools, "tool_choice": choice});
            assert!(chat(good).is_empty(), "{choice}");
        }
        assert_eq!(
            chat(json!({"tools": tools, "tool_choice": "g"})),
            ["/tool_choice"]
        );
        assert_eq!(chat(json!({"tool_choice": "auto"})), ["/tool_choice"]);
        assert_eq!(
            chat(json!({"tools": [{"name": "f"}, {"name": "f"}, {"name": "auto"}]})),
            ["/tools/1/name", "/tools/2/name"]
        );
        assert_eq!(chat(json!({"timeout": "0s"})), ["/timeout"]);
    }

    #[test]
    fn a_path_stays_below_the_providers_address() {
        for path in ["", "/chat", "chat/v1/", "a.b/..c", "a/%20"] {
            assert!(http(json!({"path": path})).is_empty(), "{path}");
        }
        for path in [
            "../x",
            "a/../../x",
            "a/..",
            "%2e%2E/x",
            ".%2e",
            "//host/x",
            "http://host",
            "a\\b",
            "a?b",
            "a#b",
            "a\nb",
        ] {
            assert_eq!(http(json!({"path": path})), ["/request/path"], "{path}");
        }
    }

    #[test]
    fn headers_carry_no_credentials() {
        assert!(http(json!({"headers": {"X-Team": "evals"}})).is_empty());
        for name in [
            "Authorization",
            "cookie",
            "Host",
            "Content-Length",
            "a b",
            "",
        ] {
            let found = http(json!({"headers": {name: "x"}}));
            assert_eq!(found, [format!("/request/headers/{name}")]);
        }
        assert_eq!(
            http(json!({"headers": {"X": "a\nb"}})),
            ["/request/headers/X"]
        );
        let get = json!({"method": "GET", "body": {}});
        assert_eq!(http(get), ["/request/body"]);
    }

    #[test]
    fn a_stream_has_an_end_and_an_answer() {
        let text = json!({"path": "$.text"});
        assert!(sse(json!({"text": text, "complete": [{"data": "[DONE]"}]})).is_empty());
        assert!(sse(json!({"complete": [{"event": "done", "answer": "$.final"}]})).is_empty());
        assert_eq!(
            sse(json!({"text": text, "complete": [{}]})),
            ["/events/complete/0"]
        );
        assert_eq!(sse(json!({"complete": [{"event": "done"}]})), ["/events"]);
    }
}
