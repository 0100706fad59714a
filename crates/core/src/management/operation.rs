//! What an operation is.

use cardea_jose::Algorithm;

use super::call::{Call, Caller, FreshKeys, LogRow, Reply};
use super::error::ApiError;
use super::logs::LogQuestion;
use super::stored::{Answers, Question};
use crate::random::Random;
use crate::scope::Scopes;

/// The methods of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// `GET`; the server answers `HEAD` by it.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

impl Method {
    /// The word in the request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Reads the word in the request line.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.as_str() == word)
    }

    /// Whether it only reads.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Get)
    }
}

/// The scopes that an operation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// One of them is enough.
    AnyOf(&'static [&'static str]),
    /// Every one of them.
    AllOf(&'static [&'static str]),
}

impl Needs {
    /// The scopes, in the contract's order.
    pub const fn scopes(self) -> &'static [&'static str] {
        let (Self::AnyOf(scopes) | Self::AllOf(scopes)) = self;
        scopes
    }

    /// Whether `held` is enough.
    pub fn met_by(self, held: &Scopes) -> bool {
        match self {
            Self::AnyOf(scopes) => scopes.iter().any(|scope| held.contains(scope)),
            Self::AllOf(scopes) => scopes.iter().all(|scope| held.contains(scope)),
        }
    }
}

/// One operation of the contract that is served.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// Its path below `/api/v2`, with `{name}` for a parameter.
    pub path: &'static str,
    /// The contract's `operationId`.
    pub id: &'static str,
    /// The scopes it asks for.
    pub needs: Needs,
    /// The log event's description.
    pub event: &'static str,
    /// How it runs.
    pub run: Run,
}

/// How an operation runs.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// On what it is given.
    Pure(fn(&Call<'_>, &mut dyn Random) -> Result<Reply, ApiError>),
    /// On freshly made signing keys: the server asks `demand` which, makes one for each entry
    /// (an algorithm may be named twice), and hands them to `run` in any order.
    Keys {
        /// The algorithms of the keys to make.
        demand: fn(&Call<'_>) -> Result<Vec<Algorithm>, ApiError>,
        /// The operation.
        run: fn(&Call<'_>, FreshKeys) -> Result<Reply, ApiError>,
    },
    /// On log events: the server reads `ask(call)?.query` and hands the rows to `answer`.
    Logs {
        /// Which rows.
        ask: fn(&Call<'_>) -> Result<LogQuestion, ApiError>,
        /// The reply.
        answer: fn(&LogQuestion, Vec<LogRow>) -> Result<Reply, ApiError>,
    },
    /// On what is stored beside the documents: the server puts the questions of `ask`, then
    /// those of `then`, to the store and hands all answers to `answer` in that order.
    Stored {
        /// The first questions.
        ask: Ask,
        /// Those that follow from the first answers.
        then: Option<Then>,
        /// The operation.
        answer: OnAnswers,
    },
}

/// The first questions of an operation.
pub type Ask = fn(&Call<'_>) -> Result<Vec<Question>, ApiError>;
/// Those that follow from the answers to the first ones.
pub type Then = fn(&Call<'_>, &Answers) -> Result<Vec<Question>, ApiError>;
/// An operation on what the store answered.
pub type OnAnswers = fn(&Call<'_>, Answers, &mut dyn Random) -> Result<Reply, ApiError>;

/// An operation without a name.
pub(super) const fn op(
    method: Method,
    path: &'static str,
    id: &'static str,
    needs: Needs,
    run: Run,
) -> Operation {
    Operation {
        method,
        path,
        id,
        needs,
        event: "",
        run,
    }
}

impl Operation {
    /// Under this name in the log.
    pub(super) const fn named(mut self, event: &'static str) -> Self {
        self.event = event;
        self
    }
}

/// An operation on answers.
pub(super) const fn stored(ask: Ask, answer: OnAnswers) -> Run {
    Run::Stored {
        ask,
        then: None,
        answer,
    }
}

/// An operation on answers to questions that follow from answers.
pub(super) const fn in_two_steps(ask: Ask, then: Then, answer: OnAnswers) -> Run {
    Run::Stored {
        ask,
        then: Some(then),
        answer,
    }
}

/// Whether the caller may run the operation. Runs before anything of the request is looked at,
/// so that a refusal tells nothing about what exists (attack MGMT-02).
pub fn authorize(operation: &Operation, caller: &Caller) -> Result<(), ApiError> {
    if operation.needs.met_by(&caller.scopes) {
        return Ok(());
    }
    Err(ApiError::insufficient_scope(operation.needs.scopes()))
}
