//! The router driven in memory: Temporal is a map, the artifact store a folder, the network is not there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod archive;
mod auth;
mod comparisons;
mod control;
mod create;
mod dashboard;
mod datasets;
mod discovery;
mod document;
mod estimates;
mod experiments;
mod exports;
mod items;
mod lists;
mod memory;
mod problems;
mod requests;
mod results;
mod rounds;
mod schedules;
mod service;
mod watching;
mod workflows;
