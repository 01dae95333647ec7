//! How many calls a provider takes at once, found out by asking: cut when it refuses, widened while it answers.

use std::time::Duration;

use tokio::time::Instant;

/// Refusals that come together tell of one excess, and cut once.
const CUTS_APART: Duration = Duration::from_millis(500);

/// What is left of the calls in flight after a refusal.
const KEPT: f64 = 0.7;

/// Calls that may be in flight; as many as are asked for until the provider refuses one.
#[derive(Debug, Default)]
pub(super) struct Window {
    size: Option<f64>,
    cut_at: Option<Instant>,
    most_in_flight: u32,
}

impl Window {
    pub(super) fn has_room(&self, in_flight: u32) -> bool {
        self.size
            .is_none_or(|size| f64::from(in_flight) + 1.0 <= size)
    }

    /// Whether only one call at a time is taken.
    pub(super) fn is_closed_to_one(&self) -> bool {
        self.size.is_some_and(|size| size < 2.0)
    }

    pub(super) fn began(&mut self, in_flight: u32) {
        self.most_in_flight = self.most_in_flight.max(in_flight);
    }

    /// A call was refused while so many were in flight, itself among them.
    pub(super) fn refused(&mut self, in_flight: u32, now: Instant) {
        if self.cut_at.is_some_and(|at| now < at + CUTS_APART) {
            return;
        }
        let kept = f64::from(in_flight) * KEPT;
        self.size = Some(self.size.map_or(kept, |size| size.min(kept)).max(1.0));
        self.cut_at = Some(now);
    }

    /// Grows by one for each window of answers, and ends when it is wider than it was ever needed.
    pub(super) fn answered(&mut self) {
        let grown = self.size.map(|size| size + 1.0 / size);
        self.size = grown.filter(|size| *size <= 2.0 * f64::from(self.most_in_flight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_at(in_flight: u32) -> Window {
        let mut window = Window::default();
        window.began(in_flight);
        window.refused(in_flight, Instant::now());
        window
    }

    #[test]
    fn a_refusal_leaves_seven_tenths_of_the_calls_and_one_at_least() {
        let window = refused_at(10);
        assert!(window.has_room(6) && !window.has_room(7));
        let window = refused_at(1);
        assert!(window.has_room(0) && !window.has_room(1));
    }

    #[test]
    fn refusals_that_come_together_cut_once() {
        let now = Instant::now();
        let mut window = Window::default();
        window.refused(100, now);
        window.refused(90, now + Duration::from_millis(499));
        assert!(window.has_room(69));
        window.refused(60, now + Duration::from_millis(500));
        assert!(window.has_room(41) && !window.has_room(42));
    }

    #[test]
    fn answers_widen_it_until_it_is_wider_than_needed() {
        let mut window = refused_at(10);
        for _ in 0..7 {
            window.answered();
        }
        assert!(window.has_room(6) && !window.has_room(8));
        for _ in 0..1000 {
            window.answered();
        }
        assert!(window.has_room(1_000_000));
    }
}
