//! The standard table, a file beside it, and what is sent with a key.

use super::*;

#[test]
fn the_standard_table_knows_the_usual_providers() {
    let providers = Providers::standard();
    for (name, api, base_url) in [
        ("openai", Api::OpenAi, "https://api.openai.com/v1/"),
        ("anthropic", Api::Anthropic, "https://api.anthropic.com/v1/"),
        (
            "gemini",
            Api::Gemini,
            "https://generativelanguage.googleapis.com/v1beta/",
        ),
        ("ollama", Api::Ollama, "http://localhost:11434/"),
    ] {
        let provider = providers.get(name).unwrap();
        assert_eq!(
            (provider.api(), provider.base_url().as_str()),
            (api, base_url)
        );
    }
}

#[test]
fn each_protocol_has_its_own_header_for_the_key() {
    for (api, header, value) in [
        (Api::OpenAi, "authorization", "Bearer k-1"),
        (Api::Anthropic, "x-api-key", "k-1"),
        (Api::Gemini, "x-goog-api-key", "k-1"),
        (Api::Ollama, "authorization", "Bearer k-1"),
        (Api::Http, "authorization", "Bearer k-1"),
    ] {
        let provider = Provider::new("http://host", Key::Present("k-1".into()));
        let provider = provider.unwrap().with_api(api);
        let headers = provider.headers("p").unwrap();
        assert_eq!(headers[header].expose_secret(), value);
        assert_eq!(
            headers.contains_key("anthropic-version"),
            api == Api::Anthropic
        );
    }
}

#[test]
fn an_unknown_provider_is_refused_and_the_known_ones_are_named() {
    let stub = Provider::new("http://localhost:1/v1", Key::Unneeded).unwrap();
    let error = Providers::standard()
        .with("stub", stub)
        .get("other")
        .unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Refused);
    assert_eq!(
        error.message,
        "the workers know no provider `other`; they know `anthropic`, `gemini`, `ollama`, `openai`, `stub`"
    );
}

#[test]
fn an_address_is_of_the_web_and_without_credentials() {
    let bad = ["", "localhost:80", "ftp://host/", "https://", "/v1"];
    for bad in bad.into_iter().chain(["https://user:secret@host/v1"]) {
        let error = Provider::new(bad, Key::Unneeded).unwrap_err();
        assert!(!error.contains("secret"), "{error}");
    }
    let provider = Provider::new("https://host/a?api-version=1#x", Key::Unneeded).unwrap();
    assert_eq!(
        provider.base_url().as_str(),
        "https://host/a/?api-version=1"
    );
}

#[test]
fn a_header_of_the_table_replaces_the_key() {
    let provider = Provider::new("http://host/v1", Key::Present("k".into()))
        .and_then(|provider| provider.with_header("Authorization", "Basic x".into()))
        .unwrap();
    let headers = provider.headers("stub").unwrap();
    assert_eq!(headers.len(), 1);
    assert_eq!(headers["authorization"].expose_secret(), "Basic x");
}

#[test]
fn a_file_stands_beside_the_standard_table() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "[providers.local]\nbase_url = \"http://localhost:8080/v1\"",
    )
    .unwrap();
    let providers = Providers::read(file.path()).unwrap();
    assert!(providers.get("local").is_ok() && providers.get("openai").is_ok());
    assert!(matches!(
        Providers::read(Path::new("/no/such")),
        Err(Error::Unreadable { .. })
    ));
}
