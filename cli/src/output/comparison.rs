//! A comparison as people read it: a table of differences, what follows from each, and the items that got worse.

use api_types::comparisons::Comparison;
use domain::comparison::difference::Difference;
use domain::comparison::verdict::Standing;

use crate::output::grid::Grid;
use crate::output::words::{number, one_line};

const LONGEST_NAME: usize = 60;
const LONGEST_STATEMENT: usize = 600;

/// The whole comparison, with at most so many regressions for each difference.
pub(crate) fn report(comparison: &Comparison, regressions: usize) -> String {
    let mut grid = Grid::new(&[
        "scorer",
        "baseline",
        "candidate",
        "means",
        "difference",
        "95 % interval",
        "won/lost/tied",
        "adjusted p",
    ]);
    for difference in &comparison.differences {
        grid.add_row(row(difference));
    }
    let mut text = grid.to_string();
    for difference in &comparison.differences {
        text += &format!("\n{}", one_line(&difference.statement, LONGEST_STATEMENT));
        for regression in difference.regressions.iter().take(regressions) {
            let item = one_line(&regression.item_id, LONGEST_NAME);
            let (from, to) = (number(regression.baseline), number(regression.candidate));
            text += &format!("\n  worse: {item}, {from} to {to}");
        }
        let shown = regressions.min(difference.regressions.len()) as u64;
        if difference.losses > shown && shown > 0 {
            text += &format!("\n  and {} more", difference.losses - shown);
        }
    }
    for standing in &comparison.standings {
        text += &format!("\n{}", best(standing));
    }
    text
}

fn row(difference: &Difference) -> Vec<String> {
    let shown = |value: Option<f64>| value.map_or_else(String::new, number);
    let (baseline, candidate) = (difference.baseline_mean, difference.candidate_mean);
    let means = match (baseline, candidate) {
        (Some(baseline), Some(candidate)) => {
            format!("{} → {}", number(baseline), number(candidate))
        }
        _ => String::new(),
    };
    let interval = difference.interval.map_or_else(String::new, |interval| {
        format!("[{}, {}]", number(interval.low), number(interval.high))
    });
    let p_value = difference.adjusted_p_value;
    vec![
        one_line(&difference.scorer, LONGEST_NAME),
        one_line(&difference.baseline, LONGEST_NAME),
        one_line(&difference.candidate, LONGEST_NAME),
        means,
        shown(difference.mean_difference),
        interval,
        format!(
            "{}/{}/{}",
            difference.wins, difference.losses, difference.ties
        ),
        p_value.map_or_else(String::new, |p_value| match p_value < 1e-4 {
            true => "< 0.0001".to_owned(),
            false => format!("{p_value:.4}"),
        }),
    ]
}

fn best(standing: &Standing) -> String {
    let scorer = one_line(&standing.scorer, LONGEST_NAME);
    let best = one_line(&standing.best, LONGEST_NAME);
    let names = standing
        .tied_with_best
        .iter()
        .map(|run| one_line(run, LONGEST_NAME));
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => format!("best in {scorer}: {best}"),
        false => format!("best in {scorer}: {best}, tied with {}", names.join(", ")),
    }
}
