//! The worker: hosts the workflows of `workflows` and implements their activities.
//!
//! `activities` is what Temporal calls; `load`, `generate`, `score` and `emit` do the work, one activity each, with
//! what `work` gives them. `gates` decides when a model call may begin. `adapters` and `providers` obtain answers, `sinks` deliver results: these know no Temporal.
//! `failure` is where the worker's errors become Temporal's.

pub mod activities;
pub mod adapters;
pub mod config;
mod emit;
mod failure;
mod gates;
mod generate;
mod hosting;
mod load;
pub mod paths;
pub mod providers;
mod score;
mod sinks;
mod work;

pub use hosting::{Prepared, prepare, run};
