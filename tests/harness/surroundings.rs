//! The real clock and the real environment, which the house itself reads in one place only: here
//! stands an outsider, who has both.
#![expect(
    clippy::disallowed_methods,
    reason = "other servers live by the real clock, and `make test` speaks through the environment"
)]

use std::time::SystemTime;

pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// To the second, as Mastodon writes times.
pub(crate) fn this_second() -> jiff::Timestamp {
    let second = jiff::Timestamp::now().as_second();
    jiff::Timestamp::from_second(second).expect("now is a time")
}

/// An environment variable of the test run.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok())
}
