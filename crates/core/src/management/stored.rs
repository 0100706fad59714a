//! What an operation may ask of the store: facts that are too many to be in memory.

use super::error::ApiError;
use crate::id::UserId;
use crate::model::{Artefact, ArtefactKind, User, UserFacts};
use crate::write::{ArtefactQuery, LoginFailures, RoleUsersQuery, UserQuery};

/// One question. The server maps each to one call of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A user with its roles and permissions. Answered by [`Answer::User`].
    User(UserId),
    /// The users with this identifier ([`crate::model::fold`]ed) in a connection, or in any.
    /// Answered by [`Answer::Users`].
    Identifier {
        /// The connection's name.
        connection: Option<String>,
        /// The address, username or number.
        folded: String,
    },
    /// Users of a list. Answered by [`Answer::Users`].
    Users(UserQuery),
    /// Users that have a role. Answered by [`Answer::Users`].
    RoleUsers(RoleUsersQuery),
    /// Protocol state by its public id. Answered by [`Answer::Artefact`].
    Artefact(ArtefactKind, String),
    /// Protocol state of a list. Answered by [`Answer::Artefacts`].
    Artefacts(ArtefactQuery),
    /// Wrong passwords counted for an identifier ([`crate::model::fold`]ed). Answered by
    /// [`Answer::Failures`].
    Failures(String),
}

/// The answer to one question.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The user, if it is there.
    User(Option<Box<UserFacts>>),
    /// The users, and how many there are without paging.
    Users(Vec<User>, i64),
    /// The state, if it is there.
    Artefact(Option<Box<Artefact>>),
    /// The list.
    Artefacts(Vec<Artefact>),
    /// The counts.
    Failures(Vec<LoginFailures>),
}

/// The answers to an operation's questions, in their order.
#[derive(Debug, Default)]
pub struct Answers(std::collections::VecDeque<Answer>);

impl Answers {
    /// Adds the next one.
    pub fn push(&mut self, answer: Answer) {
        self.0.push_back(answer);
    }

    /// The user of the first answer, for the questions that follow from it.
    pub(super) fn first_user(&self) -> Option<&User> {
        match self.0.front()? {
            Answer::User(facts) => facts.as_ref().map(|facts| &*facts.user),
            Answer::Users(users, _) => users.first(),
            Answer::Artefact(_) | Answer::Artefacts(_) | Answer::Failures(_) => None,
        }
    }

    /// The state of the first answer.
    pub(super) fn first_artefact(&self) -> Option<&Artefact> {
        match self.0.front()? {
            Answer::Artefact(artefact) => artefact.as_deref(),
            Answer::Artefacts(artefacts) => artefacts.first(),
            Answer::User(_) | Answer::Users(..) | Answer::Failures(_) => None,
        }
    }

    /// The user that was asked for; the reference's 404 if it is not there.
    pub(super) fn user(&mut self) -> Result<UserFacts, ApiError> {
        self.user_if_any()?.ok_or_else(ApiError::no_user)
    }

    /// The user of the last answer.
    pub(super) fn last_user(&mut self) -> Result<UserFacts, ApiError> {
        match self.0.pop_back() {
            Some(Answer::User(facts)) => facts.map(|facts| *facts).ok_or_else(ApiError::no_user),
            Some(_) | None => Err(ApiError::internal()),
        }
    }

    pub(super) fn user_if_any(&mut self) -> Result<Option<UserFacts>, ApiError> {
        match self.0.pop_front() {
            Some(Answer::User(facts)) => Ok(facts.map(|facts| *facts)),
            Some(_) | None => Err(ApiError::internal()),
        }
    }

    /// Whether the next answer names somebody; `None` after the last one.
    pub(super) fn taken(&mut self) -> Result<Option<bool>, ApiError> {
        match self.0.front() {
            None => Ok(None),
            Some(Answer::User(_)) => Ok(Some(self.user_if_any()?.is_some())),
            Some(_) => Ok(Some(!self.users()?.0.is_empty())),
        }
    }

    pub(super) fn users(&mut self) -> Result<(Vec<User>, i64), ApiError> {
        match self.0.pop_front() {
            Some(Answer::Users(users, total)) => Ok((users, total)),
            Some(_) | None => Err(ApiError::internal()),
        }
    }

    pub(super) fn artefact(&mut self) -> Result<Option<Artefact>, ApiError> {
        match self.0.pop_front() {
            Some(Answer::Artefact(artefact)) => Ok(artefact.map(|artefact| *artefact)),
            Some(_) | None => Err(ApiError::internal()),
        }
    }

    pub(super) fn artefacts(&mut self) -> Result<Vec<Artefact>, ApiError> {
        match self.0.pop_front() {
            Some(Answer::Artefacts(artefacts)) => Ok(artefacts),
            Some(_) | None => Err(ApiError::internal()),
        }
    }

    pub(super) fn failures(&mut self) -> Result<Vec<LoginFailures>, ApiError> {
        match self.0.pop_front() {
            Some(Answer::Failures(failures)) => Ok(failures),
            Some(_) | None => Err(ApiError::internal()),
        }
    }
}
