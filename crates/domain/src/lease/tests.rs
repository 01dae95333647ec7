//! How leases are divided, in any order of asking.

use super::*;

const CALLS: Limits = Limits {
    max_concurrency: Some(20),
    requests_per_minute: None,
    tokens_per_minute: None,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn ask(worker: &str, limits: Limits, want: u32, in_flight: u32) -> Ask {
    Ask {
        worker: worker.to_owned(),
        limits,
        want,
        in_flight,
    }
}

fn calls(leases: &mut Leases, worker: &str, want: u32, in_flight: u32, second: i64) -> u32 {
    let lease = leases.ask(&ask(worker, CALLS, want, in_flight), at(second));
    lease.concurrency.unwrap()
}

#[test]
fn a_worker_alone_gets_what_it_wants_up_to_the_limit() {
    let mut leases = Leases::default();
    assert_eq!(calls(&mut leases, "a", 7, 0, 0), 7);
    assert_eq!(calls(&mut leases, "a", 50, 7, 1), 20);
    let lease = leases.ask(&ask("a", CALLS, 3, 3), at(2));
    assert_eq!(lease.concurrency, Some(3));
    assert_eq!(lease.expires_at, at(17));
    assert_eq!(
        (lease.requests_per_minute, lease.tokens_per_minute),
        (None, None)
    );
}

#[test]
fn what_a_worker_holds_goes_to_another_only_when_it_has_come_back() {
    let mut leases = Leases::default();
    assert_eq!(calls(&mut leases, "a", 50, 0, 0), 20);
    assert_eq!(calls(&mut leases, "b", 50, 0, 1), 0);
    assert_eq!(calls(&mut leases, "a", 50, 20, 2), 10);
    assert_eq!(
        calls(&mut leases, "b", 50, 0, 3),
        0,
        "20 are in flight still"
    );
    assert_eq!(calls(&mut leases, "a", 50, 10, 4), 10);
    assert_eq!(calls(&mut leases, "b", 50, 0, 5), 10);
}

#[test]
fn a_lease_that_is_not_renewed_ends() {
    let mut leases = Leases::default();
    calls(&mut leases, "a", 50, 0, 0);
    assert_eq!(calls(&mut leases, "b", 50, 0, 14), 0);
    assert_eq!(calls(&mut leases, "b", 50, 0, 15), 20);
}

#[test]
fn a_worker_without_demand_gives_its_part_back() {
    let mut leases = Leases::default();
    calls(&mut leases, "a", 50, 0, 0);
    assert_eq!(calls(&mut leases, "a", 0, 0, 1), 0);
    assert_eq!(calls(&mut leases, "b", 50, 0, 2), 20);
    assert_eq!(leases.held.len(), 1);
}

#[test]
fn parts_follow_demand() {
    assert_eq!(fair_part(20, 50, [3].into_iter()), 17);
    assert_eq!(fair_part(20, 3, [50].into_iter()), 3);
    assert_eq!(fair_part(20, 50, [50, 50].into_iter()), 7);
    assert_eq!(fair_part(20, 50, [50, 2].into_iter()), 9);
    assert_eq!(fair_part(5, 1, [0, 0].into_iter()), 1);
    assert_eq!(fair_part(0, 9, [].into_iter()), 0);
}

#[test]
fn with_more_workers_than_calls_each_has_its_turn() {
    let limits = Limits {
        max_concurrency: Some(1),
        ..Limits::default()
    };
    let mut leases = Leases::default();
    let mut turns = BTreeMap::from([("a", 0), ("b", 0), ("c", 0)]);
    for second in 0..30 {
        for worker in ["a", "b", "c"] {
            let lease = leases.ask(&ask(worker, limits, 9, 0), at(second));
            *turns.get_mut(worker).unwrap() += lease.concurrency.unwrap();
        }
    }
    assert!(turns.values().all(|turns| *turns >= 7), "{turns:?}");
}

#[test]
fn rates_are_divided_by_demand_and_never_exceed_the_limit() {
    let limits = Limits {
        requests_per_minute: Some(600.0),
        tokens_per_minute: Some(9000.0),
        ..Limits::default()
    };
    let mut leases = Leases::default();
    let first = leases.ask(&ask("a", limits, 10, 0), at(0));
    assert_eq!(
        (first.concurrency, first.requests_per_minute),
        (None, Some(600.0))
    );
    let second = leases.ask(&ask("b", limits, 20, 0), at(1));
    assert_eq!(second.requests_per_minute, Some(0.0));
    let first = leases.ask(&ask("a", limits, 10, 5), at(2));
    assert_eq!(first.requests_per_minute, Some(200.0));
    let second = leases.ask(&ask("b", limits, 20, 0), at(3));
    assert_eq!(second.requests_per_minute, Some(400.0));
    assert_eq!(second.tokens_per_minute, Some(6000.0));
}

#[test]
fn leases_outlive_being_written_down() {
    let mut leases = Leases::default();
    calls(&mut leases, "a", 50, 0, 0);
    let json = serde_json::to_string(&leases).unwrap();
    assert_eq!(serde_json::from_str::<Leases>(&json).unwrap(), leases);
}

proptest::proptest! {
    #[test]
    fn no_order_of_asking_exceeds_the_limit(
        asks in proptest::collection::vec((0..4_usize, 0..30_u32, 0..3_i64), 1..60)
    ) {
        let mut leases = Leases::default();
        let mut granted = [(0_u32, 0_i64); 4];
        let mut now = 0;
        for (worker, want, pause) in asks {
            now += pause;
            let in_flight = match granted[worker] {
                (calls, until) if until > now => calls,
                _ => 0,
            };
            let name = worker.to_string();
            let given = calls(&mut leases, &name, want, in_flight.min(want), now);
            granted[worker] = (given.max(in_flight.min(want)), now + 15);
            let sum: u32 = granted.iter().filter(|(_, until)| *until > now).map(|(calls, _)| calls).sum();
            proptest::prop_assert!(sum <= 20, "{granted:?}");
        }
    }
}
