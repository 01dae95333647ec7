//! Scorers from the outside: against reference implementations.

mod reference;
