//! What commands print: with `--json` one value, otherwise aligned columns or the one thing needed next.

use std::io::{ErrorKind, Write};

use likejewijk::foundation::text::plain_line;
use serde::Serialize;

use super::failure::{Failure, Outcome};

#[derive(Debug, Clone, Copy)]
pub(super) struct Printer {
    json: bool,
}

/// The heading of a column and what stands in it.
pub(super) type Column<T> = (&'static str, fn(&T) -> String);

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// An array, or aligned columns; nothing at all of nothing.
    pub(super) fn list<T: Serialize>(self, rows: &[T], columns: &[Column<T>]) -> Outcome {
        if self.json { self.value(&rows) } else { self.text(&aligned(rows, columns)) }
    }

    /// One object, or the one thing needed next.
    pub(super) fn made<T: Serialize>(self, object: &T, bare: &str) -> Outcome {
        if self.json { self.value(object) } else { self.text(&format!("{bare}\n")) }
    }

    fn value<T: Serialize>(self, value: &T) -> Outcome {
        let json = serde_json::to_string(value).map_err(Failure::refused)?;
        self.text(&format!("{json}\n"))
    }

    /// Whoever stops reading early (`| head`) has read enough.
    #[expect(clippy::unused_self, reason = "printing goes through the printer")]
    pub(super) fn text(self, text: &str) -> Outcome {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::refused(format!("cannot print: {e}")))
            }
            _ => Ok(()),
        }
    }
}

fn aligned<T>(rows: &[T], columns: &[Column<T>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let cells = |row: &T| {
        columns.iter().map(|(_, cell)| plain_line(&cell(row), usize::MAX)).collect::<Vec<_>>()
    };
    let heading = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(heading).chain(rows.iter().map(cells)).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            lines
                .iter()
                .filter_map(|line| line.get(at))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    lines.iter().map(|line| padded(line, &widths)).collect()
}

fn padded(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    format!("{}\n", padded.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_cells_are_one_line() {
        let rows = [("bloemhof", "1"), ("é", "two\nlines \u{1b}[2J")];
        let columns: [Column<(&str, &str)>; 2] =
            [("slug", |row| row.0.to_owned()), ("n", |row| row.1.to_owned())];
        assert_eq!(aligned(&rows, &columns), "slug      n\nbloemhof  1\né         two lines [2J\n");
        assert_eq!(aligned(&[], &columns), "");
    }
}
