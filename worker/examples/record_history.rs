//! Prints the history of a workflow as `tests/histories` keeps them.
//!
//! `cargo run -p worker --example record_history -- WORKFLOW_ID [RUN_ID] > worker/tests/histories/NAME.json`

use clap::Parser;
use runtime::temporal::TemporalConfig;
use workflows::experiment::ExperimentWorkflow;

#[derive(Parser)]
struct Arguments {
    workflow_id: String,
    /// Which part of a workflow that has continued as new; the last unless given.
    run_id: Option<String>,
    #[command(flatten)]
    temporal: TemporalConfig,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "standard output is the product")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let client = arguments
        .temporal
        .target("record-history")?
        .connect()
        .await?
        .client;
    // Of any type: the history alone is asked for.
    let workflow = client.get_workflow_handle::<ExperimentWorkflow>(arguments.workflow_id);
    let mut part = workflow.info().clone();
    part.run_id = arguments.run_id;
    let workflow = part.bind_untyped(client);
    let history = workflow.fetch_history(Default::default()).to_json().await?;
    println!("{}", String::from_utf8(history)?);
    Ok(())
}
