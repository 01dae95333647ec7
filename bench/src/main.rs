//! The benchmarks: each a command that measures, prints a table and writes a file; `report` makes the page of them.
//!
//! `service` and `model` start what is measured and what it asks; `http` and `load` send requests that cost little;
//! `peers` obtains and runs the tools of others; `outcome` keeps results, `report` shows them.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::outcome::Extent;

mod api;
mod crash;
mod headroom;
mod http;
mod load;
mod machine;
mod measure;
mod model;
mod model_server;
mod outcome;
mod peers;
mod programs;
mod report;
mod runs;
mod scale;
mod service;
mod table;
mod temporal;

/// Benchmarks of AI Evolution, and of its peers in the same run.
#[derive(Parser)]
#[command(name = "bench", max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Few repeats of small sizes, to see that everything works; results go to a folder of their own.
    #[arg(long, global = true)]
    short: bool,
    /// The most repeats of anything; each benchmark has a number of its own.
    #[arg(long, global = true, value_name = "TIMES")]
    most_repeats: Option<usize>,
    /// The largest run of `scale`.
    #[arg(long, global = true, value_name = "ITEMS", default_value_t = 1_000_000)]
    most_items: u64,
}

#[derive(Subcommand)]
enum Command {
    /// One run of 1,000 to 1,000,000 items: time, memory, history, and what clients wait for.
    Scale,
    /// Creation and status of experiments: latency, throughput, and requests for a second of CPU time.
    Api,
    /// One run by each contestant: how long it takes beside the time of the model itself.
    Runs,
    /// SIGKILL in the middle of a run: calls that are repeated, and time that is lost.
    Crash,
    /// Make the page `benchmarks.md` and its plots of the results.
    Report {
        /// The folder of the page, if not `docs/`.
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
    /// All of these, one after another.
    All,
    /// Serve the model that all others ask.
    #[command(hide = true)]
    ModelServer(model_server::Config),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Command::ModelServer(config) = arguments.command {
        return model_server::run(&config);
    }
    machine::note_load();
    let extent = Extent {
        short: arguments.short,
        most_repeats: arguments.most_repeats,
        most_items: arguments.most_items,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(carry_out(arguments.command, extent))
}

async fn carry_out(command: Command, extent: Extent) -> anyhow::Result<()> {
    match command {
        Command::Scale => scale::run(extent).await,
        Command::Api => api::run(extent).await,
        Command::Runs => runs::run(extent).await,
        Command::Crash => crash::run(extent).await,
        Command::Report { into } => report::run(extent, into.as_deref()),
        Command::All => {
            api::run(extent).await?;
            runs::run(extent).await?;
            crash::run(extent).await?;
            scale::run(extent).await?;
            report::run(extent, None)
        }
        Command::ModelServer(_) => unreachable!("it needs another runtime"),
    }
}
