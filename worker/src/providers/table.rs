//! The provider table as it is written in TOML.
//!
//! Read by hand rather than by serde, whose messages quote values: a key written in the wrong place would be shown.

mod limits;

use std::collections::BTreeMap;

use domain::lease::Limits;
use secrecy::SecretString;
use toml::{Table, Value};

use super::prices::Price;
use super::{Api, Error, Key, Provider, Providers};

type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads `[providers.NAME]` entries, and names every fault at once.
pub(super) fn parse(text: &str, environment: Environment) -> Result<Providers, Error> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        Error::NotToml(format!(
            "line {}: {}",
            before.matches('\n').count() + 1,
            error.message()
        ))
    })?;
    let mut faults = Vec::new();
    let mut providers = BTreeMap::new();
    for (key, value) in &table {
        match (key.as_str(), value) {
            ("providers", Value::Table(entries)) => {
                for (name, entry) in entries {
                    if let Some(provider) = provider(name, entry, environment, &mut faults) {
                        providers.insert(name.clone(), provider);
                    }
                }
            }
            // Read by `receivers`.
            ("webhooks", _) => {}
            (key, _) => faults.push(format!(
                "`{key}` is unknown: write `[providers.NAME]` or `[webhooks.NAME]`"
            )),
        }
    }
    match faults.is_empty() {
        true => Ok(Providers { providers }),
        false => Err(Error::Invalid(faults)),
    }
}

fn provider(
    name: &str,
    entry: &Value,
    environment: Environment,
    faults: &mut Vec<String>,
) -> Option<Provider> {
    let Value::Table(entry) = entry else {
        faults.push(format!("`providers.{name}` is not a table"));
        return None;
    };
    let faults_before = faults.len();
    let mut fault =
        |field: &str, message: &str| faults.push(format!("`providers.{name}.{field}` {message}"));
    let mut base_url = None;
    let mut api = Api::default();
    let mut key = None;
    let mut headers = None;
    let mut most = Limits::default();
    let mut prices = BTreeMap::new();
    let mut as_of = None;
    for (field, value) in entry {
        if limits::limit(&mut most, field, value, &mut fault) {
            continue;
        }
        match (field.as_str(), value) {
            ("base_url", Value::String(url)) => base_url = Some(url),
            ("api", Value::String(name)) => match Api::of_name(name) {
                Some(known) => api = known,
                None => fault(field, &format!("is none of {}", Api::names())),
            },
            ("headers", Value::Table(table)) => headers = Some(table),
            ("prices", Value::Table(table)) => prices = limits::prices(table, &mut fault),
            ("prices_as_of", date) => as_of = limits::date(field, date, &mut fault),
            ("api_key_env" | "api_key_file", Value::String(_)) if key.is_some() => {
                fault(
                    field,
                    "is one too many: give `api_key_env` or `api_key_file`",
                );
            }
            ("api_key_env", Value::String(variable)) => {
                key = Some(key_of_variable(variable, environment))
            }
            ("api_key_file", Value::String(path)) => key = Some(key_of_file(path)),
            ("base_url" | "api" | "api_key_env" | "api_key_file", _) => {
                fault(field, "is not a text")
            }
            ("headers" | "prices", _) => fault(field, "is not a table"),
            _ => fault(
                field,
                "is unknown: there are `base_url`, `api`, `api_key_env`, `api_key_file`, `headers`, `max_concurrency`, \
                 `requests_per_minute`, `tokens_per_minute`, `prices` and `prices_as_of`",
            ),
        }
    }
    let mut provider = match base_url.map(|url| Provider::new(url, key.unwrap_or(Key::Unneeded))) {
        Some(Ok(provider)) => {
            let dated = prices
                .into_iter()
                .map(|(model, price)| (model, Price { as_of, ..price }));
            let provider = provider.with_api(api).with_limits(most);
            Some(provider.with_prices(dated.collect()))
        }
        Some(Err(message)) => {
            fault("base_url", &message);
            None
        }
        None if !entry.contains_key("base_url") => {
            fault("base_url", "is missing");
            None
        }
        None => None,
    };
    for (header, value) in headers.into_iter().flatten() {
        let field = format!("headers.{header}");
        let Value::String(value) = value else {
            fault(&field, "is not a text");
            continue;
        };
        // Checked also when there is no provider to give it to.
        let unheard =
            || Provider::new("http://localhost", Key::Unneeded).expect("the address is good");
        let changed = provider.clone().unwrap_or_else(unheard);
        match changed.with_header(header, SecretString::from(value.as_str())) {
            Ok(changed) => provider = provider.map(|_| changed),
            Err(message) => fault(&field, &format!("is {message}")),
        }
    }
    provider.filter(|_| faults.len() == faults_before)
}

