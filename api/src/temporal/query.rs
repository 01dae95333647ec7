//! Queries of Temporal's visibility store: which workflows are the experiments that are asked for.

use domain::summary::Status;
use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;

use crate::error::ApiError;
use crate::execution::{ExperimentFilter, Which};
use crate::temporal::attributes::{Attribute, Registered};
use crate::temporal::execution::WORKFLOW_TYPES;

/// Only what can be asked with these attributes; the rest is for whoever reads the answer.
pub(super) fn of(which: &Which, registered: &Registered) -> String {
    let mut terms = vec![base(which)];
    let filter = &which.filter;
    if let Some(status) = filter.status {
        terms.push(format!("ExecutionStatus = '{}'", name(status)));
    }
    for (attribute, value) in values(filter) {
        if registered.has(attribute) && is_plain(attribute, value) {
            terms.push(format!("{} = {}", attribute.name(), quoted(value)));
        }
    }
    if let Some(schedule) = &filter.schedule {
        // Others may have chosen such an id, and a schedule's own id may begin so: the memos tell.
        terms.push(format!("WorkflowId STARTS_WITH '{}-'", schedule.whole()));
    }
    if let Some(after) = filter.started_after {
        terms.push(format!("StartTime > '{after}'"));
    }
    if let Some(before) = filter.started_before {
        terms.push(format!("StartTime < '{before}'"));
    }
    terms.join(" AND ")
}

/// The same, to be counted: nobody looks at memos then, and the schedule is told by Temporal.
pub(super) fn counted(which: &Which, registered: &Registered) -> String {
    let mut query = of(which, registered);
    if let Some(schedule) = &which.filter.schedule {
        query += &format!(" AND TemporalScheduledById = '{}'", schedule.whole());
    }
    query + " GROUP BY ExecutionStatus"
}

/// Refuses a filter of which a part cannot be asked.
pub(super) fn check_whole(
    filter: &ExperimentFilter,
    registered: &Registered,
) -> Result<(), ApiError> {
    for (attribute, value) in values(filter) {
        if !registered.has(attribute) {
            return Err(ApiError::NotSetUp(attribute.name()));
        }
        if !is_plain(attribute, value) {
            let message =
                "Temporal cannot count by a text with such signs; a list can be filtered by it";
            return Err(ApiError::invalid(attribute.pointer(), message));
        }
    }
    Ok(())
}

fn values(filter: &ExperimentFilter) -> impl Iterator<Item = (Attribute, &str)> {
    let values = [
        (Attribute::Name, filter.name.as_deref()),
        (Attribute::Models, filter.model.as_deref()),
        (Attribute::Tags, filter.tag.as_ref().map(AsRef::as_ref)),
    ];
    values
        .into_iter()
        .filter_map(|(attribute, value)| Some((attribute, value?)))
}

/// Only whole experiments: neither the runs below them nor the earlier parts of those that have continued as new.
pub(super) fn base(which: &Which) -> String {
    let until = which.until;
    let of_tenant = which.tenant.as_ref().map(|tenant| {
        // Neither a quote nor any other sign of the query's language is in it.
        format!(" AND WorkflowId STARTS_WITH '{}'", tenant.prefix())
    });
    let of_tenant = of_tenant.unwrap_or_default();
    let types = WORKFLOW_TYPES.map(|kind| format!("'{kind}'")).join(", ");
    format!(
        "WorkflowType IN ({types}) AND ParentWorkflowId IS NULL AND StartTime <= '{until}' AND ExecutionStatus != 'ContinuedAsNew'{of_tenant}"
    )
}

/// Whether every store of Temporal's understands a value as it is meant. Some are given what MySQL would escape with the
/// backslash in it, and look lists through by a full-text search with signs of its own.
fn is_plain(attribute: Attribute, value: &str) -> bool {
    let signs: &[char] = match attribute.kind() {
        IndexedValueType::KeywordList => &['\\', '"', '\'', '*', '^'],
        _ => &['\\', '"', '\''],
    };
    !value.contains(signs)
}

/// A text as a string of the query language, which is that of MySQL.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('\'');
    quoted
}

/// A status as Temporal calls it.
pub(super) fn name(status: Status) -> &'static str {
    match status {
        // To Temporal, what we have paused runs: its memo tells one from the other.
        Status::Running | Status::Paused => "Running",
        Status::Completed => "Completed",
        Status::Failed => "Failed",
        Status::Cancelled => "Canceled",
        Status::Terminated => "Terminated",
        Status::TimedOut => "TimedOut",
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn asked(filter: ExperimentFilter, registered: &Registered) -> String {
        let until = Timestamp::UNIX_EPOCH;
        let which = Which {
            tenant: None,
            filter,
            until,
        };
        of(&which, registered).replace(&base(&which), "…")
    }

    #[test]
    fn what_cannot_be_asked_is_left_out() {
        let filter = ExperimentFilter {
            status: Some(Status::Paused),
            name: Some("a".to_owned()),
            started_after: Some(Timestamp::UNIX_EPOCH),
            ..ExperimentFilter::default()
        };
        let scheduled = ExperimentFilter {
            schedule: Some("nightly".parse().unwrap()),
            ..ExperimentFilter::default()
        };
        let none = Registered::default();
        assert_eq!(
            asked(scheduled, &none),
            "… AND WorkflowId STARTS_WITH 'nightly-'"
        );
        assert_eq!(
            asked(filter.clone(), &none),
            "… AND ExecutionStatus = 'Running' AND StartTime > '1970-01-01T00:00:00Z'"
        );
        let refused = check_whole(&filter, &none);
        assert!(matches!(
            refused,
            Err(ApiError::NotSetUp("AiEvolutionName"))
        ));
        assert!(check_whole(&ExperimentFilter::default(), &none).is_ok());
    }

    #[test]
    fn what_a_store_would_take_for_something_else_is_not_asked() {
        for (attribute, value, plain) in [
            (Attribute::Name, "100% * ^", true),
            (Attribute::Name, "it's", false),
            (Attribute::Name, "\"so\"", false),
            (Attribute::Name, r"a\b", false),
            (Attribute::Models, "org/model:1.5", true),
            (Attribute::Models, "a\"b", false),
            (Attribute::Tags, "a*", false),
        ] {
            assert_eq!(is_plain(attribute, value), plain, "{value}");
        }
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        for (text, written) in [
            ("plain", r"'plain'"),
            ("' OR 1=1 --", r"'\' OR 1=1 --'"),
            (r"\' OR ''='", r"'\\\' OR \'\'=\''"),
        ] {
            assert_eq!(quoted(text), written);
        }
    }
}
