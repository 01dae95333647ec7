//! The part of a worker in what all workers together may ask, with the workflow's arithmetic at the other end.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use domain::lease::{Ask, Leases};
use domain::waiting::WaitReason;
use jiff::Timestamp;
use tokio::time::Instant;

use super::*;

/// Who keeps the leases: the workflow's arithmetic, with the tests' clock.
struct Office {
    start: Instant,
    leases: Mutex<Leases>,
    is_away: AtomicBool,
}

impl Office {
    fn open() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            leases: Mutex::default(),
            is_away: AtomicBool::new(false),
        })
    }

    /// A worker whose provider `p` has these limits.
    fn worker(self: &Arc<Self>, name: &'static str, limits: Limits) -> Arc<Gates> {
        let limits = BTreeMap::from([("p".to_owned(), limits)]);
        let gates = Arc::new(Gates::new(limits, CancellationToken::new()));
        let (office, gate) = (Arc::clone(self), gates.gate("p"));
        let stopping = gates.stopping.clone();
        gates.keepers.spawn(async move {
            let ask = |ask: Ask| {
                let office = Arc::clone(&office);
                async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if office.is_away.load(Ordering::Relaxed) {
                        anyhow::bail!("it is away");
                    }
                    let passed = office.start.elapsed();
                    let now = Timestamp::UNIX_EPOCH.checked_add(passed)?;
                    Ok(lock(&office.leases).ask(&ask, now))
                }
            };
            keeper::keep("p", gate, name, stopping, ask).await;
        });
        gates
    }
}

fn at_most(calls: u32) -> Limits {
    Limits {
        max_concurrency: Some(calls),
        ..Limits::default()
    }
}

/// Calls that the workers make: how many are in flight, were at most, and were made by each.
#[derive(Default)]
struct Calls {
    in_flight: AtomicU32,
    most: AtomicU32,
}

impl Calls {
    /// Makes calls of 300 ms, as many at once as are let, until the time has passed. Tells how many.
    async fn make(self: &Arc<Self>, entrance: Entrance, time: Duration) -> u32 {
        let mut tasks = tokio::task::JoinSet::new();
        let deadline = Instant::now() + time;
        let mut made = 0;
        while let Ok(permit) = tokio::time::timeout_at(deadline, entrance.permit()).await {
            made += 1;
            let calls = Arc::clone(self);
            tasks.spawn(async move {
                let now = calls.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
                calls.most.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(300)).await;
                calls.in_flight.fetch_sub(1, Ordering::Relaxed);
                permit.answered(None);
            });
        }
        tasks.join_all().await;
        made
    }
}

#[tokio::test(start_paused = true)]
async fn two_workers_together_keep_the_limit_and_share_it() {
    let office = Office::open();
    let workers = ["a", "b"].map(|name| office.worker(name, at_most(5)));
    let made = Arc::new(Calls::default());
    let time = Duration::from_secs(60);
    let first = made.make(workers[0].join(&run("e"), calls(50), Some("p")), time);
    let second = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        made.make(workers[1].join(&run("f"), calls(50), Some("p")), time / 2)
            .await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(made.most.load(Ordering::Relaxed), 5);
    // 5 calls of 300 ms at once are 1,000 in a minute, of which little is lost to asking and handing over.
    assert!(
        (900..=1005).contains(&(first + second)),
        "{first} and {second}"
    );
    assert!(second > 100, "{first} and {second}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_has_nothing_to_ask_leaves_all_to_the_other() {
    let office = Office::open();
    let workers = ["a", "b"].map(|name| office.worker(name, at_most(6)));
    let made = Arc::new(Calls::default());
    let join = |index: usize| workers[index].join(&run("e"), calls(50), Some("p"));
    made.make(join(0), Duration::from_secs(10)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let second = made.make(join(1), Duration::from_secs(30)).await;
    assert!(second > 570, "{second}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_stops_gives_its_lease_back() {
    let office = Office::open();
    let worker = office.worker("a", at_most(6));
    let entrance = worker.join(&run("e"), calls(50), Some("p"));
    let held = permits(&entrance, 6).await;
    worker.stopping.cancel();
    drop((entrance, held));
    worker.left().await;
    assert!(worker.keepers.is_empty());
    assert_eq!(*lock(&office.leases), Leases::default());
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_no_call_begins_when_the_lease_has_ended() {
    let office = Office::open();
    let worker = office.worker("a", at_most(6));
    let entrance = worker.join(&run("e"), calls(50), Some("p"));
    let mut held = permits(&entrance, 6).await;
    office.is_away.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(14)).await;
    held.pop();
    assert!(begins(&entrance), "the lease lasts");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!begins(&entrance), "the lease has ended");
    let wait = entrance.wait().unwrap();
    assert_eq!((wait.reason, wait.until), (WaitReason::FleetLimit, None));
    office.is_away.store(false, Ordering::Relaxed);
    tokio::time::timeout(Duration::from_secs(2), entrance.permit())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_rate_holds_for_all_workers_together() {
    let office = Office::open();
    let limits = Limits {
        requests_per_minute: Some(600.0),
        ..Limits::default()
    };
    let workers = ["a", "b", "c"].map(|name| office.worker(name, limits));
    let made = Arc::new(Calls::default());
    let all = workers.iter().map(|worker| {
        made.make(
            worker.join(&run("e"), calls(50), Some("p")),
            Duration::from_secs(60),
        )
    });
    let counts = futures::future::join_all(all).await;
    let sum: u32 = counts.iter().sum();
    assert!((500..=610).contains(&sum), "{counts:?}");
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_turn_others_have_is_told_so() {
    let office = Office::open();
    let worker = office.worker("a", at_most(2));
    let one = worker.join(&run("e"), calls(50), Some("p"));
    let other = worker.join(&run("f"), calls(50), Some("p"));
    let held = permits(&one, 2).await;
    assert!(!begins(&one) && !begins(&other));
    assert!(one.wait().is_none(), "its calls are in flight");
    assert_eq!(other.wait().unwrap().reason, WaitReason::FleetLimit);
    drop(held);
    assert!(begins(&other) && other.wait().is_none());
}
