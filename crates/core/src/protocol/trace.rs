//! The ordered account of a decision: which rule looked at what, and how it found.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use serde_json::Value;

use super::rules::Rule;
use crate::model::TraceText;

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

impl Subject {
    /// What kind it is of, and which one.
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Request => ("request", ""),
            Self::Client(id) => ("client ", id),
            Self::Audience(identifier) => ("audience ", identifier),
            Self::Scope(scope) => ("scope ", scope),
            Self::Claim(claim) => ("claim ", claim),
            Self::User(id) => ("user ", id),
        }
    }

    /// As it stands between the quotes of a JSON string.
    fn append_to(&self, text: &mut String) {
        let (kind, which) = self.parts();
        text.push_str(kind);
        let plain = |b: u8| b >= b' ' && b != b'"' && b != b'\\';
        if which.bytes().all(plain) {
            text.push_str(which);
        } else {
            let quoted = Value::from(which).to_string();
            let inner = quoted
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            text.push_str(inner.unwrap_or_default());
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, which) = self.parts();
        write!(f, "{kind}{which}")
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
    pub fn to_text(&self) -> TraceText {
        const USUAL_STEP: usize = 96;
        let mut text = String::with_capacity(USUAL_STEP * self.steps.len() + 2);
        text.push('[');
        for (position, step) in self.steps.iter().enumerate() {
            text.push_str(if position == 0 { "" } else { "," });
            // neither a rule's id nor a verdict has a character to be escaped
            text.push_str("{\"rule\":\"");
            text.push_str(step.rule.id());
            text.push_str("\",\"subject\":\"");
            step.subject.append_to(&mut text);
            text.push_str("\",\"verdict\":\"");
            text.push_str(step.verdict.as_str());
            text.push_str("\"}");
        }
        text.push(']');
        TraceText::from_text(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// LOG-01: what a request says ends no string.
    #[test]
    fn the_text_says_what_the_tree_says() {
        let mut trace = Trace::default();
        assert_eq!(trace.to_text().as_str(), "[]");
        let said = ["plain", "a\"b", "c\\d", "e\nf\u{1}", "\u{fc}\u{1f511}", ""];
        for text in said.map(ToOwned::to_owned) {
            let subjects = [
                Subject::Request,
                Subject::Client(text.clone()),
                Subject::Audience(text.clone()),
                Subject::Scope(text.as_str().into()),
                Subject::Claim("sub"),
                Subject::User(text),
            ];
            for subject in subjects {
                trace.push(Rule::Issued, subject, Verdict::Granted);
            }
        }
        let text = trace.to_text();
        let read: Value = serde_json::from_str(text.as_str()).unwrap();
        assert_eq!(read, trace.to_json());
    }

    #[test]
    fn no_rule_and_no_verdict_has_to_be_escaped() {
        let verdicts = [
            Verdict::Passed,
            Verdict::Granted,
            Verdict::Dropped,
            Verdict::Refused,
        ];
        let words = verdicts.map(Verdict::as_str).into_iter();
        let mut words = words.chain(Rule::ALL.iter().map(|rule| rule.id()));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        assert!(words.all(|word| word.chars().all(plain)));
    }
}
