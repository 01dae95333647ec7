//! The nouns and rules of an evaluation: experiments, items, outputs, scores, aggregates and their statistics.
//!
//! `experiment` and `config` say what a user asks for, `item`, `output`, `score` and `result` what a run
//! produces, `samples` what those of one item come to,
//! `aggregate`, `progress` and `summary` what is told about many of them, `statistics` with what certainty, `comparison`
//! how runs differ, `gate` whether they are good enough. `limits`, `lease` and `money` bound what is asked, `walk`
//! divides it, `journal` accounts for it, `waiting` says why none begins, `schedule` when all of it begins again, `tenant` whose
//! it is; `equipment` what workers can reach, `price` what it costs, and `estimate` what an experiment may take.
//! Nothing here does I/O, reads a clock or draws a random number.

pub mod aggregate;
pub mod agreement;
pub mod comparison;
pub mod config;
pub mod dataset;
pub mod equipment;
pub mod estimate;
pub mod experiment;
pub mod fault;
pub mod gate;
pub mod interval;
pub mod item;
pub mod journal;
pub mod lease;
pub mod limits;
pub mod money;
pub mod output;
pub mod price;
pub mod progress;
pub mod result;
pub mod samples;
pub mod schedule;
pub mod score;
pub mod spec;
pub mod statistics;
pub mod summary;
pub mod tag;
pub mod tenant;
pub mod uploaded;
pub mod waiting;
pub mod walk;
