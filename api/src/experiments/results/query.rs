//! Which results a request asks for.

use domain::fault::Fault;
use domain::result::ItemState;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::experiments::results::filter::{Bound, Filter};
use crate::extract::page::PageSize;

/// The parameters as they are written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Written {
    /// Results on a page; more than 1000 is taken for 1000.
    #[param(value_type = Option<u32>, nullable = false, minimum = 1, default = 100)]
    page_size: Option<PageSize>,
    /// The `next_page_token` of the page before, with the same filters.
    #[param(nullable = false)]
    page_token: Option<String>,
    /// Only results of this model.
    #[param(nullable = false)]
    model: Option<String>,
    /// Only results in this state.
    #[param(inline = false, nullable = false)]
    state: Option<ItemState>,
    /// Only results that this scorer has scored.
    #[param(nullable = false)]
    scorer: Option<String>,
    /// Only results that the `scorer` has given at least this; true is 1, false is 0.
    #[param(value_type = Option<f64>, nullable = false)]
    min_score: Option<Bound>,
    /// Only results that the `scorer` has given at most this.
    #[param(value_type = Option<f64>, nullable = false)]
    max_score: Option<Bound>,
    /// Only results of items with this tag.
    #[param(nullable = false)]
    tag: Option<String>,
}

/// The parameters, sorted by what they are about.
#[derive(Debug, Deserialize)]
#[serde(from = "Written")]
pub(crate) struct ResultQuery {
    pub(super) page_size: Option<PageSize>,
    pub(super) page_token: Option<String>,
    pub(super) filter: Filter,
}

impl From<Written> for ResultQuery {
    fn from(written: Written) -> Self {
        Self {
            page_size: written.page_size,
            page_token: written.page_token,
            filter: Filter {
                model: written.model,
                state: written.state,
                scorer: written.scorer,
                min_score: written.min_score,
                max_score: written.max_score,
                tag: written.tag,
            },
        }
    }
}

impl ResultQuery {
    /// A stream holds all results at once.
    pub(super) fn check_for_stream(&self) -> Result<(), ApiError> {
        let message = "a file has no pages; leave it out, or accept `application/json`";
        let parameters = [
            ("/page_size", self.page_size.is_some()),
            ("/page_token", self.page_token.is_some()),
        ];
        let given = parameters.into_iter().filter(|(_, is_given)| *is_given);
        ApiError::check(
            given
                .map(|(pointer, _)| Fault::new(pointer, message))
                .collect(),
        )
    }
}
