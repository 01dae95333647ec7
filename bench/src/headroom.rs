//! How much more the model server and the load generator can do than the runs ask of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::load::{self, Request, Sender};
use crate::measure::{Samples, human};
use crate::model::Model;
use crate::outcome::Extent;

const BODY: &str =
    r#"{"model":"echo","messages":[{"role":"user","content":"What is item 0000001?"}]}"#;
const PATH: &str = "/v1/chat/completions";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Headroom {
    /// Answers a second without a latency, with the load generator on the same machine.
    pub(crate) rate: Samples,
    /// CPU time of the model server for an answer, in microseconds.
    pub(crate) cpu_us: Samples,
    /// How long an answer of 50 ms takes on an idle machine, one at a time, in milliseconds.
    pub(crate) latency_ms: Samples,
}

impl Headroom {
    pub(crate) fn sentence(&self) -> String {
        let rate = self.rate.median();
        format!(
            "The model server gives {} answers a second ({} µs of CPU each) to the load generator beside it; \
             200 calls of 50 ms at once need 4,000, {} times fewer. \
             An answer of 50 ms takes {} ms (median of calls one at a time).",
            human(rate),
            human(self.cpu_us.median()),
            human(rate / 4000.0),
            human(self.latency_ms.median()),
        )
    }
}

pub(crate) async fn measure(extent: Extent) -> anyhow::Result<Headroom> {
    let folder = tempfile::tempdir()?;
    let post = || Request::Post(PATH.to_owned(), BODY.to_owned(), 200);
    let (mut rate, mut cpu_us) = (Samples::default(), Samples::default());
    let model = Model::start(Duration::ZERO, folder.path()).await?;
    let count = extent.pick(100_000, 10_000);
    for _ in 0..extent.repeats(5, 2) {
        let before = model.cpu()?;
        let senders = Sender::several(model.address, (0..64).map(|_| post())).await?;
        let seen = load::run(senders, count).await?;
        cpu_us.push((model.cpu()? - before) * 1e6 / f64::from(count));
        rate.push(seen.rate());
    }
    let model = Model::start(Duration::from_millis(50), folder.path()).await?;
    let senders = Sender::several(model.address, [post()]).await?;
    let seen = load::run(senders, extent.pick(100, 20)).await?;
    Ok(Headroom {
        rate,
        cpu_us,
        latency_ms: seen.latencies,
    })
}
