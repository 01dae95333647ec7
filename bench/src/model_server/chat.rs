//! Chat completions: the prompt is taken from the request as it is written, and written into the answer again.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    role: &'a str,
    #[serde(borrow)]
    content: &'a RawValue,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(default, borrow)]
    text: Option<Cow<'a, str>>,
}

/// The last user message as a JSON string; none when the body is no request for a completion.
pub(super) fn prompt(body: &[u8]) -> Option<Cow<'_, str>> {
    let request: Request<'_> = serde_json::from_slice(body).ok()?;
    let last = request
        .messages
        .into_iter()
        .rfind(|message| message.role == "user")?;
    let content = last.content.get();
    if content.starts_with('"') {
        return Some(Cow::Borrowed(content));
    }
    let parts: Vec<Part<'_>> = serde_json::from_str(content).ok()?;
    let text: String = parts.into_iter().filter_map(|part| part.text).collect();
    serde_json::to_string(&text).ok().map(Cow::Owned)
}

/// A completion whose text is the given JSON string.
pub(super) fn completion(text: &str) -> String {
    [
        r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"echo","choices":[{"index":0,"message":{"role":"assistant","content":"#,
        text,
        r#"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_message_is_the_prompt() {
        let body = br#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"a \"b\""}]}"#;
        assert_eq!(prompt(body).unwrap(), r#""a \"b\"""#);
        let parts = br#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"\n"}]}]}"#;
        assert_eq!(prompt(parts).unwrap(), r#""a\n""#);
        assert_eq!(prompt(b"{}"), None);
    }

    #[test]
    fn the_prompt_is_the_answer() {
        let answer: serde_json::Value = serde_json::from_str(&completion(r#""a\n""#)).unwrap();
        assert_eq!(answer["choices"][0]["message"]["content"], "a\n");
    }
}
