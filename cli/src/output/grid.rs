//! A table: on a terminal with lines around its cells, which break to fit; anywhere else a line for each row, with tabs between
//! the cells, as `cut` and `awk` read it.

use std::fmt;
use std::io::{self, IsTerminal};

use comfy_table::{Cell, ContentArrangement, Row, Table, presets};

/// Rows under a header, printed in the form that fits standard output.
pub(crate) struct Grid(Table);

impl Grid {
    pub(crate) fn new(header: &[&str]) -> Self {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(header);
        Self(table)
    }

    pub(crate) fn add_row(&mut self, row: impl Into<Row>) {
        self.0.add_row(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn between_tabs(&self) -> String {
        let rows = self.0.header().into_iter().chain(self.0.row_iter());
        let lines: Vec<String> = rows.map(line).collect();
        lines.join("\n")
    }
}

/// The lines of a cell become words of it.
fn line(row: &Row) -> String {
    let text = |cell: &Cell| {
        cell.content()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let cells: Vec<String> = row.cell_iter().map(text).collect();
    cells.join("\t")
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match io::stdout().is_terminal() {
            true => self.0.fmt(f),
            false => f.write_str(&self.between_tabs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_tabs_every_row_is_a_line() {
        let mut grid = Grid::new(&["item", "scores", "output"]);
        grid.add_row(vec!["1", "a 0.5\nb error", ""]);
        grid.add_row(vec!["2", "", "with\ttab"]);
        assert_eq!(
            grid.between_tabs(),
            "item\tscores\toutput\n1\ta 0.5 b error\t\n2\t\twith tab"
        );
    }
}
