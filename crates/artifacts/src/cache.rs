//! The cache of model calls: answers by the hash of what was asked. Failures are never kept.

use domain::output::Answer;

use crate::keys;
use crate::store::{Error, Store};

impl Store {
    /// The answer to an equal call, if one is kept. `key` is a hash in hexadecimal.
    pub async fn cached_answer(&self, key: &str) -> Result<Option<Answer>, Error> {
        self.get_json(&keys::cached_answer(key)).await
    }

    /// Keeps an answer for equal calls. Of two that come at once, either may stay.
    pub async fn cache_answer(&self, key: &str, answer: &Answer) -> Result<(), Error> {
        self.put_json(&keys::cached_answer(key), answer).await
    }
}
