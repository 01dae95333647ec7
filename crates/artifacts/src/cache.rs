//! The cache of model calls: answers by the hash of what was asked. Failures are never kept, and tenants share nothing.

use domain::output::Answer;
use domain::tenant::Tenant;

use crate::keys;
use crate::store::{Error, Store};

impl Store {
    /// The answer to an equal call, if one is kept. `key` is a hash in hexadecimal.
    pub async fn cached_answer(
        &self,
        tenant: Option<&Tenant>,
        key: &str,
    ) -> Result<Option<Answer>, Error> {
        self.get_json(&keys::cached_answer(tenant, key)).await
    }

    /// Keeps an answer for equal calls. Of two that come at once, either may stay.
    pub async fn cache_answer(
        &self,
        tenant: Option<&Tenant>,
        key: &str,
        answer: &Answer,
    ) -> Result<(), Error> {
        self.put_json(&keys::cached_answer(tenant, key), answer)
            .await
    }
}
