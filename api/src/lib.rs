//! The HTTP service: requests in, durable experiments out. Stateless; any number of it may run.
//!
//! `routes` is the table of operations, `experiments`, `schedules`, `datasets` and `workflows` are their handlers, `discovery`
//! tells what can be named in an experiment, `health` is for machines that look after the service, `dashboard` is the page at
//! `/`. `auth` lets callers in, `scope` is what each can see, `crowd` how many are served at once; `server` is what they connect
//! to. `extract`, `schema` and `error` are the edge to HTTP: what comes in is
//! checked, what goes wrong is told. `state` holds the trait through which handlers reach Temporal, in the plain types of
//! `execution` and `scheduling`;
//! `temporal` implements it and alone names the client. `traced` tells of requests. `looking` looks at an experiment for all
//! clients that ask for it at the same time, `watching` for all that follow it, `census` counts experiments.

mod auth;
mod census;
mod codec;
mod comparisons;
mod config;
mod counts;
mod crowd;
mod dashboard;
mod datasets;
mod discovery;
mod entity_tag;
mod error;
mod execution;
mod experiments;
mod extract;
mod health;
mod held;
mod layers;
mod looking;
mod openapi;
mod page_token;
mod responses;
mod routes;
mod schedules;
mod scheduling;
mod schema;
mod scope;
mod serve;
mod server;
mod settling;
mod state;
mod temporal;
mod traced;
mod watching;
mod workflows;

pub use crate::auth::{Doorkeeper, Keys, NewKey, Role, Tokens};
pub use crate::config::{BadConfig, Config, OidcConfig, ServerConfig};
pub use crate::error::ApiError;
pub use crate::execution::{
    Activity, Command, Execution, ExperimentFilter, History, IdUse, Input, LastFailure, Listed,
    Listing, Page, Start, TaskKind, Which,
};
pub use crate::routes::{Entrance, Limits, openapi, router};
pub use crate::scheduling::{
    Action, NewSchedule, ScheduleChange, ScheduleOrder, Scheduled, Schedules,
};
pub use crate::serve::run;
pub use crate::state::{AppState, Pages, TemporalUi, Workflows};
pub use crate::temporal::set_up;
