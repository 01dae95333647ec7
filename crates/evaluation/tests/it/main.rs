//! Scorers from the outside: against reference implementations.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod reference;
