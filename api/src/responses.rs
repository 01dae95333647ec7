//! The failures of operations as the OpenAPI document shows them: each type stands for those with one cause.

use std::collections::BTreeMap;

use api_types::problem::Problem;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// What can happen to any request: it is not let in, a bug of ours, or Temporal or the artifact store being away.
pub(crate) struct Anytime;

/// The query is not valid.
pub(crate) struct BadQuery;

/// The page token was not given by this list.
pub(crate) struct BadPageToken;

/// What the path names does not exist.
pub(crate) struct Missing;

/// The answer is not to be had in a form that the client accepts.
pub(crate) struct NotAcceptable;

/// The body cannot be read, or is not valid.
pub(crate) struct BadBody;

/// The part of a file cannot be added.
pub(crate) struct BadPart;

/// The chosen id is taken.
pub(crate) struct Taken;

/// The experiment has ended.
pub(crate) struct Over;

/// The experiment cannot begin another round.
pub(crate) struct NoRound;

const STALLED: &str = "Nothing of the body came for a while. Code `stalled`; send it again.";

type Responses = BTreeMap<String, RefOr<Response>>;

impl IntoResponses for Anytime {
    fn responses() -> Responses {
        let retry_after = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
            .description(Some("Seconds to wait before the next try."))
            .build();
        let unavailable = problem(
            "Temporal or the artifact store is away (code `unavailable`), the request took too long (`timeout`), or as many are in work as the service takes (`busy`). Try again.",
        );
        let wait = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
            .description(Some("Seconds to wait."))
            .build();
        responses([
            (
                "401",
                problem("The service asks for an API key or a token. Code `unauthenticated`.").build(),
            ),
            (
                "403",
                problem("The caller may not do this. Code `forbidden`.").build(),
            ),
            (
                "429",
                problem("The caller has made too many requests. Code `too_many_requests`; `RateLimit-Policy` and `RateLimit` tell how many it may make.")
                    .header("Retry-After", wait)
                    .build(),
            ),
            (
                "500",
                problem("A fault of the service. Code `internal`.").build(),
            ),
            (
                "503",
                unavailable.header("Retry-After", retry_after).build(),
            ),
        ])
    }
}

impl IntoResponses for BadQuery {
    fn responses() -> Responses {
        let description =
            "A query parameter is not valid. Code `invalid`; `errors` names every fault.";
        responses([("422", problem(description).build())])
    }
}

impl IntoResponses for BadPageToken {
    fn responses() -> Responses {
        let description = "The page token was not given by this list with the same filters. Code `bad_page_token`.";
        responses([("400", problem(description).build())])
    }
}

impl IntoResponses for Missing {
    fn responses() -> Responses {
        responses([(
            "404",
            problem("There is nothing of that id. Code `not_found`.").build(),
        )])
    }
}

impl IntoResponses for NotAcceptable {
    fn responses() -> Responses {
        let description = "None of the media types in `Accept` is one of those of a good answer. Code `not_acceptable`.";
        responses([("406", problem(description).build())])
    }
}

impl IntoResponses for BadBody {
    fn responses() -> Responses {
        responses([
            ("400", problem("The body is not JSON. Code `malformed`.").build()),
            ("408", problem(STALLED).build()),
            ("413", problem("The body is too large. Code `too_large`.").build()),
            ("415", problem("The content type is not JSON. Code `unsupported_media_type`.").build()),
            (
                "422",
                problem("The body or the query is not valid. Code `invalid`; `errors` names every fault.").build(),
            ),
        ])
    }
}

impl IntoResponses for BadPart {
    fn responses() -> Responses {
        let mismatch = "The part leads beyond the end of the file (code `invalid`), or the content of the file is not what was announced (code `content_mismatch`).";
        responses([
            (
                "400",
                problem("The body broke off. Code `malformed`.").build(),
            ),
            ("408", problem(STALLED).build()),
            (
                "409",
                problem("The part begins elsewhere than where the file ends. Code `wrong_offset`.")
                    .build(),
            ),
            (
                "413",
                problem("The part is too large. Code `too_large`.").build(),
            ),
            ("422", problem(mismatch).build()),
        ])
    }
}

impl IntoResponses for Taken {
    fn responses() -> Responses {
        let description = "The chosen id is taken. Code `conflict`.";
        responses([("409", problem(description).build())])
    }
}

impl IntoResponses for Over {
    fn responses() -> Responses {
        responses([(
            "409",
            problem("The experiment has ended. Code `ended`.").build(),
        )])
    }
}

impl IntoResponses for NoRound {
    fn responses() -> Responses {
        let description = "The experiment has not ended (code `running`), or what another round needs of it is not there (code `not_repeatable`).";
        responses([("409", problem(description).build())])
    }
}

fn responses<const N: usize>(responses: [(&str, Response); N]) -> Responses {
    responses
        .map(|(status, response)| (status.to_owned(), RefOr::T(response)))
        .into()
}

fn problem(description: &str) -> ResponseBuilder {
    let schema = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
}
