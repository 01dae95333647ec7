//! The durable contract: which workflows can be started, which activities they ask for, and the names of both.
//!
//! `experiment` runs one model over a dataset, `multi_model` several models; `provider_limit` keeps what all workers
//! together may ask of a provider; `activities` declares what the worker does for them, `ids` and `memo` what the API
//! needs to find and describe them. This code is replayed: it holds decisions only, and can name neither a clock nor a
//! runtime.

pub mod activities;
pub mod experiment;
pub mod failure;
pub mod ids;
pub mod memo;
pub mod multi_model;
pub mod options;
pub mod provider_limit;
