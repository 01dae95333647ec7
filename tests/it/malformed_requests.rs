//! Two hundred malformed requests, made by a generator that always makes the same.

use harness::malformed::{Dice, malformed};
use harness::{Stack, temporal};

const REQUESTS: usize = 200;
const SEED: u64 = 20_261_123;

#[tokio::test]
async fn every_malformed_request_is_refused_with_the_place_of_its_fault() {
    let mut stack = Stack::prepare(temporal::shared().await).await;
    // No worker is needed: nothing starts.
    stack.start_api().await;
    let mut dice = Dice::new(SEED);
    for number in 0..REQUESTS {
        let case = malformed(&mut dice);
        let context = format!("request {number}: {} at {}", case.change, case.pointer);
        let answer = stack.api().post("/v1/experiments", &case.body).await;
        assert!(
            (400..500).contains(&answer.status),
            "{context}: {} {}",
            answer.status,
            answer.text
        );
        let pointers = answer.pointers();
        let named = pointers.iter().any(|named| {
            let (place, named) = (case.pointer.as_str(), named.as_str());
            is_part_of(place, named) || is_part_of(named, place)
        });
        assert!(named, "{context}: {}", answer.text);
    }
    let temporal = temporal::shared().await;
    assert_eq!(temporal.workflows_on(&stack.task_queue).await, 0);
}

/// Whether the place `inner` is `outer` or in it.
fn is_part_of(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
