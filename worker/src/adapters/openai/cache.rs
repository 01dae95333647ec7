//! What makes two calls equal, so that the answer to one is the answer to the other.

use domain::config::OpenAiAdapter;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::providers::Provider;

/// All that the calls of a run have in common.
pub(super) struct Call {
    common: Value,
}

impl Call {
    /// The address, the model's name there and every parameter; the templates are not in it, for the messages are.
    pub(super) fn new(provider: &Provider, config: &OpenAiAdapter, model: &str) -> Self {
        let common = json!({
            "provider": config.provider,
            "base_url": provider.base_url().as_str(),
            "model": model,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "max_tokens": config.max_tokens,
            "seed": config.seed,
            "stop": config.stop,
            // Of several answers to one item, the first.
            "sample": 0,
        });
        Self { common }
    }

    /// SHA-256 of the call as JSON, in hexadecimal.
    pub(super) fn key(&self, system: Option<&str>, user: &str) -> String {
        let call = json!({"call": self.common, "system": system, "user": user});
        hex::encode(Sha256::digest(call.to_string().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Key;

    fn key(adapter: Value, base_url: &str, model: &str, user: &str) -> String {
        let mut config = json!({"provider": "p"});
        config
            .as_object_mut()
            .unwrap()
            .extend(adapter.as_object().unwrap().clone());
        let config = serde_json::from_value(config).unwrap();
        let provider = Provider::new(base_url, Key::Unneeded).unwrap();
        Call::new(&provider, &config, model).key(None, user)
    }

    #[test]
    fn calls_are_equal_only_when_all_that_is_sent_is() {
        let base = key(json!({}), "http://a", "m", "hello");
        assert_eq!(base, key(json!({}), "http://a", "m", "hello"));
        for other in [
            key(json!({"temperature": 0.5}), "http://a", "m", "hello"),
            key(json!({"seed": 1}), "http://a", "m", "hello"),
            key(json!({}), "http://b", "m", "hello"),
            key(json!({}), "http://a", "n", "hello"),
            key(json!({}), "http://a", "m", "hello!"),
        ] {
            assert_ne!(base, other);
        }
    }
}
