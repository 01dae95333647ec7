//! Which runs to compare: parameters that may be given several times.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::fault::Fault;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::extract::seed::Seed;

#[derive(Debug, Default, PartialEq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComparisonQuery {
    /// Ids of the experiments; give it once for each.
    #[param(min_items = 1, max_items = 16)]
    pub(crate) experiment: Vec<String>,
    /// Only the runs of these models; give it once for each.
    #[param(required = false, nullable = false)]
    pub(crate) model: Vec<String>,
    /// The seed of the permutation tests.
    #[param(value_type = u32, required = false, minimum = 0, default = 0)]
    pub(crate) seed: Seed,
}

impl<S: Send + Sync> FromRequestParts<S> for ComparisonQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parse(parts.uri.query().unwrap_or_default())
    }
}

/// Takes the query apart, and names every fault at once.
fn parse(text: &str) -> Result<ComparisonQuery, ApiError> {
    let mut query = ComparisonQuery::default();
    let mut faults = Vec::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        match &*name {
            "experiment" => match query.experiment.iter().any(|known| *known == value) {
                true => faults.push(Fault::new(
                    "/experiment",
                    format!("`{value}` is given twice"),
                )),
                false => query.experiment.push(value.into_owned()),
            },
            "model" => query.model.push(value.into_owned()),
            "seed" => match Seed::try_from(value.into_owned()) {
                Ok(seed) => query.seed = seed,
                Err(message) => faults.push(Fault::new("/seed", message)),
            },
            unknown => {
                let message =
                    "there is no such parameter; there are `experiment`, `model` and `seed`";
                faults.push(Fault::new(format!("/{unknown}"), message));
            }
        }
    }
    if query.experiment.is_empty() && faults.is_empty() {
        faults.push(Fault::new("/experiment", "name the experiments to compare"));
    }
    match faults.is_empty() {
        true => Ok(query),
        false => Err(ApiError::Invalid(faults)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_may_be_given_several_times() {
        let query = parse("experiment=a&experiment=b%20c&model=m&seed=7").unwrap();
        assert_eq!(query.experiment, ["a", "b c"]);
        assert_eq!((query.model, query.seed.get()), (vec!["m".to_owned()], 7));
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let Err(ApiError::Invalid(faults)) = parse("experiment=a&experiment=a&seed=-1&what=1")
        else {
            panic!("it has faults");
        };
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/experiment", "/seed", "/what"]);
        assert!(parse("").is_err());
    }
}
