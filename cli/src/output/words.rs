//! Values in words: statuses, scores, waits, and texts of strangers made safe for a terminal.

use api_types::experiments::{ModelRun, WaitingOn, WaitingReason};
use domain::progress::Stage;
use domain::result::ItemState;
use domain::score::{Score, ScoreValue};
use domain::summary::{ConfidenceInterval, ScorerSummary, Status};
use serde_json::Value;

pub(crate) use reports::format::number;

pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Paused => "paused",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Terminated => "terminated",
        Status::TimedOut => "timed out",
    }
}

/// What a run is doing, or how it ended.
pub(crate) fn stage(run: &ModelRun) -> &'static str {
    match (run.status, run.stage) {
        (Status::Running, Stage::Queued) => "queued",
        (Status::Running, Stage::Loading) => "loading the dataset",
        (Status::Running, Stage::Evaluating) => "evaluating",
        (Status::Running, Stage::Emitting) => "delivering results",
        (other, _) => status(other),
    }
}

pub(crate) fn state(state: ItemState) -> &'static str {
    match state {
        ItemState::Ok => "ok",
        ItemState::GenerationFailed => "generation_failed",
        ItemState::ScorerFailed => "scorer_failed",
        ItemState::Skipped => "skipped",
    }
}

pub(crate) fn waiting(waiting: &WaitingOn) -> String {
    let detail = one_line(&waiting.detail, 300);
    let mut words = match waiting.reason {
        WaitingReason::Paused => detail,
        _ => format!("waiting: {detail}"),
    };
    if let Some(attempt) = waiting.attempt {
        words += &format!("; attempt {attempt} comes next");
    }
    if let Some(until) = waiting.until {
        words += &format!(", at {until:.0}");
    }
    words
}

/// A mean with its interval, such as `0.830 [0.750, 0.902]`.
pub(crate) fn mean(scorer: &ScorerSummary) -> String {
    match (scorer.mean, &scorer.confidence_interval) {
        (None, _) => "no score yet".to_owned(),
        (Some(mean), None) => number(mean),
        (Some(mean), Some(within)) => format!("{} {}", number(mean), interval(within)),
    }
}

pub(crate) fn interval(interval: &ConfidenceInterval) -> String {
    format!("[{}, {}]", number(interval.low), number(interval.high))
}

/// The scores so far, on one line; empty as long as there are none.
pub(crate) fn means(scorers: &[ScorerSummary]) -> String {
    let scored = scorers.iter().filter(|scorer| scorer.mean.is_some());
    let means: Vec<String> = scored
        .map(|scorer| format!("{} {}", one_line(&scorer.scorer, 40), mean(scorer)))
        .collect();
    means.join("   ")
}

pub(crate) fn scores(scores: &[Score]) -> String {
    let scores: Vec<String> = scores
        .iter()
        .map(|score| format!("{} {}", one_line(&score.name, 40), value(score.value)))
        .collect();
    scores.join("\n")
}

fn value(value: ScoreValue) -> String {
    match value {
        ScoreValue::Boolean(true) => "yes".to_owned(),
        ScoreValue::Boolean(false) => "no".to_owned(),
        ScoreValue::Number(value) => number(value),
    }
}

/// Text as it is, other JSON as its compact form.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whole seconds, minutes or hours, as is enough for an estimate.
pub(crate) fn duration(seconds: f64) -> String {
    // A float that no u64 holds saturates.
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A text on one line, cut after `longest` characters.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = printable(&words.join(" "));
    match line.char_indices().nth(longest) {
        None => line,
        Some(_) => line
            .chars()
            .take(longest.saturating_sub(1))
            .chain(['…'])
            .collect(),
    }
}

/// A text in which nothing can steer the terminal: models and users write what they like.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            // Directions of writing hide text too.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '�',
            c if c.is_control() => '�',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\u{1b}[2Jb\r\n\tc\u{7}", 100), "a�[2Jb c�");
    }

    #[test]
    fn long_texts_are_cut_by_characters() {
        assert_eq!(one_line("äöüß", 4), "äöüß");
        assert_eq!(one_line("äöüßx", 4), "äöü…");
    }

    #[test]
    fn durations_are_rounded() {
        for (seconds, words) in [
            (0.4, "0 s"),
            (59.4, "59 s"),
            (61.0, "1 min 01 s"),
            (7300.0, "2 h 01 min"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }
}
