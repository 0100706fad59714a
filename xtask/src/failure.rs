//! Why a command of this tool did not succeed, in words for the person who typed it.

use std::fmt::{Display, Formatter, Result as FormatResult};

#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut Formatter<'_>) -> FormatResult {
        out.write_str(&self.0)
    }
}

/// Says what was being done when something else went wrong.
pub(crate) trait Context<T> {
    fn context(self, doing: impl Display) -> Outcome<T>;
}

impl<T, E: Display> Context<T> for Result<T, E> {
    fn context(self, doing: impl Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{doing}: {error}")))
    }
}

pub(crate) fn fail<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Failure::new(message))
}

/// A list of faults is one failure; none is success.
pub(crate) fn none_of(faults: &[String], what: &str) -> Outcome {
    if faults.is_empty() {
        return Ok(());
    }
    for fault in faults {
        println!("  {fault}");
    }
    fail(format!("{} {what}", faults.len()))
}
