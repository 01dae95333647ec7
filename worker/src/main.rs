//! The program `ai-evolution-worker`: hosts the workflows and does their side effects.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use worker::config::Config;

/// Carries out the experiments of AI Evolution.
#[derive(Parser)]
#[command(
    name = "ai-evolution-worker",
    version,
    args_conflicts_with_subcommands = true
)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Ask the running worker whether it lives.
    Healthcheck {
        /// Address at which the worker tells its metrics.
        #[arg(long, env = "METRICS_LISTEN", value_name = "ADDRESS")]
        metrics_listen: SocketAddr,
    },
}

/// What a bad configuration ends with, told apart from a failure later on.
const BAD_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    let Program { command, config } = Program::parse();
    if let Some(Command::Healthcheck { metrics_listen }) = command {
        return match runtime::health::ask(metrics_listen) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail("it is not well", &error, 1),
        };
    }
    let prepared =
        runtime::telemetry::init(&config.telemetry).and_then(|()| worker::prepare(config));
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return fail("the configuration is not valid", &error, BAD_CONFIGURATION),
    };
    match serve(prepared) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail("the worker failed", &error, 1),
    }
}

fn serve(prepared: worker::Prepared) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    runtime.block_on(async { worker::run(prepared, runtime::shutdown::on_signal()?).await })
}

#[expect(clippy::print_stderr, reason = "logging may not have been started")]
fn fail(what: &str, error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("ai-evolution-worker: {what}: {error:#}");
    ExitCode::from(code)
}
