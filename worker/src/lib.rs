//! The worker: hosts the workflows of `workflows` and implements their activities.
//!
//! `activities` is what Temporal calls; `load`, `generate`, `score` and `emit` do the work, one activity each, with
//! what `work` gives them, and `attempt` logs it. `asking` makes the calls of runs and of their scorers, when `gates` lets them. `adapters` and
//! `providers` obtain answers, `sinks` deliver results, also to `receivers` outside:
//! these know no Temporal, but for activities of others, which `standalone` asks for. `traces` tells of all work. `spool` and `sorted` hold what is too much for memory. `counts` is what Prometheus is told. `failure` is where the worker's errors
//! become Temporal's.

pub mod activities;
pub mod adapters;
mod asking;
mod attempt;
pub mod config;
mod counts;
mod emit;
mod failure;
mod gates;
mod generate;
mod hosting;
mod load;
pub mod paths;
pub mod providers;
pub mod receivers;
mod score;
mod sinks;
mod sorted;
mod spool;
mod standalone;
pub mod traces;
mod work;

pub use hosting::{Prepared, prepare, run};
