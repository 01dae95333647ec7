//! The harness of the system tests: the programs, a real Temporal server, and what stands in for the outside.
//!
//! A test starts a `Stack` (API and workers as processes, with a task queue and folders of their own) and speaks to it
//! through `Client`, raw JSON over HTTP as a stranger would; every answer is held against the published document
//! (`document`). `model_server` plays the provider and counts what it is asked; `issuer` signs tokens, `raw` is a
//! connection without manners; `receiver` plays whoever is sent messages, `collector` whoever keeps traces; `temporal` runs the server and looks into histories; `s3` runs an object store; `faults` fills a disk and sets
//! clocks wrong; `authority` signs certificates and `door` is TLS before the server; `tools` obtains programs of other languages. `eventually` waits for a condition with a deadline. All processes die with the test process
//! (`process`), whatever its end.

pub mod authority;
pub mod client;
pub mod collector;
mod document;
pub mod door;
pub mod experiments;
pub mod faults;
pub mod file_server;
pub mod issuer;
pub mod malformed;
pub mod model_server;
pub mod process;
pub mod programs;
pub mod raw;
pub mod receiver;
pub mod s3;
pub mod stack;
pub mod temporal;
pub mod tools;
pub mod wait;

pub use client::{Answer, Client};
pub use collector::Collector;
pub use model_server::{ModelServer, Reply};
pub use process::{Process, Signal};
pub use receiver::Receiver;
pub use stack::Stack;
pub use wait::eventually;
