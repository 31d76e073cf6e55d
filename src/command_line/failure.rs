//! Why a command ends with another status than 0, in one line.

use std::fmt;
use std::process::ExitCode;

use likejewijk::foundation::error::Error;

pub(super) type Outcome<T = ()> = Result<T, Failure>;

#[derive(Debug)]
pub(super) struct Failure {
    line: String,
    is_usage: bool,
}

impl Failure {
    pub(super) fn refused(why: impl fmt::Display) -> Self {
        Self { line: one_line(&why.to_string()), is_usage: false }
    }

    pub(super) fn usage(why: impl fmt::Display) -> Self {
        Self { line: one_line(&why.to_string()), is_usage: true }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.is_usage { 2 } else { 1 })
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Self::refused(e)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// What other servers and drivers say may have lines and control characters.
fn one_line(text: &str) -> String {
    let words =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// What was named on the command line and is not here, or not any more: with where to look for what is.
pub(super) trait Named<T> {
    fn named(self, field: &'static str, text: impl fmt::Display, look: &str) -> Result<T, Error>;
}

impl<T> Named<T> for Result<T, Error> {
    fn named(self, field: &'static str, text: impl fmt::Display, look: &str) -> Self {
        self.map_err(|e| match e {
            Error::NotFound => {
                Error::invalid(field, format!("«{text}» is not here; see likejewijk {look}"))
            }
            Error::Gone => {
                Error::invalid(field, format!("«{text}» was closed; see likejewijk {look}"))
            }
            e => e,
        })
    }
}

impl<T> Named<T> for Result<Option<T>, Error> {
    fn named(self, field: &'static str, text: impl fmt::Display, look: &str) -> Result<T, Error> {
        self.and_then(|found| found.ok_or(Error::NotFound)).named(field, text, look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line() {
        let failure = Failure::refused("no\n\tanswer \u{1b}[31mred");
        assert_eq!(failure.to_string(), "no answer [31mred");
    }
}
