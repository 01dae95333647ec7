//! What workers have been set up with, as far as others may know: no key, no secret, no path.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::price::Price;

/// What one worker can reach. A worker announces it when it starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Equipment {
    pub providers: Vec<KnownProvider>,
    /// The names of the webhooks.
    pub webhooks: Vec<String>,
}

/// A provider of the worker's table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownProvider {
    pub name: String,
    /// The protocol that it speaks, as the table names it.
    pub api: String,
    /// The host of its address, and the port if it is not the usual one.
    pub host: String,
    /// Whether the key that it asks for is there.
    pub ready: bool,
    /// What its models cost, as far as the table says so.
    pub prices: BTreeMap<String, Price>,
}
