//! The table of routes, which is also the OpenAPI document, and the list of layers.

use std::sync::Arc;
use std::time::Duration;

use api_types::problem::Problem;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use serde_json::Value;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::auth::Doorkeeper;
use crate::crowd::Crowd;
use crate::error::ApiError;
use crate::extract::body::BodyLimit;
use crate::openapi::published;
use crate::state::AppState;
use crate::{
    auth, codec, comparisons, crowd, dashboard, datasets, discovery, experiments, health, layers,
    schedules, traced, workflows,
};

/// What the document says beside the operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "AI Evolution",
        description = "AI evaluation experiments as durable workflows.\n\n\
            An experiment takes a dataset, one or more models and scorers; workers obtain an output for every item and \
            model, score it, and deliver the results. Errors are problem documents (RFC 9457) with a stable `code`. \
            Keys that are not known are refused. Times are RFC 3339 in UTC. What is absent is left out, never null.",
        contact(name = "The operators of this service"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "The service that serves this document.")),
    tags(
        (name = "experiments", description = "Create experiments and follow them."),
        (name = "results", description = "What came out, item by item and in summary."),
        (name = "datasets", description = "Upload datasets and list them."),
        (name = "schedules", description = "Start experiments again and again."),
        (name = "discovery", description = "What can be named in an experiment, and who is there to work."),
        (name = "workflows", description = "The workflows behind experiments, as Temporal sees them."),
    ),
    components(schemas(Problem)),
    // A service without API keys and issuer asks for none.
    security((), ("api_key" = [])),
    modifiers(&ApiKeys),
)]
struct Base;

/// How callers say who they are.
struct ApiKeys;

impl Modify for ApiKeys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key, or a token (JWT) of the OpenID Connect issuer, for services that ask for one."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(
            experiments::create_experiment,
            experiments::list::list_experiments
        ))
        .routes(routes!(experiments::list::count_experiments))
        .routes(routes!(
            experiments::watch::get_experiment,
            experiments::limits::change_limits
        ))
        .routes(routes!(experiments::watch::watch_experiment))
        .routes(routes!(experiments::configuration::get_experiment_config))
        .routes(routes!(experiments::control::cancel_experiment))
        .routes(routes!(experiments::control::terminate_experiment))
        .routes(routes!(experiments::control::pause_experiment))
        .routes(routes!(experiments::control::resume_experiment))
        .routes(routes!(experiments::again::retry_experiment))
        .routes(routes!(experiments::again::rescore_experiment))
        .routes(routes!(experiments::again::emit_experiment))
        .routes(routes!(experiments::results::list_results))
        .routes(routes!(experiments::results::get_item_results))
        .routes(routes!(experiments::get_summary))
        .routes(routes!(experiments::breakdown::get_breakdown))
        .routes(routes!(experiments::ledger::get_ledger))
        .routes(routes!(comparisons::get_comparison))
        .routes(routes!(datasets::create_dataset, datasets::list_datasets))
        .routes(routes!(datasets::list_dataset_versions))
        .routes(routes!(datasets::sample::get_dataset_sample))
        .routes(routes!(
            datasets::get_dataset_version,
            datasets::upload_dataset_part
        ))
        .routes(routes!(
            schedules::create_schedule,
            schedules::list_schedules
        ))
        .routes(routes!(
            schedules::get_schedule,
            schedules::update_schedule,
            schedules::delete_schedule
        ))
        .routes(routes!(schedules::pause_schedule))
        .routes(routes!(schedules::resume_schedule))
        .routes(routes!(schedules::trigger_schedule))
        .routes(routes!(schedules::backfill_schedule))
        .routes(routes!(discovery::list_scorers))
        .routes(routes!(discovery::list_adapters))
        .routes(routes!(discovery::list_providers))
        .routes(routes!(discovery::list_webhooks))
        .routes(routes!(discovery::trial::test_webhook))
        .routes(routes!(discovery::get_task_queue))
        .routes(routes!(workflows::get_workflow))
        .routes(routes!(workflows::get_workflow_history))
}

/// The published document.
pub fn openapi() -> Value {
    published(&routes().into_openapi())
}

/// What bounds a request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a request may take.
    pub time: Duration,
    /// The most bytes a body may have.
    pub body: usize,
    /// How long nothing of a body may come.
    pub stall: Duration,
    /// Requests in work at once.
    pub requests: u32,
    /// Requests that watch at once, beside those in work.
    pub watchers: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            body: 16 * 1024 * 1024,
            stall: Duration::from_secs(10),
            requests: 1024,
            watchers: 8000,
        }
    }
}

/// Who is let in.
#[derive(Debug, Default)]
pub struct Entrance {
    pub doorkeeper: Doorkeeper,
    /// Of web pages that may use the service from a browser.
    pub cors_origins: Vec<HeaderValue>,
}

/// The whole service: every route with every layer.
pub fn router(state: AppState, limits: Limits, entrance: Entrance) -> Router {
    let document = openapi();
    let docs = SwaggerUi::new("/docs")
        .config(Config::default().validator_url("none"))
        .external_url_unchecked("/openapi.json", document.clone());
    let (routes, _) = routes().split_for_parts();
    let live = state.live.clone();
    routes
        .route("/", get(dashboard::page))
        .route("/dashboard/{version}/{*path}", get(dashboard::file))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/codec/decode", post(codec::decode))
        .route("/codec/encode", post(codec::encode))
        .merge(docs)
        .fallback(async || ApiError::NoRoute)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .with_state(state)
        .layer(
            // The outermost first.
            ServiceBuilder::new()
                // Outside of everything that may still change a body.
                .layer(CompressionLayer::new().compress_when(layers::is_worth_compressing))
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(middleware::from_fn_with_state(live, traced::serve))
                // Inside of the id and outside of whatever may fail: it logs failures and completes their bodies.
                .layer(middleware::from_fn(layers::report))
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(middleware::from_fn(layers::harden))
                .layer(cors(entrance.cors_origins))
                .layer(CatchPanicLayer::custom(layers::panicked))
                .layer(middleware::from_fn_with_state(
                    Arc::new(entrance.doorkeeper),
                    auth::admit,
                ))
                .layer(middleware::from_fn_with_state(
                    Arc::new(Crowd::new(limits.requests, limits.watchers)),
                    crowd::admit,
                ))
                .layer(Extension(layers::TimeLimit(limits.time)))
                .layer(middleware::from_fn(layers::limit_time))
                .layer(Extension(BodyLimit(limits.body)))
                .layer(RequestBodyTimeoutLayer::new(limits.stall)),
        )
}

/// Lets the pages of these origins use the service, and read what answers say in headers.
fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("upload-offset"),
            // Of the Temporal UI, when it asks for payloads to be decrypted.
            HeaderName::from_static("x-namespace"),
        ])
        .expose_headers([
            header::CONTENT_DISPOSITION,
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            HeaderName::from_static("upload-offset"),
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_secs(600))
}
