//! What no fault may touch: every item has one result, and it is the right one.

use std::collections::HashSet;

use harness::Client;
use harness::experiments::ids;

/// Of a completed run whose items were answered with their prompts.
pub(crate) async fn nothing_is_lost_or_doubled(api: &Client, id: &str, items: usize) {
    let results = api.results(id, "page_size=500").await;
    assert_eq!(results.len(), items);
    let unique: HashSet<&str> = ids(&results).into_iter().collect();
    assert_eq!(unique.len(), items);
    for result in &results {
        let item = &result["result"];
        assert_eq!(item["output"]["answer"]["value"], item["item"]["id"]);
        assert_eq!(item["scores"][0]["value"], true, "{item}");
    }
    let summary = api.summary(id).await;
    let model = &summary["models"][0];
    assert_eq!(model["states"]["ok"], items);
    assert_eq!(model["scorers"][0]["count"], items);
    assert_eq!(model["scorers"][0]["mean"], 1.0);
    assert_eq!(model["generated"]["answered"], items);
}
