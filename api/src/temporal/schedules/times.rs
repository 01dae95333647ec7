//! Times of schedules in Temporal's types.

use std::time::{Duration, SystemTime};

use api_types::schedules::{Calendar, CalendarRange, OverlapPolicy, ScheduleSpec};
use domain::interval::Interval;
use jiff::Timestamp;
use temporalio_common::protos::temporal::api::enums::v1::ScheduleOverlapPolicy as Policy;
use temporalio_common::protos::temporal::api::schedule::v1::{
    IntervalSpec, Range, ScheduleSpec as Written, StructuredCalendarSpec,
};

pub(super) fn written(spec: &ScheduleSpec) -> Written {
    Written {
        cron_string: spec.cron.clone(),
        structured_calendar: spec.calendars.iter().map(calendar).collect(),
        interval: spec
            .intervals
            .iter()
            .map(|interval| IntervalSpec {
                interval: duration(interval.every),
                phase: interval.offset.and_then(duration),
            })
            .collect(),
        exclude_structured_calendar: spec.exclude.iter().map(calendar).collect(),
        timezone_name: spec.time_zone.clone().unwrap_or_default(),
        start_time: spec.start_time.map(timestamp),
        end_time: spec.end_time.map(timestamp),
        jitter: spec.jitter.and_then(duration),
        ..Default::default()
    }
}

/// As a protobuf duration.
pub(super) fn duration<T: TryFrom<Duration>>(length: Interval) -> Option<T> {
    length.as_duration().try_into().ok()
}

/// As a protobuf time.
pub(super) fn timestamp<T: From<SystemTime>>(time: Timestamp) -> T {
    SystemTime::from(time).into()
}

pub(super) fn overlap_policy(policy: OverlapPolicy) -> Policy {
    match policy {
        OverlapPolicy::Skip => Policy::Skip,
        OverlapPolicy::BufferOne => Policy::BufferOne,
        OverlapPolicy::BufferAll => Policy::BufferAll,
        OverlapPolicy::CancelOther => Policy::CancelOther,
        OverlapPolicy::TerminateOther => Policy::TerminateOther,
        OverlapPolicy::AllowAll => Policy::AllowAll,
    }
}

/// A policy in place of the schedule's, if there is one.
pub(super) fn override_of(policy: Option<OverlapPolicy>) -> Policy {
    policy.map_or(Policy::Unspecified, overlap_policy)
}

/// Unless it says otherwise, Temporal skips.
pub(super) fn shown(policy: Policy) -> OverlapPolicy {
    match policy {
        Policy::Unspecified | Policy::Skip => OverlapPolicy::Skip,
        Policy::BufferOne => OverlapPolicy::BufferOne,
        Policy::BufferAll => OverlapPolicy::BufferAll,
        Policy::CancelOther => OverlapPolicy::CancelOther,
        Policy::TerminateOther => OverlapPolicy::TerminateOther,
        Policy::AllowAll => OverlapPolicy::AllowAll,
    }
}

/// To Temporal, a field without a range matches nothing, but for the year.
fn calendar(calendar: &Calendar) -> StructuredCalendarSpec {
    StructuredCalendarSpec {
        second: ranges(&calendar.second, (0, 0)),
        minute: ranges(&calendar.minute, (0, 0)),
        hour: ranges(&calendar.hour, (0, 0)),
        day_of_month: ranges(&calendar.day_of_month, (1, 31)),
        month: ranges(&calendar.month, (1, 12)),
        day_of_week: ranges(&calendar.day_of_week, (0, 6)),
        year: calendar.year.iter().map(range).collect(),
        comment: calendar.comment.clone().unwrap_or_default(),
    }
}

fn ranges(ranges: &[CalendarRange], (start, end): (i32, i32)) -> Vec<Range> {
    match ranges {
        [] => vec![Range {
            start,
            end,
            step: 1,
        }],
        ranges => ranges.iter().map(range).collect(),
    }
}

fn range(range: &CalendarRange) -> Range {
    Range {
        start: range.start.into(),
        end: range.end.unwrap_or(range.start).into(),
        step: range.step.unwrap_or(1).into(),
    }
}
