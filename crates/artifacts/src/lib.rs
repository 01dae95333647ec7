//! The artifact store: where the data of experiments is, in objects of a local folder or of S3.
//!
//! `store` opens it and speaks its errors, `keys` is the layout. `datasets`, `experiments`, `outputs`, `results`,
//! `exports`, `files`, `cache` and `equipment` read and write one kind of object each; `prepared` names objects by their hash before they are
//! written. Every object is written once under its key, or again with the same content, so that no writer needs a lock.
//! `buckets` reads objects that are not of the store.

mod appended;
pub mod buckets;
pub mod cache;
pub mod datasets;
pub mod equipment;
pub mod experiments;
pub mod exports;
pub mod files;
mod folder;
mod keys;
pub mod outputs;
pub mod prepared;
pub mod results;
pub mod run;
pub mod store;

pub use store::{Error, Store};
