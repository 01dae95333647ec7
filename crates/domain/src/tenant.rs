//! Who experiments and datasets belong to, when a service has several tenants.
//!
//! What belongs to a tenant is known outside by its plain name, and inside by its whole name, `<tenant>@<name>`. Only
//! the inside knows both, so that equal names of two tenants are two things.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Separates a tenant from a name; neither contains it.
const SEPARATOR: char = '@';

/// The longest name of a tenant, in characters.
const LONGEST: usize = 40;

/// The name of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

#[derive(Debug, thiserror::Error)]
#[error(
    "a tenant's name has 1 to {LONGEST} letters, digits, `_` or `-`, and begins with a letter or digit"
)]
pub struct NotATenant;

impl Tenant {
    /// What the whole names of everything that belongs to the tenant begin with.
    pub fn prefix(&self) -> String {
        format!("{}{SEPARATOR}", self.0)
    }
}

/// The whole name of what belongs to a tenant, or to none.
pub fn whole(tenant: Option<&Tenant>, name: &str) -> String {
    match tenant {
        Some(tenant) => tenant.prefix() + name,
        None => name.to_owned(),
    }
}

/// The tenant, if there is one, and the plain name.
pub fn parts(whole: &str) -> Result<(Option<Tenant>, &str), NotATenant> {
    match whole.split_once(SEPARATOR) {
        Some((tenant, name)) => Ok((Some(tenant.parse()?), name)),
        None => Ok((None, whole)),
    }
}

impl FromStr for Tenant {
    type Err = NotATenant;

    fn from_str(text: &str) -> Result<Self, NotATenant> {
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let goes_on_well = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        match begins_well && goes_on_well && text.len() <= LONGEST {
            true => Ok(Self(text.to_owned())),
            false => Err(NotATenant),
        }
    }
}

impl TryFrom<String> for Tenant {
    type Error = NotATenant;

    fn try_from(text: String) -> Result<Self, NotATenant> {
        text.parse()
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_are_taken_apart_as_they_were_made() {
        let tenant: Tenant = "acme".parse().unwrap();
        assert_eq!(whole(Some(&tenant), "e"), "acme@e");
        assert_eq!(parts("acme@e").unwrap(), (Some(tenant), "e"));
        assert_eq!(whole(None, "e"), "e");
        assert_eq!(parts("e").unwrap(), (None, "e"));
        for text in ["@e", "a b@e", "../@e", "a.b@e"] {
            assert!(parts(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tenant_has_a_plain_name() {
        for text in ["", "-a", "a@b", "a~b", "a/b", "a.b", "é", &"a".repeat(41)] {
            assert!(text.parse::<Tenant>().is_err(), "{text}");
        }
        assert!("team_7-b".parse::<Tenant>().is_ok());
    }
}
