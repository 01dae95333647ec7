//! The webhooks as they are written in TOML. Read by hand, so that no message quotes a value.

use std::path::Path;

use toml::{Table, Value};
use url::Url;

use super::{Secret, Webhook, Webhooks};
use crate::providers::Error;

pub(super) fn read(path: &Path) -> Result<Webhooks, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::Unreadable {
        path: path.display().to_string(),
        reason: error.kind(),
    })?;
    parse(&text, &|variable| std::env::var(variable).ok())
}

/// What is not TOML, or no `[webhooks.NAME]` entry, is for whoever reads the providers to find fault with.
fn parse(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Webhooks, Error> {
    let table: Table = text.parse().unwrap_or_default();
    let mut webhooks = Webhooks::default();
    let mut faults = Vec::new();
    match table.get("webhooks") {
        None => {}
        Some(Value::Table(entries)) => {
            for (name, entry) in entries {
                if let Some(webhook) = webhook(name, entry, environment, &mut faults) {
                    webhooks.webhooks.insert(name.clone(), webhook);
                }
            }
        }
        Some(_) => faults.push("`webhooks` is not a table: write `[webhooks.NAME]`".to_owned()),
    }
    match faults.is_empty() {
        true => Ok(webhooks),
        false => Err(Error::Invalid(faults)),
    }
}

fn webhook(
    name: &str,
    entry: &Value,
    environment: &dyn Fn(&str) -> Option<String>,
    faults: &mut Vec<String>,
) -> Option<Webhook> {
    let mut fault = |field: &str, message: &str| {
        faults.push(format!("`webhooks.{name}{field}` {message}"));
    };
    let Value::Table(entry) = entry else {
        fault("", "is not a table");
        return None;
    };
    let (mut url, mut secret) = (None, None);
    for (field, value) in entry {
        let place = format!(".{field}");
        match (field.as_str(), value) {
            ("url", Value::String(text)) => url = Some(address(text)),
            ("secret_env" | "secret_file", Value::String(_)) if secret.is_some() => {
                fault(
                    &place,
                    "is one too many: give `secret_env` or `secret_file`",
                );
            }
            ("secret_env", Value::String(variable)) => {
                secret = Some(of_variable(variable, environment))
            }
            ("secret_file", Value::String(path)) => secret = Some(of_file(path)),
            ("url" | "secret_env" | "secret_file", _) => fault(&place, "is not a text"),
            _ => fault(
                &place,
                "is unknown: there are `url`, `secret_env` and `secret_file`",
            ),
        }
    }
    if secret.is_none() {
        fault("", "has no secret: give `secret_env` or `secret_file`");
    }
    match url {
        None => fault(".url", "is missing"),
        Some(Err(message)) => fault(".url", message),
        Some(Ok(url)) => {
            return Some(Webhook {
                url,
                secret: secret?,
            });
        }
    }
    None
}

fn address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    match url.scheme() {
        "http" | "https" if url.host().is_some() => Ok(url),
        _ => Err("begins with neither `http://` nor `https://`"),
    }
}

/// A secret that is missing is missed when something is to be signed, as with the keys of providers.
fn of_variable(
    variable: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Secret, String> {
    let text = environment(variable)
        .ok_or_else(|| format!("the worker's variable `{variable}` is not set"))?;
    Secret::parse(&text).map_err(|why| format!("the worker's variable `{variable}`: {why}"))
}

fn of_file(path: &str) -> Result<Secret, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("`{path}` cannot be read: {}", error.kind()))?;
    Secret::parse(&text).map_err(|why| format!("`{path}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variable: &str) -> Option<String> {
        (variable == "SET").then(|| "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())
    }

    #[test]
    fn a_webhook_has_an_address_and_a_secret() {
        let text = "[providers.x]\nbase_url = \"http://x\"\n\
                    [webhooks.ci]\nurl = \"https://ci.example/hook?t=1\"\nsecret_env = \"SET\"\n\
                    [webhooks.poor]\nurl = \"http://localhost:1\"\nsecret_env = \"UNSET\"";
        let webhooks = parse(text, &environment).unwrap();
        assert_eq!(
            webhooks.get("ci").unwrap().url.as_str(),
            "https://ci.example/hook?t=1"
        );
        assert!(webhooks.get("ci").unwrap().sign("id", 1, "{}").is_ok());
        let poor = webhooks
            .get("poor")
            .unwrap()
            .sign("id", 1, "{}")
            .unwrap_err();
        assert!(poor.to_string().contains("`UNSET` is not set"), "{poor}");
        let unknown = webhooks.get("other").unwrap_err().to_string();
        assert_eq!(
            unknown,
            "the workers know no webhook `other`; they know `ci`, `poor`"
        );
    }

    #[test]
    fn all_faults_are_named_at_once_and_no_value_is_shown() {
        let text = "[webhooks.a]\nurl = \"ftp://whsec_secret\"\nsecret = \"whsec_secret\"\n\
                    [webhooks.b]\nsecret_env = 3\n[webhooks.c]\nurl = \"http://c\"\nsecret_env = \"A\"\nsecret_file = \"b\"";
        let faults = parse(text, &environment).unwrap_err().to_string();
        for part in [
            "`webhooks.a.url` begins with neither",
            "`webhooks.a.secret` is unknown",
            "`webhooks.a` has no secret",
            "`webhooks.b.url` is missing",
            "`webhooks.b.secret_env` is not a text",
            "is one too many",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
        assert!(!faults.contains("whsec_secret"), "{faults}");
    }
}
