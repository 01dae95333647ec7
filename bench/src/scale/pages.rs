//! What clients of a finished run wait for: pages of its results, its summary, its status.

use std::time::Instant;

use anyhow::{Context, ensure};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::http::Connection;
use crate::measure::Samples;
use crate::service::Service;

/// Requests of each kind; the median of them is told.
const REPEATS: usize = 20;

/// How long answers took, in milliseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pages {
    /// Pages of 100 results.
    pub(crate) at_start: Samples,
    pub(crate) in_middle: Samples,
    pub(crate) at_end: Samples,
    /// All pages of 1,000 results, by which middle and end were reached.
    pub(crate) of_thousand: Samples,
    pub(crate) summary: Samples,
    pub(crate) status: Samples,
}

impl Pages {
    pub(crate) fn extend(&mut self, other: Self) {
        self.at_start.extend(other.at_start);
        self.in_middle.extend(other.in_middle);
        self.at_end.extend(other.at_end);
        self.of_thousand.extend(other.of_thousand);
        self.summary.extend(other.summary);
        self.status.extend(other.status);
    }
}

#[derive(Deserialize)]
struct Page {
    results: Vec<IgnoredAny>,
    next_page_token: Option<String>,
}

pub(super) async fn measure(service: &Service, id: &str, items: u64) -> anyhow::Result<Pages> {
    let mut connection = Connection::open(service.address).await?;
    let path = format!("/v1/experiments/{id}");
    let (mut middle, mut end, mut token) = (String::new(), String::new(), String::new());
    let (mut seen, mut of_thousand) = (0, Samples::default());
    loop {
        let start = Instant::now();
        let page = format!("{path}/results?page_size=1000&page_token={token}");
        let body = connection.get(&page).await?;
        of_thousand.push(start.elapsed().as_secs_f64() * 1e3);
        let page: Page = serde_json::from_slice(body.expect(200)?)?;
        if seen < items / 2 {
            middle.clone_from(&token);
        }
        end.clone_from(&token);
        seen += page.results.len() as u64;
        match page.next_page_token {
            Some(next) => token = next,
            None => break,
        }
    }
    ensure!(seen == items, "{seen} results of {items} items");
    let results = |token: &str| format!("{path}/results?page_size=100&page_token={token}");
    Ok(Pages {
        at_start: times(&mut connection, &results("")).await?,
        in_middle: times(&mut connection, &results(&middle)).await?,
        at_end: times(&mut connection, &results(&end)).await?,
        of_thousand,
        summary: times(&mut connection, &format!("{path}/summary")).await?,
        status: times(&mut connection, &path).await?,
    })
}

/// How long the same request takes, again and again.
async fn times(connection: &mut Connection, path: &str) -> anyhow::Result<Samples> {
    let mut samples = Samples::default();
    for _ in 0..REPEATS {
        let start = Instant::now();
        let answer = connection.get(path).await?;
        let took = start.elapsed();
        answer.expect(200).with_context(|| path.to_owned())?;
        samples.push(took.as_secs_f64() * 1e3);
    }
    Ok(samples)
}
