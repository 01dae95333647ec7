//! Where else an experiment can be looked at.

use api_types::experiments::Links;

use crate::client::Client;

/// A line for each page that the service knows.
pub(crate) fn lines(client: &Client, links: &Links) -> Vec<String> {
    let pages = [
        ("Temporal UI", &links.temporal_ui),
        ("trace", &links.trace),
        ("Langfuse", &links.langfuse),
    ];
    let known = pages
        .into_iter()
        .filter_map(|(name, page)| Some((name, page.as_ref()?)));
    known
        .map(|(name, page)| format!("  {name:<12} {}", client.link(page)))
        .collect()
}
