//! The edge of a process: logs, metrics, traces, the signal to stop, whether it lives, the connection to Temporal and what is encrypted on
//! it, the address of the artifact store.
//!
//! Both servers use it; it knows no noun of the domain.

pub mod encryption;
pub mod health;
pub mod metrics;
pub mod shutdown;
pub mod storage;
pub mod telemetry;
pub mod temporal;
pub mod traces;
