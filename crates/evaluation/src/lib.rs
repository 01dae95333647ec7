//! The pure half of an evaluation: prompts rendered, outputs scored. Never I/O, a clock or randomness.
//!
//! `prompts` makes the messages for an item and `requests` what a service is asked, both of `templates`; `responses`
//! and `events` find an output in what comes back, at `places` in it; `scorers` judges it. All are compiled once and used for every item.
//! `check` compiles all of a configuration, to find the faults that only compiling finds;
//! `estimate` tells what it may take.
//! The API checks with it when an experiment is created, the worker runs it.

mod check;
pub mod estimate;
pub mod events;
pub mod places;
pub mod prompts;
pub mod requests;
pub mod responses;
pub mod scorers;
mod templates;
mod text;

pub use check::check;
pub use templates::RenderError;
