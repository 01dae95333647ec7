//! The command line, run as a person runs it, against an API that answers what each test wants.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod commands;
mod comparing;
mod control;
mod dev;
mod discovery;
mod json;
mod program;
mod refusals;
mod reporting;
mod schedules;
mod stub;
mod watching;
