//! The rules by which calls begin, with a clock that the tests turn.

mod circuit;
mod fleet;
mod rates;

use artifacts::run::Run;
use domain::output::CallErrorKind;
use futures::FutureExt;

use super::*;

pub(super) fn run(name: &str) -> Caller {
    Caller::outputs(&Run {
        experiment: name.parse().unwrap(),
        index: 0,
        round: 0,
    })
}

impl Gates {
    /// Adds the share of a stretch that neither takes one over nor leaves it.
    pub(super) fn join(
        self: &Arc<Self>,
        caller: &Caller,
        share: Share,
        provider: Option<&str>,
    ) -> Entrance {
        let entered = self.enter(caller, share, None, provider);
        entered
            .now_or_never()
            .expect("a free share is there at once")
    }
}

pub(super) fn calls(concurrency: u32) -> Share {
    Share {
        concurrency,
        ..Share::default()
    }
}

pub(super) fn gates() -> Arc<Gates> {
    Arc::new(Gates::new(BTreeMap::new(), CancellationToken::new()))
}

/// A stretch that may have very many calls of the provider `p` in flight.
pub(super) fn wide(gates: &Arc<Gates>) -> Entrance {
    gates.join(&run("wide"), calls(10_000), Some("p"))
}

pub(super) async fn permits(entrance: &Entrance, count: usize) -> Vec<Permit> {
    let mut permits = Vec::new();
    for _ in 0..count {
        permits.push(entrance.permit().await);
    }
    permits
}

pub(super) fn begins(entrance: &Entrance) -> bool {
    entrance.permit().now_or_never().is_some()
}

/// The calls that may be in flight: so many, and no more.
async fn allowed(entrance: &Entrance, count: usize, why: &str) -> Vec<Permit> {
    let held = permits(entrance, count).await;
    assert!(!begins(entrance), "{why}");
    held
}

pub(super) fn error(kind: CallErrorKind) -> CallError {
    CallError::new(kind, "said the provider")
}

#[tokio::test]
async fn stretches_of_a_run_pool_their_shares() {
    let gates = gates();
    let first = gates.join(&run("e"), calls(2), None);
    let second = gates.join(&run("e"), calls(1), None);
    let held = permits(&first, 3).await;
    assert!(!begins(&second));
    assert!(begins(&gates.join(&run("f"), calls(1), None)));
    drop(held);
    assert!(begins(&second));
}

#[tokio::test]
async fn a_share_that_leaves_takes_its_calls_along() {
    let gates = gates();
    let first = gates.join(&run("e"), calls(2), None);
    let second = gates.join(&run("e"), calls(2), None);
    let held = permits(&second, 3).await;
    drop(first);
    assert!(!begins(&second), "3 in flight, 2 allowed");
    let third = gates.join(&run("e"), calls(2), None);
    assert!(begins(&third), "3 in flight, 4 allowed");
    drop(held);
}

/// The stretch that begins at a chunk, with a share that was nobody's.
fn free(first: u64) -> Option<Order> {
    Some(Order {
        first,
        is_free: true,
        last_beside: None,
    })
}

/// One that has the share of a stretch before it.
fn next(first: u64) -> Option<Order> {
    Some(Order {
        is_free: false,
        ..free(first)?
    })
}

/// One after which none is begun, beside those under way.
fn last(first: u64, beside: &[u64]) -> Option<Order> {
    Some(Order {
        last_beside: Some(beside.to_vec()),
        ..next(first)?
    })
}

#[tokio::test(start_paused = true)]
async fn the_share_of_a_complete_stretch_is_used_until_the_next_one_has_it() {
    let (gates, e) = (gates(), run("e"));
    let first = gates.enter(&e, calls(2), free(0), None).await;
    let other = gates.enter(&e, calls(1), free(1), None).await;
    first.completed();
    let held = allowed(&other, 3, "3 in flight, 3 allowed").await;
    let second = gates.enter(&e, calls(2), next(2), None).now_or_never();
    let second = second.expect("its share is here");
    assert!(!begins(&second), "3 in flight, 3 allowed");
    drop(held);
    second.completed();
    tokio::time::sleep(Duration::from_millis(100)).await;
    allowed(&other, 1, "the moment has passed").await;
}

