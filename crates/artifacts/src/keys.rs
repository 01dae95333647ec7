//! The layout of the store. Every key is made here and nowhere else.
//!
//! ```text
//! uploads/<sha256>.jsonl                                   items that came with a request
//! files/<name>/<sha256>/file.json                          a version of an uploaded dataset, as it was announced
//! files/<name>/<sha256>/parts/<first byte>
//! files/<name>/<sha256>/whole.json                         written last: with it the version is complete
//! datasets/<dataset id>/manifest.json                      written last: with it the dataset is complete
//! datasets/<dataset id>/chunks/<chunk>.jsonl
//! experiments/<id>/spec-<sha256>.json                      what the experiment does
//! experiments/<id>/runs/<index>/outputs/<chunk>/<part>-<attempt>.jsonl
//! experiments/<id>/runs/<index>/judgements/<scorer>/<chunk>/<part>-<attempt>.jsonl
//! experiments/<id>/runs/<index>/results/<chunk>.jsonl      items, outputs and scores
//! experiments/<id>/runs/<index>/summary.json
//! experiments/<id>/runs/<index>/rounds/<round>/…           the results and the summary of a later round
//! experiments/<id>/exports/<index>-<model>.<extension>     what file sinks deliver
//! schedules/<id>/spec-<sha256>.json                        what the experiments of a schedule do
//! workers/<task queue>/<sha256>.json                       what workers have announced of themselves
//! cache/<first two of the key>/<key>.json                  answers, by the hash of what was asked
//! ```
//!
//! `<id>`, `<name>` and the first folder of the cache are whole names: those of a tenant begin with it, as in `acme@exp_1`.

use domain::experiment::ExperimentId;
use domain::schedule::ScheduleId;
use domain::tenant::{self, Tenant};
use domain::uploaded::{DatasetName, Version};
use object_store::path::Path;

use crate::run::{Caller, Run};

pub(crate) fn upload(sha256: &str) -> Path {
    Path::from(format!("uploads/{sha256}.jsonl"))
}

/// Uploaded datasets, a folder for each.
pub(crate) fn files() -> Path {
    Path::from("files")
}

/// The versions of a dataset, a folder for each.
pub(crate) fn file_versions(name: &DatasetName) -> Path {
    Path::from(format!("files/{}", name.whole()))
}

pub(crate) fn file(name: &DatasetName, version: &Version) -> Path {
    Path::from(format!("files/{}/{version}/file.json", name.whole()))
}

pub(crate) fn whole_file(name: &DatasetName, version: &Version) -> Path {
    Path::from(format!("files/{}/{version}/whole.json", name.whole()))
}

pub(crate) fn file_parts(name: &DatasetName, version: &Version) -> Path {
    Path::from(format!("files/{}/{version}/parts", name.whole()))
}

/// The part that begins at a byte. Parts sort in their order.
pub(crate) fn file_part(name: &DatasetName, version: &Version, start: u64) -> Path {
    Path::from(format!(
        "files/{}/{version}/parts/{start:020}",
        name.whole()
    ))
}

/// Where the part that a key holds begins.
pub(crate) fn start_of_part(key: &Path) -> Option<u64> {
    key.filename()?.parse().ok()
}

pub(crate) fn manifest(dataset_id: &str) -> Path {
    Path::from(format!("datasets/{dataset_id}/manifest.json"))
}

pub(crate) fn dataset_chunk(dataset_id: &str, chunk: u64) -> Path {
    Path::from(format!("datasets/{dataset_id}/chunks/{chunk:08}.jsonl"))
}

pub(crate) fn spec(experiment: &ExperimentId, sha256: &str) -> Path {
    Path::from(format!("{}/spec-{sha256}.json", of_experiment(experiment)))
}

/// All experiments, a folder for each.
pub(crate) fn experiments() -> Path {
    Path::from("experiments")
}

/// A key behind all keys of an experiment and before those of the next: `0` follows `/`.
pub(crate) fn behind(experiment: &ExperimentId) -> Path {
    Path::from(format!("experiments/{}0", experiment.whole()))
}

/// Before everything of a tenant's experiments, and behind all that comes before them.
pub(crate) fn before(tenant: &Tenant) -> Path {
    Path::from(format!("experiments/{}", tenant.prefix()))
}

