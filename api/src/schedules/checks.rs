//! The rules of schedules that their schema cannot express; all faults are named at once.

use api_types::schedules::{BackfillSchedule, Calendar, CalendarRange, ScheduleSpec};
use croner::parser::{CronParser, Seconds, Year};
use domain::fault::Fault;
use domain::interval::Interval;
use jiff::{SignedDuration, Timestamp, tz};

/// Temporal makes up for nothing when the window is shorter.
const SHORTEST_CATCHUP_WINDOW: Interval = Interval::from_secs(10);

/// The longest range of a backfill: Temporal looks at each of its times.
const LONGEST_BACKFILL: SignedDuration = SignedDuration::from_hours(366 * 24);

/// The faults of the times, with pointers below `/spec`.
pub(super) fn spec(spec: &ScheduleSpec, faults: &mut Vec<Fault>) {
    if spec.cron.is_empty() && spec.calendars.is_empty() && spec.intervals.is_empty() {
        let message = "it names no time: give `cron`, `calendars` or `intervals`";
        faults.push(Fault::new("/spec", message));
    }
    for (index, expression) in spec.cron.iter().enumerate() {
        if let Err(message) = cron(expression) {
            faults.push(Fault::new(format!("/spec/cron/{index}"), message));
        }
    }
    for (key, calendars) in [("calendars", &spec.calendars), ("exclude", &spec.exclude)] {
        for (index, calendar) in calendars.iter().enumerate() {
            check_calendar(&format!("/spec/{key}/{index}"), calendar, faults);
        }
    }
    for (index, interval) in spec.intervals.iter().enumerate() {
        let mut whole = |key: &str, length: Interval| {
            if length.as_duration().subsec_nanos() != 0 {
                let pointer = format!("/spec/intervals/{index}/{key}");
                faults.push(Fault::new(pointer, "it is not a number of whole seconds"));
            }
        };
        whole("every", interval.every);
        if let Some(offset) = interval.offset {
            whole("offset", offset);
        }
        if interval.every < Interval::from_secs(1) {
            let pointer = format!("/spec/intervals/{index}/every");
            faults.push(Fault::new(pointer, "it is shorter than a second"));
        } else if interval
            .offset
            .is_some_and(|offset| offset >= interval.every)
        {
            let pointer = format!("/spec/intervals/{index}/offset");
            faults.push(Fault::new(pointer, "it is not less than the interval"));
        }
    }
    if let Some(name) = &spec.time_zone {
        let database = tz::db();
        // A machine without a database leaves it to Temporal to know the name.
        if !database.is_definitively_empty() && database.get(name).is_err() {
            let message = format!("there is no time zone `{name}`");
            faults.push(Fault::new("/spec/time_zone", message));
        }
    }
    for (key, time) in [("start_time", spec.start_time), ("end_time", spec.end_time)] {
        before_the_epoch(&format!("/spec/{key}"), time, faults);
    }
    if let (Some(start), Some(end)) = (spec.start_time, spec.end_time)
        && end <= start
    {
        faults.push(Fault::new("/spec/end_time", "it is not after the start"));
    }
}

pub(super) fn catchup_window(window: Option<Interval>, faults: &mut Vec<Fault>) {
    if window.is_some_and(|window| window < SHORTEST_CATCHUP_WINDOW) {
        let message = format!("it is shorter than {SHORTEST_CATCHUP_WINDOW}");
        faults.push(Fault::new("/catchup_window", message));
    }
}

pub(super) fn backfill(request: &BackfillSchedule) -> Vec<Fault> {
    let mut faults = Vec::new();
    before_the_epoch("/start_time", Some(request.start_time), &mut faults);
    before_the_epoch("/end_time", Some(request.end_time), &mut faults);
    if request.end_time < request.start_time {
        faults.push(Fault::new("/end_time", "it is before the start"));
    } else if request.end_time.duration_since(request.start_time) > LONGEST_BACKFILL {
        let message = "it is more than 366 days after the start: take several steps";
        faults.push(Fault::new("/end_time", message));
    }
    faults
}

fn before_the_epoch(pointer: &str, time: Option<Timestamp>, faults: &mut Vec<Fault>) {
    if time.is_some_and(|time| time < Timestamp::UNIX_EPOCH) {
        faults.push(Fault::new(pointer, "it is before 1970"));
    }
}

/// Whether Temporal understands a cron expression as its reader does: no extensions, and five fields.
fn cron(expression: &str) -> Result<(), String> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || " *,-/@".contains(c);
    if let Some(strange) = expression.chars().find(|c| !is_known(*c)) {
        return Err(format!("`{strange}` has no meaning in it"));
    }
    let names = expression.split([' ', ',', '-', '/']);
    for name in names.filter(|name| !name.starts_with('@')) {
        let letters = name.chars().any(|c| c.is_ascii_alphabetic());
        let is_name = name.len() == 3 && name.chars().all(|c| c.is_ascii_alphabetic());
        if letters && !is_name {
            return Err(format!(
                "`{name}` is no number and no name such as `MON` or `JAN`"
            ));
        }
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .dom_and_dow(true)
        .build();
    match parser.parse(expression) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("it is no cron expression of five fields: {error}")),
    }
}

fn check_calendar(pointer: &str, calendar: &Calendar, faults: &mut Vec<Fault>) {
    let fields = [
        ("second", &calendar.second, 0, 59),
        ("minute", &calendar.minute, 0, 59),
        ("hour", &calendar.hour, 0, 23),
        ("day_of_month", &calendar.day_of_month, 1, 31),
        ("month", &calendar.month, 1, 12),
        ("day_of_week", &calendar.day_of_week, 0, 6),
        ("year", &calendar.year, 2000, 2100),
    ];
    for (field, ranges, least, most) in fields {
        for (index, CalendarRange { start, end, .. }) in ranges.iter().enumerate() {
            for (key, value) in [("start", Some(*start)), ("end", *end)] {
                if value.is_some_and(|value| !(least..=most).contains(&value)) {
                    let message = format!("it is not from {least} to {most}");
                    faults.push(Fault::new(
                        format!("{pointer}/{field}/{index}/{key}"),
                        message,
                    ));
                }
            }
            if end.is_some_and(|end| end < *start) {
                let pointer = format!("{pointer}/{field}/{index}/end");
                faults.push(Fault::new(pointer, "it is before the start"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_expressions_are_those_that_temporal_reads_alike() {
        for expression in [
            "0 3 * * *",
            "*/15 9-17 * * MON-FRI",
            "0 0 1 jan,jul *",
            "0 0 * * 7",
            "@daily",
            "@hourly",
        ] {
            assert_eq!(cron(expression), Ok(()), "{expression}");
        }
        for expression in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "0 0 L * *",
            "0 0 15W * *",
            "0 0 * * 5L",
            "0 0 * * 5#2",
            "0 0 ? * *",
            "0 0 * * MONDAY",
            "@every 1m",
            "@reboot",
            "TZ=UTC 0 0 * * *",
            "0 0 * * * # daily",
            "0 0\t* * *",
        ] {
            assert!(cron(expression).is_err(), "{expression}");
        }
    }
}
