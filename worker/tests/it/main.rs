//! The worker from outside its modules.

mod replay;
