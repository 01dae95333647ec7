//! Entity tags (RFC 9110, section 8.8.3): what an experiment or a file is known by, as long as nothing about it changes.

use std::fmt;

use api_types::experiments::{Experiment, ModelRun};
use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// The bytes of a hash that a tag shows.
const LENGTH: usize = 12;

/// Equal for experiments that are told alike, estimates of time left aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    pub(crate) fn of(experiment: &Experiment) -> Self {
        Self::of_content(without_estimates(experiment).unwrap_or_else(|| json(experiment)))
    }

    /// The tag of an experiment that is about to be told, and how it is told.
    pub(crate) fn and_json(experiment: &Experiment) -> (Self, Vec<u8>) {
        let told = json(experiment);
        let tag = Self::of_content(without_estimates(experiment).as_ref().unwrap_or(&told));
        (tag, told)
    }

    /// Equal for equal content.
    pub(crate) fn of_content(content: impl AsRef<[u8]>) -> Self {
        let hash = Sha256::digest(content);
        Self(hex::encode(&hash[..LENGTH]))
    }

    /// Whether a request says by `If-None-Match` that it knows what has this tag.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        let known = headers.get_all(header::IF_NONE_MATCH);
        let known = known.iter().filter_map(|value| value.to_str().ok());
        known.flat_map(|tags| tags.split(',')).any(|tag| {
            let tag = tag.trim();
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || opaque.trim_matches('"') == self.0
        })
    }

    /// As a header. Weak, for the estimates that it leaves out.
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::try_from(format!("W/\"{}\"", self.0)).expect("hexadecimal digits")
    }
}

/// An experiment as it is told.
pub(crate) fn json(experiment: &Experiment) -> Vec<u8> {
    serde_json::to_vec(experiment).expect("an experiment is JSON")
}

/// The same without estimates, if it has any.
fn without_estimates(experiment: &Experiment) -> Option<Vec<u8>> {
    let has_any = |run: &ModelRun| run.eta_seconds.is_some();
    if !experiment.models.iter().any(has_any) {
        return None;
    }
    let mut lasting = experiment.clone();
    for run in &mut lasting.models {
        run.eta_seconds = None;
    }
    Some(json(&lasting))
}

/// The bare tag, which is also the id of an event.
impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_whatever_way_it_is_written() {
        let tag = EntityTag("abc".to_owned());
        for (value, is_known) in [
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("W/\"abcd\"", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            assert_eq!(tag.is_known(&headers), is_known, "{value}");
        }
        assert!(!tag.is_known(&HeaderMap::new()));
    }
}
