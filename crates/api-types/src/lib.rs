//! JSON as clients see it: what goes in and out of the HTTP API.
//!
//! The configuration of an experiment is the domain's own (`domain::config`), since it is the same words in a request
//! and in a run. Here is the rest: `experiments`, `results`, `breakdown`, `comparisons`, `schedules` and `workflows` as resources, and `problem` for errors.
//! Absent rather than `null`; times are RFC 3339 in UTC.

pub mod breakdown;
pub mod comparisons;
pub mod control;
pub mod datasets;
pub mod discovery;
pub mod experiments;
pub mod ledger;
pub mod problem;
pub mod results;
pub mod schedules;
pub mod workflows;