#[tokio::test(start_paused = true)]
async fn a_share_that_another_worker_may_still_use_is_waited_for() {
    let (here, there, e) = (gates(), gates(), run("e"));
    let other = here.enter(&e, calls(1), free(0), None).await;
    let first = here.enter(&e, calls(2), free(1), None).await;
    first.completed();
    let began = tokio::time::Instant::now();
    let second = there.enter(&e, calls(2), next(2), None).await;
    assert!(begins(&second));
    assert!(began.elapsed() >= Duration::from_millis(100));
    allowed(&other, 1, "the other worker has the rest").await;
}

#[tokio::test(start_paused = true)]
async fn the_last_stretch_has_what_the_others_leave() {
    let (gates, e) = (gates(), run("e"));
    let first = gates.enter(&e, calls(2), free(0), None).await;
    let other = gates.enter(&e, calls(2), free(1), None).await;
    // It was complete before the last one began, which takes the place of another.
    let early = gates.enter(&e, calls(3), free(2), None).await;
    let before = gates.enter(&e, calls(1), free(3), None).await;
    early.completed();
    before.completed();
    let last = gates.enter(&e, calls(1), last(4, &[0, 1]), None).await;
    first.completed();
    tokio::time::sleep(Duration::from_secs(60)).await;
    drop(permits(&last, 8).await);
    // It is begun again, maybe elsewhere, and so may others.
    drop(other);
    allowed(&last, 1, "1 in flight, 1 allowed").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_left_may_be_for_a_stretch_that_is_begun_elsewhere() {
    let (gates, e) = (gates(), run("e"));
    let first = gates.enter(&e, calls(2), free(0), None).await;
    let second = gates.enter(&e, calls(1), free(1), None).await;
    first.completed();
    second.completed();
    // Chunk 2 is begun with the share of chunk 0, but not here.
    let last = gates.enter(&e, calls(1), last(3, &[2]), None).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    allowed(&last, 1, "1 in flight, 1 allowed").await;
}

#[tokio::test]
async fn a_waiting_call_begins_when_another_ends() {
    let entrance = Arc::new(gates().join(&run("e"), calls(1), Some("p")));
    let held = entrance.permit().await;
    let waiting = tokio::spawn({
        let entrance = Arc::clone(&entrance);
        async move { drop(entrance.permit().await) }
    });
    tokio::task::yield_now().await;
    drop(held);
    waiting.await.unwrap();
}

#[tokio::test]
async fn stretches_that_wait_take_turns() {
    let gates = gates();
    let entrances: Vec<Entrance> = (0..5)
        .map(|_| gates.join(&run("e"), Share::default(), None))
        .collect();
    let _room = gates.join(&run("e"), calls(1), None);
    let counts = futures::future::join_all(entrances.iter().map(async |entrance| {
        let mut count = 0_u32;
        let deadline = std::time::Instant::now() + Duration::from_millis(100);
        while std::time::Instant::now() < deadline {
            let permit = entrance.permit().await;
            tokio::task::yield_now().await;
            drop(permit);
            count += 1;
        }
        count
    }))
    .await;
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least <= 2, "{counts:?}");
}

#[tokio::test]
async fn a_wait_that_is_given_up_changes_nothing() {
    let gates = gates();
    let first = wide(&gates);
    let second = gates.join(&run("e"), calls(1), Some("p"));
    let [held] = <[Permit; 1]>::try_from(permits(&first, 1).await)
        .ok()
        .unwrap();
    held.failed(&error(CallErrorKind::RateLimited), true);
    // The provider's gate is closed; the waits pass their run's pool and stop there.
    for _ in 0..100 {
        assert!(!begins(&second));
    }
    tokio::time::pause();
    drop(second.permit().await);
    assert!(begins(&second));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_refused_as_a_whole_begins_no_further_call() {
    let gates = gates();
    let (one, two) = (wide(&gates), wide(&gates));
    let refused = one.permit().await;
    refused.failed(&error(CallErrorKind::Refused), true);
    assert!(two.permit().now_or_never().is_none());
    let other = gates.join(&run("other"), calls(1), Some("p"));
    assert!(other.permit().now_or_never().is_some());
}
