//! Reports for people, as HTML and as Markdown.

use domain::config::ReportSink;
use reports::digest::Digest;
use reports::report::{Report, Run};

use crate::sinks::{Error, Finished};

pub(crate) async fn html(sink: &ReportSink, finished: &Finished<'_>) -> Result<String, Error> {
    let page = reports::html(&report(sink, finished).await?)?;
    deliver(finished, "html", &page).await
}

pub(crate) async fn markdown(sink: &ReportSink, finished: &Finished<'_>) -> Result<String, Error> {
    let page = reports::markdown(&report(sink, finished).await?)?;
    deliver(finished, "md", &page).await
}

async fn report(sink: &ReportSink, finished: &Finished<'_>) -> Result<Report, Error> {
    let mut digest = Digest::new(sink.worst_items as usize);
    finished
        .visit(|results| results.iter().for_each(|result| digest.push(result)))
        .await?;
    let summary = finished.summary;
    Ok(Report {
        title: format!("{}: {}", summary.experiment_name, summary.model),
        runs: vec![Run::new(summary, digest.finish())],
        comparison: None,
    })
}

async fn deliver(finished: &Finished<'_>, extension: &str, page: &str) -> Result<String, Error> {
    let mut export = finished
        .store
        .export(finished.run, finished.model(), extension);
    export.write(page.as_bytes()).await?;
    Ok(export.finish().await?)
}
