//! A file that is read again whenever it changes, so that what it holds can be changed while the service runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether the file has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads the file, and again whenever it changes. A change that cannot be read changes nothing. `what` names the content in
/// the log.
pub(super) async fn follow<T: Send + Sync + 'static>(
    path: PathBuf,
    what: &'static str,
    parse: fn(&str) -> anyhow::Result<T>,
    stop: CancellationToken,
) -> anyhow::Result<watch::Receiver<T>> {
    let mut version = version(&path).await;
    let (sender, receiver) = watch::channel(read(&path, what, parse).await?);
    tokio::spawn(async move {
        while stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
            let now = self::version(&path).await;
            if now == version {
                continue;
            }
            version = now;
            match read(&path, what, parse).await {
                Ok(content) => {
                    tracing::info!("{what} were read again");
                    sender.send_replace(content);
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "{what} cannot be read; those known before hold");
                }
            }
        }
    });
    Ok(receiver)
}

async fn read<T>(
    path: &Path,
    what: &str,
    parse: fn(&str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let name = || format!("{what} in {}", path.display());
    let text = tokio::fs::read_to_string(path).await.with_context(name)?;
    parse(&text).with_context(name)
}

/// What tells one version of a file from the next.
async fn version(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = tokio::fs::metadata(path).await.ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
