//! The program `ai-evolution-api`: chooses a command and calls it.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use domain::tenant::Tenant;
use jiff::Timestamp;
use runtime::temporal::TemporalConfig;

/// The HTTP service of AI Evolution.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Program {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: api::Config,
}

#[derive(Subcommand)]
enum Command {
    /// Serve; also what happens without a command.
    Serve(Box<api::Config>),
    /// Print the OpenAPI document.
    Openapi,
    /// Make an API key: prints it, once, and the entry for the file of `--api-keys`.
    Key {
        /// Whose key it is; written into the log of requests.
        #[arg(long)]
        name: String,
        #[arg(long, value_enum)]
        role: api::Role,
        /// The tenant whose experiments and datasets the bearer sees.
        #[arg(long)]
        tenant: Option<Tenant>,
        /// When it ends to be valid, such as `2027-01-01T00:00:00Z`.
        #[arg(long, value_name = "TIME")]
        expires: Option<Timestamp>,
    },
    /// Register in Temporal the search attributes by which experiments are found. Harmless when repeated.
    Setup {
        #[command(flatten)]
        temporal: TemporalConfig,
    },
    /// Ask the running service whether it lives.
    Healthcheck {
        /// Address that the service listens on.
        #[arg(long, env = "LISTEN", default_value = "127.0.0.1:7890")]
        listen: SocketAddr,
    },
}

/// Told apart from a failed start (1), so that nobody tries the same configuration again.
const BAD_CONFIG: u8 = 2;

fn main() -> ExitCode {
    let Program { command, config } = Program::parse();
    let done = match command {
        None => serve(config),
        Some(Command::Serve(config)) => serve(*config),
        Some(Command::Openapi) => {
            println!("{:#}", api::openapi());
            Ok(())
        }
        Some(Command::Key {
            name,
            role,
            tenant,
            expires,
        }) => api::NewKey::make(name, role, expires).and_then(|new| tell(&new.of_tenant(tenant))),
        Some(Command::Setup { temporal }) => set_up(&temporal),
        Some(Command::Healthcheck { listen }) => runtime::health::ask(listen),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            match error.is::<api::BadConfig>() {
                true => ExitCode::from(BAD_CONFIG),
                false => ExitCode::FAILURE,
            }
        }
    }
}

/// The key goes to the bearer, the entry into the file; they are told apart by the stream.
fn tell(new: &api::NewKey) -> anyhow::Result<()> {
    print!("{}", new.entry()?);
    eprintln!(
        "key: {}\nIt is not shown again. Add the entry above to the file of API keys.",
        new.key()
    );
    Ok(())
}

#[tokio::main]
async fn set_up(temporal: &TemporalConfig) -> anyhow::Result<()> {
    match api::set_up(temporal).await?.as_slice() {
        [] => println!("all search attributes are registered"),
        added => println!("registered {}", added.join(", ")),
    }
    Ok(())
}

#[tokio::main]
async fn serve(config: api::Config) -> anyhow::Result<()> {
    runtime::telemetry::init(&config.telemetry).map_err(api::BadConfig)?;
    api::run(config, runtime::shutdown::on_signal()?).await
}
