//! `temporal-path`: where Temporal's development server is, fetched if need be. For scripts and the tests.

use crate::commands::dev;
use crate::exit::Outcome;
use crate::output;

#[expect(clippy::print_stderr, reason = "standard output is the path alone")]
pub(crate) async fn run() -> anyhow::Result<Outcome> {
    let path = dev::temporal(|text| eprintln!("{text}")).await?;
    output::line(path.display())?;
    Ok(Outcome::Success)
}
