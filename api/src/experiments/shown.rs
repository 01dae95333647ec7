//! The run of one model as it is shown, from what there is to see of it.

use api_types::experiments::{ModelRun, Pause};
use domain::progress::{Generated, Progress, Stage};
use domain::result::StateCounts;
use domain::summary::{ScorerSummary, Status};
use jiff::Timestamp;

use crate::execution::Execution;
use crate::experiments::run::{Place, Seen};

/// A run as it is shown; `experiment` is the status of the whole.
pub(super) fn of(place: &Place, seen: Seen, experiment: Status) -> ModelRun {
    let mut run = queued(place, status(&seen, experiment));
    run.reason = seen.reason;
    if let Some(inherited) = seen.inherited {
        enter_steering(&mut run, &inherited);
    }
    if let Some(execution) = seen.execution {
        run.started_at = Some(execution.started_at);
        run.ended_at = execution.ended_at;
        run.generated = under_way(&execution);
        enter_progress(&mut run, execution.progress.unwrap_or_default());
    }
    if let Some(summary) = seen.archived {
        run.reason = summary.reason;
        run.started_at = Some(summary.started_at);
        run.ended_at = run.ended_at.or(Some(summary.ended_at));
        run.deliveries = summary.deliveries;
        run.spec_sha256 = summary.spec_sha256;
        run.generated = Generated::default();
        enter_progress(&mut run, summary.progress);
    }
    run.items_done = run.generated.answered + run.generated.failed;
    match run.status {
        Status::Paused => run.waiting_on = seen.waiting_on,
        Status::Running => {
            run.waiting_on = seen.waiting_on;
            run.eta_seconds = eta(&run, Timestamp::now());
        }
        _ => run.pause = None,
    }
    run
}

/// A run of which nothing is known but its place.
fn queued(place: &Place, status: Status) -> ModelRun {
    ModelRun {
        model: place.model.clone(),
        workflow_id: workflows::ids::shown(&place.workflow_id).to_owned(),
        status,
        reason: None,
        stage: Stage::Queued,
        waiting_on: None,
        started_at: None,
        ended_at: None,
        dataset: None,
        items_done: 0,
        generated: Generated::default(),
        states: StateCounts::default(),
        scorers: Vec::new(),
        eta_seconds: None,
        deliveries: Vec::new(),
        limits: None,
        pause: None,
        round: place.run.round,
        spec_sha256: None,
    }
}

/// What has been generated is added to what is under way; all else is as the progress says.
fn enter_progress(run: &mut ModelRun, progress: Progress) {
    enter_steering(run, &progress);
    run.stage = progress.stage;
    run.dataset = progress.dataset;
    run.generated.add(progress.generated);
    run.generated.add(progress.held);
    run.states = progress.states;
    run.scorers = progress
        .aggregates
        .iter()
        .map(ScorerSummary::from)
        .collect();
}

fn enter_steering(run: &mut ModelRun, progress: &Progress) {
    run.limits = progress.limits.or(run.limits);
    run.pause = progress.pause.clone().map(Pause::from);
}

/// A run of which nothing is to be seen has not begun; when the experiment has ended, it never will.
fn status(seen: &Seen, experiment: Status) -> Status {
    let live = seen.execution.as_ref().map(|execution| execution.status);
    let archived = seen.archived.as_ref().map(|summary| summary.status);
    let ended = live.filter(|status| status.is_final()).or(archived);
    let progress = match &seen.execution {
        Some(execution) => execution.progress.as_ref(),
        None => seen.inherited.as_ref(),
    };
    let is_paused = progress.is_some_and(|progress| progress.pause.is_some());
    match (ended, experiment) {
        (Some(ended), _) => ended,
        (None, Status::Failed | Status::Cancelled) => experiment,
        (None, experiment) if experiment.is_final() => Status::Terminated,
        (None, _) if is_paused => Status::Paused,
        (None, _) => live.unwrap_or(Status::Running),
    }
}

/// What the heartbeats of the chunks under way say; nothing is under way in a workflow that has ended.
fn under_way(execution: &Execution) -> Generated {
    let mut under_way = Generated::default();
    if !execution.status.is_final() {
        let chunks = execution
            .activities
            .iter()
            .filter_map(|activity| activity.progress.as_ref());
        chunks.for_each(|chunk| under_way.add(chunk.generated));
    }
    under_way
}

/// Seconds until all outputs are there, at the pace so far.
fn eta(run: &ModelRun, now: Timestamp) -> Option<f64> {
    let done = run.items_done;
    let left = run.dataset.as_ref()?.outputs().checked_sub(done)?;
    let seconds = now.duration_since(run.started_at?).as_secs_f64();
    (done > 0 && seconds > 0.0).then(|| seconds * left as f64 / done as f64)
}

#[cfg(test)]
mod tests {
    use domain::dataset::DatasetRef;

    use super::*;

    #[test]
    fn the_eta_follows_from_the_pace_so_far() {
        let id = "e".parse().unwrap();
        let mut run = queued(&Place::new(&id, 0, 0, "m", 1), Status::Running);
        let now = Timestamp::from_second(1_000).unwrap();
        let eta_of = |run: &ModelRun, done| {
            eta(
                &ModelRun {
                    items_done: done,
                    ..run.clone()
                },
                now,
            )
        };
        assert_eq!(eta_of(&run, 50), None);
        run.dataset = Some(DatasetRef::new("d".to_owned(), 100));
        assert_eq!(eta_of(&run, 50), None);
        run.started_at = Timestamp::from_second(900).ok();
        assert_eq!(eta_of(&run, 50), Some(100.0));
        assert_eq!(eta_of(&run, 100), Some(0.0));
        assert_eq!(eta_of(&run, 0), None);
    }

    #[test]
    fn a_run_that_was_never_started_ends_with_its_experiment() {
        let seen = Seen::default();
        assert_eq!(status(&seen, Status::Running), Status::Running);
        assert_eq!(status(&seen, Status::Terminated), Status::Terminated);
        assert_eq!(status(&seen, Status::TimedOut), Status::Terminated);
        assert_eq!(status(&seen, Status::Cancelled), Status::Cancelled);
    }
}
