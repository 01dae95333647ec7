//! The edge of a process: logs, metrics, traces, the signal to stop, the connection to Temporal and what is encrypted on it,
//! the address of the artifact store.
//!
//! Both servers use it; it knows no noun of the domain.

pub mod encryption;
pub mod metrics;
pub mod shutdown;
pub mod storage;
pub mod telemetry;
pub mod temporal;
pub mod traces;
