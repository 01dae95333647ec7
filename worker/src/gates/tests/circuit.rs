//! A provider that is away: nobody asks it but one probe now and then, and no item pays for it.

use domain::waiting::WaitReason;
use tokio::time::Instant;

use super::*;

const SIGN: CallErrorKind = CallErrorKind::ProviderUnavailable;

/// A stretch whose provider has just been found away.
async fn away(gates: &Arc<Gates>) -> Entrance {
    let entrance = wide(gates);
    for permit in permits(&entrance, 10).await {
        permit.failed(&error(SIGN), true);
    }
    assert!(entrance.is_away());
    entrance
}

#[tokio::test(start_paused = true)]
async fn items_pay_for_few_failures_and_not_for_many() {
    let entrance = wide(&gates());
    let mut verdicts = Vec::new();
    for permit in permits(&entrance, 12).await {
        verdicts.push(permit.failed(&error(SIGN), true));
    }
    assert_eq!(verdicts[..4], [Verdict::Counts; 4]);
    assert_eq!(verdicts[4..9], [Verdict::Excused; 5]);
    assert_eq!(verdicts[9..], [Verdict::Excused; 3]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_run_shows_that_the_provider_is_there() {
    let gates = gates();
    let (one, other) = (wide(&gates), gates.join(&run("other"), calls(5), Some("p")));
    for _ in 0..3 {
        for permit in permits(&one, 9).await {
            permit.failed(&error(SIGN), true);
        }
        other.permit().await.answered(None);
    }
    assert!(!one.is_away());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_asked_by_one_probe_at_a_time() {
    let gates = gates();
    let entrance = away(&gates).await;
    assert!(!begins(&entrance));
    let wait = entrance.wait().unwrap();
    assert_eq!(wait.reason, WaitReason::Provider);
    assert_eq!(wait.detail, "the provider is unavailable");
    assert!(wait.until.is_some());

    let start = Instant::now();
    let probe = entrance.permit().await;
    assert_eq!(start.elapsed().as_secs(), 1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!begins(&entrance), "a probe is under way");
    assert_eq!(probe.failed(&error(SIGN), true), Verdict::Excused);

    let start = Instant::now();
    let probe = entrance.permit().await;
    assert_eq!(start.elapsed().as_secs(), 2);
    probe.answered(None);
    assert!(!entrance.is_away() && entrance.wait().is_none());
    assert_eq!(permits(&entrance, 100).await.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_makes_room_for_another() {
    let entrance = away(&gates()).await;
    drop(entrance.permit().await);
    assert!(begins(&entrance));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_probe_shows_that_the_provider_is_there() {
    for kind in [CallErrorKind::BadRequest, CallErrorKind::BadAnswer] {
        let entrance = away(&gates()).await;
        let probe = entrance.permit().await;
        assert_eq!(probe.failed(&error(kind), true), Verdict::Counts);
        assert!(!entrance.is_away());
    }
    let entrance = away(&gates()).await;
    let probe = entrance.permit().await;
    assert_eq!(
        probe.failed(&error(CallErrorKind::RateLimited), true),
        Verdict::Excused
    );
    assert!(!entrance.is_away());
}

#[tokio::test(start_paused = true)]
async fn an_item_that_cannot_be_asked_tells_nothing_of_the_provider() {
    let entrance = away(&gates()).await;
    let probe = entrance.permit().await;
    assert_eq!(
        probe.failed(&error(CallErrorKind::Item), true),
        Verdict::Counts
    );
    assert!(entrance.is_away() && begins(&entrance));
}

#[tokio::test(start_paused = true)]
async fn another_provider_is_not_concerned() {
    let gates = gates();
    let _entrance = away(&gates).await;
    let other = gates.join(&run("other"), calls(1), Some("q"));
    assert!(!other.is_away() && begins(&other));
}

#[tokio::test(start_paused = true)]
async fn items_that_fail_again_and_again_are_not_taken_for_an_outage() {
    let entrance = wide(&gates());
    for permit in permits(&entrance, 12).await {
        assert_eq!(permit.failed(&error(SIGN), false), Verdict::Counts);
    }
    assert!(!entrance.is_away());
}

#[tokio::test(start_paused = true)]
async fn that_nobody_can_be_reached_costs_no_item_an_attempt() {
    let entrance = wide(&gates());
    for permit in permits(&entrance, 12).await {
        let verdict = permit.failed(&error(CallErrorKind::Unreachable), false);
        assert_eq!(verdict, Verdict::Excused);
    }
    assert!(entrance.is_away());
}