fn key_of_variable(variable: &str, environment: Environment) -> Key {
    match environment(variable) {
        Some(key) => Key::present(&key, &format!("the worker's variable `{variable}`")),
        None => Key::Missing(format!("the worker's variable `{variable}` is not set")),
    }
}

fn key_of_file(path: &str) -> Key {
    match std::fs::read_to_string(path) {
        Ok(key) => Key::present(&key, &format!("the worker's file `{path}`")),
        Err(error) => Key::Missing(format!(
            "the worker's file `{path}` cannot be read: {}",
            error.kind()
        )),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn environment(variable: &str) -> Option<String> {
        (variable == "SET").then(|| " sk-secret\n".to_owned())
    }

    fn faults(text: &str) -> String {
        parse(text, &environment).unwrap_err().to_string()
    }

    #[test]
    fn a_table_gives_addresses_keys_and_headers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "sk-file\n").unwrap();
        let text = format!(
            r#"
            [providers.a]
            base_url = "https://a.example/v1"
            api_key_env = "SET"
            headers = {{ "X-Team" = "evals" }}
            [providers.b]
            base_url = "http://127.0.0.1:8080/v1/"
            [providers.c]
            base_url = "http://c"
            api_key_file = "{}"
            "#,
            file.path().display()
        );
        let providers = parse(&text, &environment).unwrap();
        let a = providers.get("a").unwrap().headers("a").unwrap();
        assert_eq!(a["authorization"].expose_secret(), "Bearer sk-secret");
        assert_eq!(a["x-team"].expose_secret(), "evals");
        assert!(providers.get("b").unwrap().headers("b").unwrap().is_empty());
        let c = providers.get("c").unwrap().headers("c").unwrap();
        assert_eq!(c["authorization"].expose_secret(), "Bearer sk-file");
        let shown = format!("{providers:?}");
        assert!(
            !shown.contains("sk-") && !shown.contains("evals"),
            "{shown}"
        );
    }

    #[test]
    fn a_missing_key_is_told_when_it_is_needed() {
        let text = "[providers.x]\nbase_url = \"http://x\"\napi_key_env = \"UNSET\"\n\
                    [providers.y]\nbase_url = \"http://y\"\napi_key_file = \"/no/such/file\"";
        let providers = parse(text, &environment).unwrap();
        let told = |name: &str| providers.get(name).unwrap().headers(name).unwrap_err();
        assert_eq!(
            told("x").message,
            "provider `x` has no API key: the worker's variable `UNSET` is not set"
        );
        assert!(told("x").kind.is_run_wide());
        assert!(
            told("y").message.contains("`/no/such/file` cannot be read"),
            "{}",
            told("y").message
        );
    }

    #[test]
    fn all_faults_are_named_at_once_and_no_value_is_shown() {
        let faults = faults(
            r#"
            other = 1
            [providers.a]
            base_url = "ftp://a"
            api_key = "sk-secret"
            headers = { "b d" = "sk-secret", "c" = 3 }
            [providers.b]
            api_key_env = ["sk-secret"]
            api = "grpc"
            [providers.c]
            base_url = "http://c"
            api_key_env = "SET"
            api_key_file = "x"
            "#,
        );
        for part in [
            "`other`",
            "`providers.a.base_url` begins with neither",
            "`providers.a.api_key` is unknown",
            "`providers.a.headers.b d` is not the name",
            "`providers.a.headers.c` is not a text",
            "`providers.b.base_url` is missing",
            "`providers.b.api` is none of `openai`, `anthropic`, `gemini`, `ollama`, `http`",
            "`providers.b.api_key_env` is not a text",
            "`providers.c.api_key_file` is one too many",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
        assert!(!faults.contains("sk-secret"), "{faults}");
    }

    #[test]
    fn what_is_not_toml_is_located_and_not_shown() {
        let faults = faults("[providers.a]\nbase_url = \"http://a\"\napi_key = sk-secret");
        assert!(
            faults.starts_with("the provider table is not TOML: line 3: "),
            "{faults}"
        );
        assert!(!faults.contains("sk-secret"), "{faults}");
    }
}
