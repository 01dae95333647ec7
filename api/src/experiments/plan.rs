//! What is archived and started for an experiment, or for those of a schedule: put together before anything is done.

use artifacts::prepared::Prepared;
use domain::config::UploadedDataset;
use domain::dataset::{DatasetSource, Upload};
use domain::experiment::{ExperimentId, NewExperiment};
use domain::limits::RunLimits;
use domain::schedule::ScheduleId;
use domain::spec::ExperimentSpec;
use domain::uploaded::UploadedFile;
use jiff::Timestamp;
use runtime::traces::current_trace;
use workflows::activities::SpecRef;
use workflows::experiment::{Resumed, Work};
use workflows::memo::ExperimentMemo;

use crate::error::ApiError;
use crate::experiments::starting::Round;

/// Whose plan it is.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// The experiment's own, which is created at that time.
    Itself(&'a ExperimentId, Timestamp),
    /// A schedule's: each of its experiments is created when it is started.
    Schedule(&'a ScheduleId),
}

/// What is written and started.
pub(crate) struct Plan {
    /// In the order in which they are written: what is found last needs the others.
    pub(crate) objects: Vec<Prepared>,
    pub(crate) round: Round,
}

impl Plan {
    /// `file` is that of an uploaded dataset.
    pub(crate) fn new(
        owner: Owner<'_>,
        experiment: NewExperiment,
        file: Option<UploadedFile>,
    ) -> Result<Self, ApiError> {
        let mut objects = Vec::new();
        let config = &experiment.config().dataset;
        let dataset = match DatasetSource::of(config) {
            Some(DatasetSource::Uploaded(dataset)) => DatasetSource::Uploaded(UploadedDataset {
                version: file.map(|file| file.version.into()),
                ..dataset
            }),
            Some(source) => source,
            None => {
                let upload = Prepared::upload(config.inline_items().unwrap_or_default())?;
                let sha256 = upload.sha256().to_owned();
                objects.push(upload);
                DatasetSource::Upload(Upload { sha256 })
            }
        };
        let spec = ExperimentSpec::new(experiment, dataset);
        let archived = owner.archived(&spec)?;
        let round = owner.round(spec, archived.sha256().to_owned());
        objects.push(archived);
        Ok(Self { objects, round })
    }

    /// The same experiments of a schedule, by another name.
    pub(crate) fn renamed(schedule: &ScheduleId, spec: ExperimentSpec) -> Result<Self, ApiError> {
        let owner = Owner::Schedule(schedule);
        let archived = owner.archived(&spec)?;
        let round = owner.round(spec, archived.sha256().to_owned());
        Ok(Self {
            objects: vec![archived],
            round,
        })
    }
}

impl Owner<'_> {
    fn archived(self, spec: &ExperimentSpec) -> Result<Prepared, ApiError> {
        let archived = match self {
            Self::Itself(id, _) => Prepared::spec(id, spec),
            Self::Schedule(id) => Prepared::scheduled_spec(id, spec),
        };
        Ok(archived?)
    }

    /// The first round of what the specification says.
    fn round(self, spec: ExperimentSpec, sha256: String) -> Round {
        let (experiment_id, created_at, schedule) = match self {
            Self::Itself(id, created_at) => (id.clone(), Some(created_at), None),
            Self::Schedule(id) => (id.stem(), None, Some(id.clone())),
        };
        // What a schedule starts is no part of the request that makes the schedule.
        let trace_id = match schedule {
            None => current_trace(),
            Some(_) => None,
        };
        let memo = ExperimentMemo {
            experiment_name: spec.experiment_name.clone(),
            models: spec.models.iter().map(|model| model.name.clone()).collect(),
            created_at,
            spec_sha256: Some(sha256.clone()),
            round: 0,
            tags: spec.tags.iter().cloned().map(String::from).collect(),
            schedule_id: schedule.clone(),
            trace_id,
        };
        let limits = RunLimits::from(&spec.execution);
        Round {
            spec,
            spec_ref: SpecRef {
                experiment_id,
                sha256,
                schedule,
            },
            memo,
            work: Work::Generate,
            limits,
            resumed: Resumed::default(),
        }
    }
}