/// The experiment that a key belongs to.
pub(crate) fn experiment_of(key: &Path) -> Option<ExperimentId> {
    ExperimentId::of_whole(key.parts().nth(1)?.as_ref()).ok()
}

/// Where the specification of a schedule's experiments is, until each of them has taken it over.
pub(crate) fn scheduled_spec(schedule: &ScheduleId, sha256: &str) -> Path {
    Path::from(format!("schedules/{}/spec-{sha256}.json", schedule.whole()))
}

/// What the workers of a task queue have announced. A queue may be called anything.
pub(crate) fn equipments(task_queue: &str) -> Path {
    Path::from_iter(["workers", task_queue])
}

pub(crate) fn equipment(task_queue: &str, sha256: &str) -> Path {
    Path::from_iter(["workers", task_queue, &format!("{sha256}.json")])
}

pub(crate) fn runs(experiment: &ExperimentId) -> Path {
    Path::from(format!("{}/runs", of_experiment(experiment)))
}

fn of_experiment(experiment: &ExperimentId) -> String {
    format!("experiments/{}", experiment.whole())
}

fn of_run(run: &Run) -> String {
    format!("{}/runs/{:04}", of_experiment(&run.experiment), run.index)
}

fn of_round(run: &Run) -> String {
    match run.round {
        0 => of_run(run),
        round => format!("{}/rounds/{round:06}", of_run(run)),
    }
}

/// The later rounds of a run.
pub(crate) fn rounds(run: &Run) -> Path {
    Path::from(format!("{}/rounds", of_run(run)))
}

/// `key` is hexadecimal.
pub(crate) fn cached_answer(tenant: Option<&Tenant>, key: &str) -> Path {
    let folder = tenant::whole(tenant, key.get(..2).unwrap_or("00"));
    Path::from(format!("cache/{folder}/{key}.json"))
}

/// The calls of a chunk: those for its outputs, or those of a scorer.
pub(crate) fn calls(caller: &Caller, chunk: u64) -> Path {
    Path::from(of_calls(caller, chunk))
}

/// Parts sort in the order in which they were written.
pub(crate) fn part(caller: &Caller, chunk: u64, part: u32, attempt: u32) -> Path {
    Path::from(format!(
        "{}/{part:08}-{attempt:06}.jsonl",
        of_calls(caller, chunk)
    ))
}

/// All rounds of a run share them.
fn of_calls(caller: &Caller, chunk: u64) -> String {
    let run = of_run(&caller.run);
    match &caller.scorer {
        None => format!("{run}/outputs/{chunk:08}"),
        Some(scorer) => format!("{run}/judgements/{scorer}/{chunk:08}"),
    }
}

/// The number of the part that a key holds.
pub(crate) fn part_of(key: &Path) -> Option<u32> {
    key.filename()?.split_once('-')?.0.parse().ok()
}

pub(crate) fn results(run: &Run) -> Path {
    Path::from(format!("{}/results", of_round(run)))
}

pub(crate) fn result_chunk(run: &Run, chunk: u64) -> Path {
    Path::from(format!("{}/results/{chunk:08}.jsonl", of_round(run)))
}

/// The chunk whose results a key holds.
pub(crate) fn chunk_of(key: &Path) -> Option<u64> {
    key.filename()?.split_once('.')?.0.parse().ok()
}

pub(crate) fn summary(run: &Run) -> Path {
    Path::from(format!("{}/summary.json", of_round(run)))
}

pub(crate) fn export(run: &Run, model: &str, extension: &str) -> Path {
    let model: String = model
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .take(80)
        .collect();
    Path::from(format!(
        "{}/exports/{:04}-{model}.{extension}",
        of_experiment(&run.experiment),
        run.index
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_name_cannot_lead_out_of_the_exports() {
        let run = Run {
            experiment: "e".parse().unwrap(),
            index: 1,
            round: 0,
        };
        let key = export(&run, "../../org/model:latest", "csv");
        assert_eq!(
            key.as_ref(),
            "experiments/e/exports/0001-..-..-org-model-latest.csv"
        );
    }

    #[test]
    fn the_chunk_is_read_back_from_a_key() {
        let run = Run {
            experiment: "e".parse().unwrap(),
            index: 0,
            round: 3,
        };
        assert_eq!(chunk_of(&result_chunk(&run, 42)), Some(42));
    }
}
