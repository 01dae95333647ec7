//! The seed of what is drawn at random, so that the same is drawn again.

use serde::Deserialize;

/// A seed as it is written in a query: from 0 to 2147483647, which is what clients of every language can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Seed(u32);

impl Seed {
    pub(crate) fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<String> for Seed {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse() {
            Ok(seed) if seed <= i32::MAX.unsigned_abs() => Ok(Self(seed)),
            _ => Err(format!(
                "`{text}` is not a whole number from 0 to {}",
                i32::MAX
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_what_clients_of_every_language_can_hold() {
        let seed = |text: &str| Seed::try_from(text.to_owned());
        assert_eq!(seed("2147483647").unwrap().get(), 2_147_483_647);
        for text in ["2147483648", "-1", "", "1.5", "99999999999"] {
            assert!(seed(text).is_err(), "{text}");
        }
    }
}
