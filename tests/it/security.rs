//! What attackers try, each by a name: `docs/security.md` lists them, with the tests elsewhere.

mod connections;
mod entrance;
mod list;
mod requests;
mod tokens;
