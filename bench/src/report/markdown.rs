//! Markdown: tables, and goals with what was reached.

/// What was aimed at, and what came of it.
pub(super) struct Goal {
    pub(super) what: String,
    pub(super) goal: String,
    pub(super) measured: String,
    /// None when there is nothing to judge by.
    pub(super) met: Option<bool>,
}

pub(super) fn goals<'a>(goals: impl IntoIterator<Item = &'a Goal>) -> String {
    let rows = goals.into_iter().map(|goal| {
        let met = match goal.met {
            Some(true) => "yes",
            Some(false) => "**missed**",
            None => "no goal set",
        };
        vec![
            goal.what.clone(),
            goal.goal.clone(),
            goal.measured.clone(),
            met.to_owned(),
        ]
    });
    table(&["what", "goal", "measured", "met"], rows)
}

pub(super) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let headings: Vec<String> = headings
        .iter()
        .map(|heading| (*heading).to_owned())
        .collect();
    let mut table = line(&headings);
    table += &line(&vec!["---".to_owned(); headings.len()]);
    for row in rows {
        table += &line(&row);
    }
    table
}

/// A cell in one line, its bars escaped, and not endless.
fn plain(cell: &str) -> String {
    const LONGEST: usize = 240;
    let end = cell.floor_char_boundary(LONGEST);
    let dots = if end < cell.len() { " …" } else { "" };
    let text = cell[..end].replace('\n', " ").replace('|', "\\|");
    format!("{text}{dots}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_keeps_to_its_line_and_column() {
        let table = table(&["a"], [vec!["b | c\nd".to_owned()]]);
        assert_eq!(table, "| a |\n| --- |\n| b \\| c d |\n");
    }
}
