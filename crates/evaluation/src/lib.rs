//! The pure half of an evaluation: prompts rendered, outputs scored. Never I/O, a clock or randomness.
//!
//! `prompts` makes the messages for an item, `scorers` judges its output; both are compiled once and used for every item.
//! `check` compiles all of a configuration, to find the faults that only compiling finds.
//! The API checks with it when an experiment is created, the worker runs it.

mod check;
pub mod prompts;
pub mod scorers;
mod text;

pub use check::check;
