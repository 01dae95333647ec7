//! Schedules: one in lines, several in a table.

use std::fmt::Display;

use api_types::schedules::{Calendar, CalendarRange, Schedule, ScheduleSpec};

use crate::output::grid::Grid;
use crate::output::words::one_line;

/// Experiments and times that are shown of one schedule.
const SHOWN: usize = 5;
const LONGEST: usize = 100;

/// Schedules, one a row.
pub(crate) fn table(schedules: &[Schedule]) -> String {
    let mut grid = Grid::new(&["id", "experiments", "times", "next", "last"]);
    for schedule in schedules {
        let last = schedule.recent.first();
        grid.add_row(vec![
            one_line(&schedule.id, LONGEST),
            one_line(&schedule.experiment_name, 60),
            one_line(&times(&schedule.spec), 60),
            next(schedule),
            last.map_or_else(String::new, |last| time(&last.started_at)),
        ]);
    }
    grid.to_string()
}

/// A schedule in full.
pub(crate) fn lines(schedule: &Schedule) -> String {
    let mut lines = vec![
        format!(
            "{} ({}): next {}",
            one_line(&schedule.experiment_name, LONGEST),
            one_line(&schedule.id, LONGEST),
            next(schedule)
        ),
        format!("  times    {}", one_line(&times(&schedule.spec), 300)),
        format!("  models   {}", one_line(&schedule.models.join(", "), 300)),
    ];
    if let Some(note) = &schedule.note {
        lines.push(format!("  note     {}", one_line(note, 300)));
    }
    let counts = schedule.counts;
    lines.push(format!(
        "  so far   {} started, {} skipped, {} missed, {} waiting",
        counts.started, counts.skipped, counts.missed, counts.waiting
    ));
    for running in schedule.running.iter().take(SHOWN) {
        let id = one_line(&running.experiment_id, LONGEST);
        lines.push(format!("  running  {id}"));
    }
    for recent in schedule.recent.iter().take(SHOWN) {
        let id = one_line(&recent.experiment_id, LONGEST);
        lines.push(format!("  started  {id}"));
    }
    lines.join("\n")
}

fn next(schedule: &Schedule) -> String {
    match schedule.next_times.first() {
        _ if schedule.paused => "paused".to_owned(),
        Some(next) => time(next),
        None => "never".to_owned(),
    }
}

fn time(time: &impl Display) -> String {
    format!("{time:.0}")
}

fn times(spec: &ScheduleSpec) -> String {
    let mut times = spec.cron.clone();
    times.extend(spec.calendars.iter().map(calendar));
    times.extend(spec.intervals.iter().map(|interval| match interval.offset {
        Some(offset) => format!("every {} and {offset}", interval.every),
        None => format!("every {}", interval.every),
    }));
    let times = times.join("; ");
    match &spec.time_zone {
        Some(zone) => format!("{times} ({zone})"),
        None => times,
    }
}

fn calendar(calendar: &Calendar) -> String {
    if let Some(comment) = &calendar.comment {
        return comment.clone();
    }
    let fields = [
        ("year", &calendar.year),
        ("month", &calendar.month),
        ("day", &calendar.day_of_month),
        ("day of week", &calendar.day_of_week),
        ("hour", &calendar.hour),
        ("minute", &calendar.minute),
        ("second", &calendar.second),
    ];
    let given = fields.iter().filter(|(_, ranges)| !ranges.is_empty());
    let given: Vec<String> = given
        .map(|(name, ranges)| {
            let ranges: Vec<String> = ranges.iter().map(range).collect();
            format!("{name} {}", ranges.join(","))
        })
        .collect();
    match given.is_empty() {
        true => "every midnight".to_owned(),
        false => given.join(", "),
    }
}

fn range(range: &CalendarRange) -> String {
    let mut text = range.start.to_string();
    if let Some(end) = range.end {
        text += &format!("-{end}");
    }
    if let Some(step) = range.step {
        text += &format!("/{step}");
    }
    text
}
