//! The command line of AI Evolution: a person's way to the API, over HTTP alone, and `dev`, which starts everything.
//!
//! `commands` has one module per command; `client` speaks HTTP; `file` reads experiment files; `watch` follows an
//! experiment; `report` makes a page of experiments; `output` says things on a terminal or to a program; `exit` knows what the exit codes mean.

mod client;
mod commands;
mod exit;
mod file;
mod output;
mod report;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use secrecy::SecretString;
use url::Url;

use crate::client::Client;
use crate::commands::{
    Context, again, breakdown, cancel, compare, completions, config, dataset, dev, discover,
    export, gate, ledger, limits, list, pause, report as reporting, results, resume, run, schedule,
    setup, status, summary, temporal_path, terminate, validate, webhook,
};
use crate::exit::Outcome;

/// Where the API listens unless told otherwise.
const API_PORT: u16 = 7890;

/// Run AI evaluation experiments as durable workflows, and look at what comes of them.
///
/// Without a command, `dev` is run.
#[derive(Parser)]
#[command(name = "ai-evolution", version, after_long_help = exit::HELP, max_term_width = 120)]
struct Cli {
    /// Where the API is.
    #[arg(
        long,
        global = true,
        env = "AI_EVOLUTION_API",
        default_value_t = default_api()
    )]
    api: Url,
    /// The API key, for a service that asks for one.
    #[arg(
        long,
        global = true,
        env = "AI_EVOLUTION_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    api_key: Option<SecretString>,
    /// Print JSON for programs: one document, or one line for each element of a list. Without it, tables have lines on a
    /// terminal, and tabs between their cells elsewhere.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine and run a sample experiment.
    Dev(dev::Args),
    /// Create an experiment from a file.
    Run(run::Args),
    /// Check an experiment file and start nothing.
    Validate(validate::Args),
    /// Show how far an experiment has come.
    Status(status::Args),
    /// Print items with their outputs and scores.
    Results(results::Args),
    /// Write all results into a file, and check that they are all there.
    Export(export::Args),
    /// Print the table of scores.
    Summary(summary::Args),
    /// Break the scores down by model, scorer and tag.
    Breakdown(breakdown::Args),
    /// Compare runs on the same items: which is better, and how sure that is.
    Compare(compare::Args),
    /// Write a page about experiments: scores, comparison, cost, failures, worst items.
    Report(reporting::Args),
    /// Judge an experiment by rules; the exit code says whether it passed.
    Gate(gate::Args),
    /// Upload datasets, and list those that are there.
    Dataset(dataset::Args),
    /// Start experiments again and again, at given times.
    Schedule(schedule::Args),
    /// Show what can be named in an experiment, and who is there to work.
    Discover(discover::Args),
    /// List the webhooks that workers know, and send one a test message.
    Webhook(webhook::Args),
    /// List experiments, newest first.
    List(list::Args),
    /// Stop an experiment; what is recorded is kept.
    Cancel(cancel::Args),
    /// Hold an experiment: no call is begun until it is resumed.
    Pause(pause::Args),
    /// Let a paused experiment go on where it was.
    Resume(resume::Args),
    /// Change what an experiment may use while it runs.
    Limits(limits::Args),
    /// End an experiment at once; nothing is summarised.
    Terminate(terminate::Args),
    /// Ask the items without an answer again, of an experiment that has ended.
    Retry(again::Args),
    /// Score the answers that are there again; no call is made.
    Rescore(again::Args),
    /// Deliver the results again.
    Emit(again::Args),
    /// Print what an experiment is carried out by, as a file that `run` takes.
    Config(config::Args),
    /// Account for every model call.
    Ledger(ledger::Args),
    /// Prepare Temporal: register what experiments are found by. Harmless when repeated.
    Setup(setup::Args),
    /// Print a script that lets a shell complete commands, such as `source <(ai-evolution completions bash)`.
    Completions(completions::Args),
    /// Print where Temporal's development server is; it is fetched if there is none.
    #[command(hide = true)]
    TemporalPath,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli).await {
        Ok(outcome) => outcome.into(),
        Err(error) => exit::report(&error),
    }
}

async fn execute(cli: Cli) -> anyhow::Result<Outcome> {
    let context = Context {
        client: Client::new(cli.api, cli.api_key)?,
        json: cli.json,
    };
    match cli.command {
        None => dev::run(dev_by_default()).await,
        Some(Command::Dev(args)) => dev::run(args).await,
        Some(Command::Run(args)) => run::run(&context, args).await,
        Some(Command::Validate(args)) => validate::run(&context, args).await,
        Some(Command::Status(args)) => status::run(&context, args).await,
        Some(Command::Results(args)) => results::run(&context, args).await,
        Some(Command::Export(args)) => export::run(&context, args).await,
        Some(Command::Summary(args)) => summary::run(&context, args).await,
        Some(Command::Breakdown(args)) => breakdown::run(&context, args).await,
        Some(Command::Compare(args)) => compare::run(&context, args).await,
        Some(Command::Report(args)) => reporting::run(&context, args).await,
        Some(Command::Gate(args)) => gate::run(&context, args).await,
        Some(Command::Dataset(args)) => dataset::run(&context, args).await,
        Some(Command::Schedule(args)) => schedule::run(&context, args).await,
        Some(Command::Discover(args)) => discover::run(&context, args).await,
        Some(Command::Webhook(args)) => webhook::run(&context, args).await,
        Some(Command::List(args)) => list::run(&context, args).await,
        Some(Command::Cancel(args)) => cancel::run(&context, args).await,
        Some(Command::Pause(args)) => pause::run(&context, args).await,
        Some(Command::Resume(args)) => resume::run(&context, args).await,
        Some(Command::Limits(args)) => limits::run(&context, args).await,
        Some(Command::Terminate(args)) => terminate::run(&context, args).await,
        Some(Command::Retry(args)) => again::run(&context, "retry", args).await,
        Some(Command::Rescore(args)) => again::run(&context, "rescore", args).await,
        Some(Command::Emit(args)) => again::run(&context, "emit", args).await,
        Some(Command::Config(args)) => config::run(&context, args).await,
        Some(Command::Ledger(args)) => ledger::run(&context, args).await,
        Some(Command::Setup(args)) => setup::run(&context, args).await,
        Some(Command::Completions(args)) => Ok(completions::run(Cli::command(), &args)),
        Some(Command::TemporalPath) => temporal_path::run().await,
    }
}

fn default_api() -> Url {
    let url = format!("http://127.0.0.1:{API_PORT}");
    url.parse().expect("it is an address")
}

/// The arguments of `dev` when it is not named: its defaults, told once, in its own declaration.
fn dev_by_default() -> dev::Args {
    match Cli::parse_from(["ai-evolution", "dev"]).command {
        Some(Command::Dev(args)) => args,
        _ => Cli::command()
            .error(clap::error::ErrorKind::InvalidSubcommand, "no `dev`")
            .exit(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn dev_runs_the_sample_by_default() {
        let args = dev_by_default();
        assert!(!args.no_sample);
        assert_eq!((args.api_port, args.workers), (7890, 1));
    }
}
