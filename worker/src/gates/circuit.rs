//! Whether a provider is there: after many failures in a row nobody asks it but one probe now and then.

use std::time::Duration;

use tokio::time::Instant;

use super::Verdict;
use super::wait::Outage;

/// Failures in a row after which the provider is taken for away.
const AWAY: u32 = 10;

/// Failures in a row after which it may be.
const DOUBT: u32 = 5;

/// The waits between probes grow from the first to the second.
const PROBE_WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What is known of the provider's presence.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures_in_a_row: u32,
    away: Option<Away>,
}

#[derive(Debug)]
pub(super) struct Away {
    pub(super) probe_at: Instant,
    wait: Duration,
    pub(super) is_probing: bool,
    /// What the last failure said.
    pub(super) outage: Outage,
}

impl Circuit {
    pub(super) fn away(&self) -> Option<&Away> {
        self.away.as_ref()
    }

    pub(super) fn probe_begins(&mut self) {
        if let Some(away) = &mut self.away {
            away.is_probing = true;
        }
    }

    /// A probe has ended without telling anything.
    pub(super) fn probe_ends(&mut self) {
        if let Some(away) = &mut self.away {
            away.is_probing = false;
        }
    }

    /// The provider has said something, whatever it was. Tells whether it was taken for away.
    pub(super) fn is_there(&mut self) -> bool {
        self.failures_in_a_row = 0;
        self.away.take().is_some()
    }

    /// A call has failed in a way that the provider's absence explains. Only a fresh item's failure is a sign of it: a few
    /// items that fail whenever they are asked are not taken for an outage.
    pub(super) fn failed(
        &mut self,
        is_fresh: bool,
        is_probe: bool,
        outage: Outage,
        now: Instant,
    ) -> Verdict {
        if is_fresh {
            self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        }
        if let Some(away) = &mut self.away {
            away.outage = outage;
            if is_probe {
                away.is_probing = false;
                away.wait = (away.wait * 2).min(PROBE_WAITS.1);
                away.probe_at = now + away.wait;
            }
            return Verdict::Excused;
        }
        match self.failures_in_a_row {
            AWAY.. => {
                self.away = Some(Away {
                    probe_at: now + PROBE_WAITS.0,
                    wait: PROBE_WAITS.0,
                    is_probing: false,
                    outage,
                });
                Verdict::Excused
            }
            DOUBT.. => Verdict::Excused,
            _ => Verdict::Counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::output::{CallError, CallErrorKind};

    use super::*;

    fn outage() -> Outage {
        Outage::of(&CallError::new(CallErrorKind::Timeout, "too slow"))
    }

    fn fail(circuit: &mut Circuit, is_probe: bool, now: Instant) -> Verdict {
        circuit.failed(true, is_probe, outage(), now)
    }

    #[test]
    fn failures_count_at_first_and_are_excused_as_they_grow_in_number() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        let verdicts: Vec<Verdict> = (0..12).map(|_| fail(&mut circuit, false, now)).collect();
        assert_eq!(verdicts[..4], [Verdict::Counts; 4]);
        assert_eq!(verdicts[4..9], [Verdict::Excused; 5]);
        assert_eq!(verdicts[9..], [Verdict::Excused; 3]);
        assert!(circuit.away().is_some());
    }

    #[test]
    fn a_success_between_failures_begins_the_count_anew() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        for _ in 0..9 {
            fail(&mut circuit, false, now);
        }
        assert!(!circuit.is_there());
        assert_eq!(fail(&mut circuit, false, now), Verdict::Counts);
    }

    #[test]
    fn waits_between_probes_double_up_to_half_a_minute() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        for _ in 0..AWAY {
            fail(&mut circuit, false, now);
        }
        let mut waits = vec![circuit.away().unwrap().probe_at - now];
        for _ in 0..6 {
            circuit.probe_begins();
            fail(&mut circuit, true, now);
            waits.push(circuit.away().unwrap().probe_at - now);
        }
        let seconds: Vec<u64> = waits.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
        assert!(circuit.is_there());
        assert!(circuit.away().is_none());
    }
}
