//! The ordered account of a decision: which rule looked at what, and how it found.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::rules::Rule;

/// What a rule looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The request as a whole.
    Request,
    /// The application, by its id.
    Client(String),
    /// The API, by its identifier.
    Audience(String),
    /// One scope.
    Scope(Box<str>),
    /// One claim of the token.
    Claim(&'static str),
    /// The user, by its id.
    User(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("request"),
            Self::Client(id) => write!(f, "client {id}"),
            Self::Audience(identifier) => write!(f, "audience {identifier}"),
            Self::Scope(scope) => write!(f, "scope {scope}"),
            Self::Claim(claim) => write!(f, "claim {claim}"),
            Self::User(id) => write!(f, "user {id}"),
        }
    }
}

/// How a rule found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Passed,
    /// It was given.
    Granted,
    /// It was left out; the rest goes on.
    Dropped,
    /// It was refused, and with it the request.
    Refused,
}

impl Verdict {
    /// The word in the trace.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Granted => "granted",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// By which rule.
    pub rule: Rule,
    /// What.
    pub subject: Subject,
    /// How.
    pub verdict: Verdict,
}

/// The steps, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    steps: Vec<Step>,
}

impl Trace {
    /// Records a step.
    pub fn push(&mut self, rule: Rule, subject: Subject, verdict: Verdict) {
        self.steps.push(Step {
            rule,
            subject,
            verdict,
        });
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// As `details.trace` of a log event.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(&self.steps).unwrap_or_default()
    }

    /// The same in text, without a tree in between: for what is on every token's way.
    pub fn to_raw(&self) -> Option<Box<RawValue>> {
        serde_json::value::to_raw_value(&self.steps).ok()
    }
}

/// `{"rule", "subject", "verdict"}`.
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("Step", 3)?;
        members.serialize_field("rule", self.rule.id())?;
        members.serialize_field("subject", &format_args!("{}", self.subject))?;
        members.serialize_field("verdict", self.verdict.as_str())?;
        members.end()
    }
}
