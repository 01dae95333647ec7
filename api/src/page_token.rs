//! Page tokens: opaque to clients, and good only for the list and the filters that they were given for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// What a token says once it is taken apart.
#[derive(Serialize, Deserialize)]
struct Token<F, P> {
    #[serde(rename = "f")]
    filters: F,
    #[serde(rename = "p")]
    position: P,
}

/// A token that leads to `position` of the list with these filters.
pub(crate) fn encode<F: Serialize, P: Serialize>(filters: F, position: P) -> String {
    let token = Token { filters, position };
    let bytes = serde_json::to_vec(&token).expect("a page token is JSON");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position that a token leads to. A token for other filters is refused.
pub(crate) fn decode<F, P>(token: &str, filters: &F) -> Result<P, ApiError>
where
    F: DeserializeOwned + PartialEq,
    P: DeserializeOwned,
{
    let bytes = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| ApiError::BadPageToken)?;
    let token: Token<F, P> = serde_json::from_slice(&bytes).map_err(|_| ApiError::BadPageToken)?;
    match token.filters == *filters {
        true => Ok(token.position),
        false => Err(ApiError::BadPageToken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_position() {
        let token = encode(("runs", Some("a")), (7, 3));
        let filters = ("runs".to_owned(), Some("a".to_owned()));
        assert_eq!(decode::<_, (u64, u64)>(&token, &filters).unwrap(), (7, 3));
    }

    #[test]
    fn a_token_for_other_filters_and_what_is_no_token_are_refused() {
        let token = encode("a", 7);
        assert!(decode::<String, u64>(&token, &"b".to_owned()).is_err());
        for token in ["", "x", "!!!", "e30", &"A".repeat(10_000)] {
            assert!(
                decode::<String, u64>(token, &"a".to_owned()).is_err(),
                "{token}"
            );
        }
    }
}
