//! Files of the results: one row an item.

use tables::{Format, Table, Told};

use crate::sinks::{Error, Finished};

pub(crate) async fn deliver(format: Format, finished: &Finished<'_>) -> Result<String, Error> {
    let model = finished.model();
    let mut table = Table::new(format, finished.scorers())?;
    let extension = format.extension();
    let mut export = finished.store.export(finished.run, model, extension);
    for chunk in finished.store.scored_chunks(finished.run).await? {
        let results = finished.results(chunk).await?;
        export.write(&table.add(model, &results)?).await?;
    }
    export.write(&table.finish(told(finished))?).await?;
    Ok(export.finish().await?)
}

/// What the table says of the run that it is about.
fn told(finished: &Finished<'_>) -> Told {
    let summary = finished.summary;
    let mut told = vec![
        ("experiment_id", summary.experiment_id.clone()),
        ("experiment_name", summary.experiment_name.clone()),
        ("model", summary.model.clone()),
    ];
    told.extend(
        summary
            .spec_sha256
            .clone()
            .map(|hash| ("spec_sha256", hash)),
    );
    told
}
