use domain::comparison::scores::RunScores;
use domain::comparison::{Options, compare};
use domain::output::TokenUsage;
use domain::progress::Progress;
use domain::result::ItemResult;
use domain::summary::{RunSummary, Status};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::digest::Digest;
use crate::report::Run;

const HOSTILE: &str =
    "</pre><script>alert(1)</script>\n```\n![x](http://evil.example/x.png) & \u{1b}[31m";

fn result(id: usize, right: bool, number: f64) -> ItemResult {
    let answer = json!({"value": if right { "4".to_owned() } else { HOSTILE.to_owned() }, "latency_ms": 120.0});
    serde_json::from_value(json!({
        "item": {"id": format!("item-{id}"), "input": {"prompt": "2+2"}, "expected": "4"},
        "state": "ok",
        "output": {"item_id": format!("item-{id}"), "attempts": 1, "answer": answer},
        "scores": [
            {"name": "correct", "value": right, "eval_id": "exact_match.v1"},
            {"name": "near", "value": number, "eval_id": "fuzzy.v1", "comment": "<b>why</b>"},
        ],
    }))
    .unwrap()
}

fn failed() -> ItemResult {
    serde_json::from_value(json!({
        "item": {"id": "none", "input": {}},
        "state": "generation_failed",
        "output": {"item_id": "none", "attempts": 5, "error": {"kind": "timeout", "message": "<i>late</i> | really"}},
    }))
    .unwrap()
}

/// A run of 40 items of which so many are right, and of one that failed.
fn run(model: &str, right: usize) -> (Run, RunScores) {
    let mut digest = Digest::new(3);
    let mut scores = RunScores::new(crate::report::name("e1", model));
    let mut progress = Progress::default();
    let mut aggregates = ["correct", "near"].map(domain::aggregate::Aggregate::new);
    let results = (0..40)
        .map(|id| result(id, id < right, id as f64 / 40.0))
        .chain([failed()]);
    for result in results {
        progress.states.count(result.state);
        for (aggregate, score) in aggregates.iter_mut().zip(&result.scores) {
            aggregate.push(score.value);
        }
        digest.push(&result);
        scores.push(std::slice::from_ref(&result));
    }
    progress.aggregates = aggregates.to_vec();
    progress.generated.calls = 45;
    progress.generated.usage = TokenUsage {
        input_tokens: 12_345,
        output_tokens: 678,
        ..TokenUsage::default()
    };
    let summary = RunSummary {
        experiment_id: "e1".to_owned(),
        experiment_name: "a <b>name</b>".to_owned(),
        index: 0,
        model: model.to_owned(),
        status: Status::Completed,
        reason: None,
        started_at: Timestamp::UNIX_EPOCH,
        ended_at: Timestamp::from_second(75).unwrap(),
        progress,
        deliveries: Vec::new(),
        round: 0,
        spec_sha256: Some("f00d".repeat(16)),
        schedule_id: None,
        trace_id: None,
    };
    (Run::new(&summary, digest.finish()), scores)
}

fn report(models: &[(&str, usize)]) -> Report {
    let (runs, scores): (Vec<_>, Vec<_>) = models
        .iter()
        .map(|(model, right)| run(model, *right))
        .unzip();
    Report {
        title: "two & more".to_owned(),
        runs,
        comparison: compare(&scores, &Options::default()).ok(),
    }
}

/// The bodies of all elements of that name.
fn elements<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}"), format!("</{name}>"));
    let starts = html.split(start.as_str()).skip(1);
    starts
        .map(|rest| rest.split(end.as_str()).next().unwrap())
        .collect()
}

#[test]
fn one_run_is_told_of_with_its_scores_failures_and_worst_items() {
    let page = html(&report(&[("m", 30)])).unwrap();
    for told in [
        "<title>two &amp; more</title>",
        "0.750",
        "0.598 to 0.858",
        "1 min 15 s",
        "f00df00df00df00d",
        "no answer: timeout",
        "12,345",
        "item-30: false",
        "item-0: 0.000",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(!page.contains("id=\"comparison\""));
    let text = markdown(&report(&[("m", 30)])).unwrap();
    assert!(
        text.contains("| correct | m | 0.750 | 0.598 to 0.858 |"),
        "{text}"
    );
    assert!(text.contains("no answer: timeout | 1 |"), "{text}");
}

#[test]
fn answers_cannot_write_the_page() {
    let page = html(&report(&[("m", 30)])).unwrap();
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;"));
    assert!(!page.contains("<b>why") && !page.contains("<i>late") && !page.contains("<b>name"));
    assert!(!page.contains('\u{1b}'));
    // Nothing is fetched: no address but those in texts, no image, no sheet.
    for tag in ["<img", "<link", "src=", "href=", "url("] {
        assert!(!page.contains(tag), "{tag}");
    }
    let text = markdown(&report(&[("m", 30)])).unwrap();
    let outside: Vec<&str> = text
        .split("````text")
        .map(|part| part.rsplit("````").next().unwrap())
        .collect();
    assert!(!outside.concat().contains("script"), "{text}");
}

#[test]
fn several_runs_are_compared_in_words_and_numbers() {
    let page = html(&report(&[("weak", 8), ("strong", 34), ("equal", 34)])).unwrap();
    assert!(page.contains("id=\"comparison\""));
    assert!(page.contains("26, 0, 14"), "{page}");
    assert!(page.contains("candidate higher") && page.contains("statistically tied"));
    assert!(
        page.contains("Best in <strong>correct</strong>: strong,"),
        "{page}"
    );
    let text = markdown(&report(&[("weak", 8), ("strong", 34)])).unwrap();
    assert!(text.contains("**candidate higher**"), "{text}");
    assert!(text.contains("26 / 0 / 14"), "{text}");
    // Runs are called by their models, as long as these tell them apart.
    assert!(!text.contains("e1/strong"), "{text}");
    let text = markdown(&report(&[("same", 8), ("same", 34)])).unwrap();
    assert!(text.contains("| e1/same |"), "{text}");
}

#[test]
fn tables_keep_their_columns() {
    let text = markdown(&report(&[("weak|er", 8), ("strong", 34)])).unwrap();
    let mut columns = None;
    let mut rows = 0;
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let cells = line.replace("\\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(cells), cells, "{line}");
        rows += 1;
    }
    assert!(rows > 20, "{text}");
}

#[test]
fn a_page_can_be_read_without_eyes() {
    let page = html(&report(&[("m", 30), ("n", 20)])).unwrap();
    assert!(page.contains("<html lang=\"en\">"));
    for plot in elements(&page, "svg") {
        assert!(plot.contains("role=\"img\" aria-label=\""), "{plot}");
        assert!(!plot.contains("NaN") && !plot.contains("inf"), "{plot}");
    }
    for cell in elements(&page, "th") {
        if !cell.starts_with("ead") {
            assert!(cell.starts_with(" scope=\""), "{cell}");
        }
    }
    assert_eq!(elements(&page, "h1").len(), 1);
}

#[test]
fn a_run_of_which_nothing_is_known_has_a_page() {
    let (mut run, _) = run("m", 30);
    run.scorers.clear();
    run.digest = Default::default();
    run.dataset = None;
    run.config_sha256 = None;
    (run.started_at, run.ended_at) = (None, None);
    run.reason = Some("the dataset cannot be used".to_owned());
    let report = Report {
        title: "t".to_owned(),
        runs: vec![run],
        comparison: None,
    };
    assert!(html(&report).unwrap().contains("There are no scores."));
    assert!(
        markdown(&report)
            .unwrap()
            .contains("the dataset cannot be used")
    );
}
