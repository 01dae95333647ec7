//! How much of a list is asked for.

use serde::Deserialize;

use crate::error::ApiError;

/// A page size as it is written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PageSize(u32);

impl TryFrom<String> for PageSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number too large for the type is larger than any page, too.
        let size = is_number.then(|| text.parse().unwrap_or(u32::MAX));
        match size {
            Some(size) if size > 0 => Ok(Self(size)),
            _ => Err(format!("`{text}` is not a whole number of at least 1")),
        }
    }
}

impl PageSize {
    /// The size that is used: more than `most` is `most`.
    pub(crate) fn or_default(size: Option<Self>, default: u32, most: u32) -> u32 {
        size.map_or(default, |size| size.0.min(most))
    }
}

/// A token as it is written in a query; an empty one is none.
pub(crate) fn decode<F, P>(token: Option<&str>, filters: &F) -> Result<Option<P>, ApiError>
where
    F: serde::de::DeserializeOwned + PartialEq,
    P: serde::de::DeserializeOwned,
{
    match token {
        None | Some("") => Ok(None),
        Some(token) => crate::page_token::decode(token, filters).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_page_size_is_reduced_and_none_below_one_is_taken() {
        let size = |text: &str| PageSize::try_from(text.to_owned());
        for (text, used) in [("1", 1), ("100", 100), ("101", 100), ("99999999999", 100)] {
            let size = size(text).unwrap();
            assert_eq!(PageSize::or_default(Some(size), 20, 100), used, "{text}");
        }
        for text in ["0", "-1", "", "ten", "1.5", "+1"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(PageSize::or_default(None, 20, 100), 20);
    }
}
