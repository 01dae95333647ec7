//! The whole system over real sockets and a real Temporal server: one module for each promise to users.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod adapters;
mod breakdowns;
mod cache;
mod cancellation;
mod comparisons;
mod completion;
mod conflicts;
mod contract;
mod control;
mod costs;
mod crashes;
mod custom_activities;
mod dashboard;
mod dataset_addresses;
mod dataset_faults;
mod datasets;
mod deployment;
mod discovery;
mod encryption;
mod examples;
mod exports;
#[cfg(target_os = "linux")]
mod faults;
mod generated_clients;
mod generation;
mod guides;
mod invalid_requests;
mod judges;
mod langfuse;
mod langfuse_traces;
mod lists;
mod logs;
mod malformed_requests;
mod metrics;
mod models;
mod object_store;
mod operations;
mod outages;
mod paging;
mod phoenix;
mod provider_limits;
mod readme;
mod real_model;
mod recovery;
mod retries;
mod rounds;
mod sample;
mod samples;
mod scale;
mod schedules;
mod scorers;
mod secrets;
mod security;
mod sinks;
mod steering;
mod temporal_away;
mod temporal_tls;
mod traces;
mod uploads;
mod versions;
mod waiting;
mod watching;
mod webhooks;
mod whole;
mod workers;
mod workflows;

/// Long enough for a small experiment on a busy machine.
const SOON: std::time::Duration = std::time::Duration::from_secs(60);
