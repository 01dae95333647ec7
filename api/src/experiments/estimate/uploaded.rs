//! The items of an uploaded dataset, as workers will take them: read to the end, unless that takes too long.

use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use datasets::{Row, RowFault, Unit, Unreadable, rank};
use domain::config::{ExperimentConfig, SampleConfig, Selection, UploadedDataset};
use domain::fault::Fault;
use domain::item::DatasetItem;
use domain::uploaded::UploadedFile;
use evaluation::estimate::{Tally, Tokens};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::datasets::source::{self, Stored};
use crate::error::ApiError;
use crate::state::AppState;

/// Larger files are not read: they take longer than a client waits.
const LARGEST: ByteSize = ByteSize::mib(256);

/// The most of a file when decompressed.
const MOST: ByteSize = ByteSize::gib(16);

/// How long is read before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Rows at fault that are told.
const FAULTS: usize = 20;

/// Reading takes a whole core: no more files than these are read at once, and the others wait.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What its items read; none when it is too large to be read now. Rows at fault are told as faults of the request, for a run
/// would fail of them.
pub(crate) async fn tally(
    state: &AppState,
    config: &ExperimentConfig,
    dataset: &UploadedDataset,
    file: &UploadedFile,
) -> Result<Option<Tally>, ApiError> {
    if file.bytes > LARGEST.as_u64() {
        return Ok(None);
    }
    let content = Stored::whole(state, file, MOST).await?;
    let turn = AT_ONCE.acquire().await.map_err(ApiError::internal)?;
    let taking = Taking::new(config, dataset.selection(), Unit::of(file.format), turn);
    let fields = dataset.fields.clone();
    let (taking, end) = source::read(content, file.format, fields, taking, Taking::take).await?;
    let mut faults = taking.faults;
    match end {
        Err(Stop::TooLong) => return Ok(None),
        Err(Stop::Unreadable(why)) => faults.push(fault(format!("the file: {why}"))),
        Ok(()) | Err(Stop::Enough) => {}
    }
    ApiError::check(faults)?;
    Ok(Some(taking.chosen.into_tally()))
}

fn fault(message: String) -> Fault {
    Fault::new("/config/dataset", message)
}

/// Why no more rows are read.
enum Stop {
    Enough,
    TooLong,
    Unreadable(Unreadable),
}

impl From<Unreadable> for Stop {
    fn from(why: Unreadable) -> Self {
        Self::Unreadable(why)
    }
}

/// The rows so far.
struct Taking {
    selection: Selection,
    /// Rows that may still come.
    left: u64,
    chosen: Chosen,
    faults: Vec<Fault>,
    unit: Unit,
    since: Instant,
    /// Kept as long as the file is read, also when nobody waits for it any more.
    _turn: SemaphorePermit<'static>,
}

impl Taking {
    fn new(
        config: &ExperimentConfig,
        selection: Selection,
        unit: Unit,
        turn: SemaphorePermit<'static>,
    ) -> Self {
        Self {
            left: selection.limit.unwrap_or(u64::MAX),
            chosen: Chosen {
                tally: Tally::new(config),
                sample: selection.sample.map(|sample| (sample, BinaryHeap::new())),
            },
            faults: Vec::new(),
            selection,
            unit,
            since: Instant::now(),
            _turn: turn,
        }
    }

    fn take(&mut self, line: u64, row: Result<&dyn Row, RowFault>) -> Result<(), Stop> {
        if self.since.elapsed() > PATIENCE {
            return Err(Stop::TooLong);
        }
        match row.and_then(Row::item) {
            Ok(item) if !self.selection.wants(&item.tags) => return Ok(()),
            Ok(item) => self.chosen.add(&item),
            Err(why) => {
                let message = format!("{} {line}: {}", self.unit, why.message);
                self.faults.push(fault(message));
                if self.faults.len() == FAULTS {
                    return Err(Stop::Enough);
                }
            }
        }
        self.left = self.left.saturating_sub(1);
        match self.left {
            0 => Err(Stop::Enough),
            _ => Ok(()),
        }
    }
}

/// What the items read that are taken, or of a sample those that are taken so far, by their ranks.
struct Chosen {
    tally: Tally,
    sample: Option<(SampleConfig, BinaryHeap<(u128, Tokens)>)>,
}

impl Chosen {
    fn add(&mut self, item: &DatasetItem) {
        let tokens = self.tally.tokens(item);
        let Some((sample, smallest)) = &mut self.sample else {
            return self.tally.add(&tokens);
        };
        smallest.push((rank(*sample, &item.id), tokens));
        if smallest.len() > sample.size as usize {
            smallest.pop();
        }
    }

    fn into_tally(mut self) -> Tally {
        for (_, tokens) in self.sample.into_iter().flat_map(|(_, smallest)| smallest) {
            self.tally.add(&tokens);
        }
        self.tally
    }
}
