//! The tokens of a call, as the provider counts them.

use serde::{Deserialize, Serialize};

/// Tokens read and written, as the provider counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenUsage {
    /// All tokens read, those from the provider's cache among them.
    pub input_tokens: u64,
    /// All tokens written, those of reasoning among them.
    pub output_tokens: u64,
    /// Tokens read that the provider had in its own cache of prompts; absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_input_tokens: u64,
    /// Tokens written that are reasoning and no part of the answer; absent when there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning_tokens: u64,
}

impl TokenUsage {
    /// The usage, as far as it was counted; none when neither count is known.
    pub fn counted(input_tokens: Option<u64>, output_tokens: Option<u64>) -> Option<Self> {
        (input_tokens.is_some() || output_tokens.is_some()).then(|| Self {
            input_tokens: input_tokens.unwrap_or_default(),
            output_tokens: output_tokens.unwrap_or_default(),
            ..Self::default()
        })
    }

    /// The same usage, of which so many tokens were cached input, and so many reasoning. A part is never more than its whole.
    pub fn of_which(self, cached_input_tokens: u64, reasoning_tokens: u64) -> Self {
        Self {
            cached_input_tokens: cached_input_tokens.min(self.input_tokens),
            reasoning_tokens: reasoning_tokens.min(self.output_tokens),
            ..self
        }
    }

    pub fn add(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_written_only_when_there_are_some_and_older_records_have_none() {
        let plain = TokenUsage::counted(Some(10), Some(5)).unwrap();
        let old = json!({"input_tokens": 10, "output_tokens": 5});
        assert_eq!(serde_json::to_value(plain).unwrap(), old);
        assert_eq!(serde_json::from_value::<TokenUsage>(old).unwrap(), plain);
        let parts = plain.of_which(4, 2);
        assert_eq!(
            serde_json::to_value(parts).unwrap(),
            json!({"input_tokens": 10, "output_tokens": 5, "cached_input_tokens": 4, "reasoning_tokens": 2})
        );
    }

    #[test]
    fn a_part_is_never_more_than_its_whole_and_sums_keep_the_parts() {
        let mut usage = TokenUsage::counted(Some(10), Some(5))
            .unwrap()
            .of_which(99, 99);
        assert_eq!((usage.cached_input_tokens, usage.reasoning_tokens), (10, 5));
        usage.add(
            TokenUsage::counted(Some(1), Some(1))
                .unwrap()
                .of_which(1, 0),
        );
        assert_eq!((usage.cached_input_tokens, usage.reasoning_tokens), (11, 5));
    }
}
