//! Reports of runs for people and for CI: values in, one text out. Nothing here reads, writes or asks for the time.
//!
//! `report` is what is told of; `digest` makes its part about single items, one item after another; `page` writes it as
//! HTML or Markdown by the templates in `templates/`, with what `format` and `text` know about numbers and about the texts
//! of strangers. `junit` is the report that CI systems read.

pub mod digest;
pub mod format;
pub mod junit;
mod page;
pub mod report;
mod text;

pub use page::{Error, html, markdown};
