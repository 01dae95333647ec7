//! The rates of a run, and what a provider that asks for less gets.

use domain::waiting::WaitReason;
use tokio::time::Instant;

use super::*;

fn rated(requests: Option<f64>, tokens: Option<f64>) -> Share {
    Share {
        concurrency: 1000,
        requests_per_minute: requests,
        tokens_per_minute: tokens,
    }
}

fn usage(tokens: u64) -> Option<TokenUsage> {
    TokenUsage::counted(Some(tokens), None)
}

async fn seconds_for(entrance: &Entrance, count: usize) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        entrance.permit().await.answered(None);
    }
    start.elapsed().as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn requests_are_spread_evenly_over_the_minute() {
    let gates = gates();
    let entrance = gates.join(&run("e"), rated(Some(120.0), None), Some("p"));
    let seconds = seconds_for(&entrance, 22).await;
    assert!((9.9..10.2).contains(&seconds), "{seconds}");
    let wait = entrance.wait();
    assert!(
        wait.is_none(),
        "half a second is not worth a word: {wait:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn rates_of_stretches_add_up() {
    let gates = gates();
    let entrance = gates.join(&run("e"), rated(Some(60.0), None), None);
    let other = gates.join(&run("e"), rated(Some(180.0), None), None);
    let seconds = seconds_for(&entrance, 44).await;
    assert!((9.9..10.8).contains(&seconds), "{seconds}");
    drop(other);
    let seconds = seconds_for(&entrance, 10).await;
    assert!((9.0..10.5).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_comes_back_has_no_more_than_one_that_stayed() {
    let gates = gates();
    let start = Instant::now();
    for _ in 0..11 {
        let entrance = gates.join(&run("e"), rated(Some(6.0), None), None);
        entrance.permit().await.answered(None);
    }
    assert_eq!(start.elapsed().as_secs(), 100);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_charged_after_the_answer_and_what_is_owed_is_waited_for() {
    let gates = gates();
    let entrance = gates.join(&run("e"), rated(None, Some(600.0)), Some("p"));
    let [first, second] = [entrance.permit().await, entrance.permit().await];
    first.answered(usage(60));
    second.answered(usage(50));
    assert!(!begins(&entrance));
    let wait = entrance.wait().unwrap();
    assert_eq!(wait.reason, WaitReason::RateLimit);
    assert!(wait.until.is_some());
    let seconds = seconds_for(&entrance, 1).await;
    assert!((10.0..10.2).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_gets_fewer_calls_at_once_from_all_runs() {
    let gates = gates();
    let entrance = wide(&gates);
    let mut held = permits(&entrance, 10).await;
    let verdict = held
        .pop()
        .unwrap()
        .failed(&error(CallErrorKind::RateLimited), true);
    assert_eq!(verdict, Verdict::Excused);
    held.truncate(7);
    assert!(!begins(&entrance));
    held.pop();
    let other = gates.join(&run("other"), calls(5), Some("p"));
    held.push(other.permit().await);
    assert!(!begins(&other));
    assert!(entrance.wait().is_none(), "calls are in flight");
    assert!(begins(&gates.join(&run("other"), calls(5), Some("q"))));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_says_how_long_is_left_alone_by_everybody() {
    let gates = gates();
    let entrance = wide(&gates);
    let other = gates.join(&run("other"), calls(5), Some("p"));
    let [first, second] = [entrance.permit().await, entrance.permit().await];
    let mut asked = error(CallErrorKind::RateLimited);
    asked.retry_after_ms = Some(7000);
    first.failed(&asked, true);
    asked.retry_after_ms = Some(1000);
    second.failed(&asked, true);
    let wait = other.wait().unwrap();
    assert_eq!(wait.reason, WaitReason::RateLimit);
    let seconds = seconds_for(&other, 1).await;
    assert!((7.0..7.1).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_everything_is_asked_once_a_second() {
    let entrance = wide(&gates());
    let start = Instant::now();
    for _ in 0..10 {
        entrance
            .permit()
            .await
            .failed(&error(CallErrorKind::RateLimited), true);
    }
    assert_eq!(start.elapsed().as_secs(), 9);
}
