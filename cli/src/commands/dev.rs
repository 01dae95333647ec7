//! `dev`: starts Temporal, workers and the API on this machine, runs a sample experiment, and serves until told to stop.
//!
//! The story is in [`story`]; each step is a module. Nothing is installed outside the cache folder of the user,
//! nothing is written outside the data folder, and nothing listens beyond this machine.

mod checkout;
mod demo;
mod folders;
mod interrupts;
mod launches;
mod model;
mod ports;
mod process;
mod setup;
mod stack;
mod temporal;

use std::path::PathBuf;
use std::time::Duration;

use crate::client::Client;
use crate::exit::Outcome;
use crate::output::Screen;
use crate::output::words::one_line;

use self::demo::Demo;
use self::folders::Folders;
use self::interrupts::Interrupts;
use self::model::Model;
use self::ports::Ports;
use self::stack::Stack;

/// How long a part may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Experiment files to run in place of the samples.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write a page about the experiments into this file: Markdown if its name ends in `.md`, else HTML.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Stop when the experiments have ended, rather than go on serving.
    #[arg(long)]
    pub(crate) once: bool,
    /// Do not run the sample experiment.
    #[arg(long)]
    pub(crate) no_sample: bool,
    /// Serve a small language model (SmolLM2, 135M parameters) on this machine too, and run an experiment with it.
    #[arg(long)]
    pub(crate) with_model: bool,
    /// Where experiments, results and logs are kept. Unfinished experiments go on at the next start.
    #[arg(long, value_name = "DIR", default_value = "./.ai-evolution")]
    pub(crate) data_dir: PathBuf,
    /// Port of the API.
    #[arg(long, value_name = "PORT", default_value_t = crate::API_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) api_port: u16,
    /// Port of the Temporal server.
    #[arg(long, value_name = "PORT", default_value_t = 7233, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) temporal_port: u16,
    /// Port of the Temporal UI.
    #[arg(long, value_name = "PORT", default_value_t = 8088, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) ui_port: u16,
    /// Worker processes to start.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: u16,
}

/// Temporal's development server, by its path.
pub(crate) async fn temporal(say: impl Fn(String)) -> anyhow::Result<PathBuf> {
    temporal::find(&folders::cache()?, say).await
}

/// The API's program, built first in a checkout.
pub(crate) async fn api_program() -> anyhow::Result<PathBuf> {
    let programs = checkout::programs(&Screen::new()).await?;
    Ok(programs.api)
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let screen = Screen::new();
    let mut interrupts = Interrupts::new()?;
    let folders = Folders::open(&args.data_dir)?;
    let mut stack = Stack::new(folders.logs(), screen.clone());
    let result = tokio::select! {
        () = interrupts.next() => Ok(Outcome::Success),
        result = story(&args, &folders, &screen, &mut stack) => result,
    };
    stack.stop(&mut interrupts).await;
    result
}

/// From nothing to a running service with an experiment in it. Ends when something fails, or when it is to run once.
async fn story(
    args: &Args,
    folders: &Folders,
    screen: &Screen,
    stack: &mut Stack,
) -> anyhow::Result<Outcome> {
    let ports = Ports {
        api: args.api_port,
        temporal: args.temporal_port,
        ui: args.ui_port,
    };
    ports.check().await?;
    let programs = checkout::programs(screen).await?;
    let temporal = temporal::find(&folders.cache, |text| screen.say(text)).await?;
    let model = match args.with_model {
        true => Some(Model::install(&folders.cache, programs.examples()?, screen).await?),
        false => None,
    };

    let env = launches::Environment::new(folders, &ports, &programs)?;
    screen.say(format!("logs are in {}", folders.logs().display()));
    stack.start(env.temporal(&temporal))?;
    stack
        .until("Temporal", START_LIMIT, || ports::accepts(ports.temporal))
        .await?;
    if let Err(error) = setup::prepare(env.setup()).await {
        let reason = one_line(&format!("{error:#}"), 300);
        screen.say(format!("lists will be slow to filter: {reason}"));
    }
    if let Some(model) = &model {
        let port = ports::free()?;
        folders.write_providers(port)?;
        stack.start(model.launch(port))?;
        stack
            .until("the model", START_LIMIT, || model::answers(port))
            .await?;
    }
    for number in 1..=args.workers {
        stack.start(env.worker(number, model.is_some()))?;
    }
    stack.start(env.api())?;
    let client = Client::new(ports.api_url().parse()?, None)?;
    stack
        .until("the API", START_LIMIT, || async {
            client.ready().await.map_err(anyhow::Error::from)
        })
        .await?;
    screen.say(format!(
        "ready\n  API          {api}/v1\n  API docs     {api}/docs\n  Temporal UI  {ui}\n  results      {results}",
        api = ports.api_url(),
        ui = ports.ui_url(),
        results = folders.artifacts().display(),
    ));

    let mut samples = args.files.clone();
    if samples.is_empty()
        && let Ok(examples) = programs.examples()
    {
        samples.extend((!args.no_sample).then(|| examples.join("sample.yaml")));
        samples.extend(args.with_model.then(|| examples.join("smollm2.yaml")));
    }
    let own = match ports.api {
        crate::API_PORT => programs.own().to_owned(),
        _ => format!("{} --api {}", programs.own(), ports.api_url()),
    };
    let demo = Demo {
        client: &client,
        screen,
        folders,
        own: &own,
        report: args.report.as_deref(),
    };
    let shown = async {
        let outcome = demo.show(&samples).await;
        if !args.once {
            screen.say("serving until Ctrl-C");
            std::future::pending::<()>().await;
        }
        outcome
    };
    tokio::select! {
        result = stack.supervise() => result.map(|()| Outcome::Success),
        outcome = shown => Ok(outcome),
    }
}
