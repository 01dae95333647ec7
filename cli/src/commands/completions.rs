//! `completions`: what a shell needs to complete commands and options.

use clap_complete::Shell;

use crate::exit::Outcome;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    shell: Shell,
}

pub(crate) fn run(mut command: clap::Command, args: &Args) -> Outcome {
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, name, &mut std::io::stdout());
    Outcome::Success
}
