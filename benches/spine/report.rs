//! What was measured, as markdown.

use std::fmt::Write as _;

use crate::database::Kind;
use crate::proc;

pub(crate) struct Report {
    title: String,
    asked: Vec<[String; 4]>,
    scale: Vec<[String; 3]>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn new(kind: Kind) -> Self {
        let title = format!("{kind}");
        Self { title, asked: Vec::new(), scale: Vec::new(), notes: Vec::new() }
    }

    /// A figure that something is asked of.
    pub(crate) fn asked(&mut self, what: &str, reached: String, must: &str, beside: String) {
        eprintln!("{}: {what}: {reached}, asked {must}; {beside}", self.title);
        self.asked.push([what.to_owned(), reached, must.to_owned(), beside]);
    }

    /// A figure that tells what the others are worth.
    pub(crate) fn scale(&mut self, what: &str, reached: String, beside: impl Into<String>) {
        let beside = beside.into();
        eprintln!("{}: {what}: {reached} {beside}", self.title);
        self.scale.push([what.to_owned(), reached, beside]);
    }

    pub(crate) fn note(&mut self, note: String) {
        eprintln!("{}: {note}", self.title);
        self.notes.push(note);
    }

    #[expect(clippy::print_stdout, reason = "the report is what this program is for")]
    pub(crate) fn print(&self) {
        println!("{}", self.written());
    }

    fn written(&self) -> String {
        let mut text = format!("\n## {}\n\n{}\n", self.title, proc::machine());
        let asked = ["what", "reached (min–max)", "must reach", "beside"];
        table(&mut text, asked, &self.asked);
        let scale = ["for scale", "reached (min–max)", "beside"];
        table(&mut text, scale, &self.scale);
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }
}

fn table<const N: usize>(text: &mut String, head: [&str; N], rows: &[[String; N]]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n| {} |\n|{}", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
}
