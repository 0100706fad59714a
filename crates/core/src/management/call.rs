//! What an operation gets and what it gives back.

use cardea_jose::{Algorithm, Secret};
use serde_json::{Map, Value};

use crate::id::{ClientId, LogId, UserId};
use crate::model::{Document, Issuer, TenantView, User};
use crate::protocol::password_hash;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::write::{UserWrite, Write};

/// A stored log event: its id and its compact form.
pub type LogRow = (LogId, Map<String, Value>);

/// Key documents that the server has just made ([`super::key_document`]); their state is set by
/// the operation.
#[derive(Debug, Default)]
pub struct FreshKeys(pub Vec<Document>);

/// Who calls: what the verified access token says.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its `azp`.
    pub client_id: ClientId,
    /// Its `sub`, where it is a user's and not the application's own.
    pub user: Option<UserId>,
    /// Its `scope`.
    pub scopes: Scopes,
}

/// One call: everything an operation reads.
#[derive(Debug)]
pub struct Call<'a> {
    /// The tenant at one version; the commit is guarded by it.
    pub tenant: &'a TenantView,
    /// The issuer of the host that the request named.
    pub issuer: &'a Issuer,
    /// `https`, or `http` for `dev --plain-http`.
    pub scheme: &'a str,
    /// The path's parameters.
    pub path: PathParams,
    /// The query.
    pub query: Query,
    /// The body, where there is one.
    pub body: Option<Value>,
    /// Who calls.
    pub caller: &'a Caller,
    /// When.
    pub now: Timestamp,
}

/// Path parameters by name, decoded once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathParams(pub(super) Vec<(&'static str, String)>);

impl PathParams {
    /// The parameter `name`; empty if the path has none (then nothing has that id).
    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }
}

/// A query's pairs in their order, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// Reads a raw query string (what follows the `?`).
    pub fn parse(raw: &str) -> Self {
        Self(
            form_urlencoded::parse(raw.as_bytes())
                .into_owned()
                .collect(),
        )
    }
}

/// What an operation answers, and what must be committed before it is sent.
#[derive(Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; none for 204.
    pub body: Option<Value>,
    /// To commit with `decided_at` = the tenant's version.
    pub writes: Vec<Write>,
    /// The tenant has no current key of this algorithm and will need one: the server makes it
    /// and adds its `Insert` (state `current`) to the same commit.
    pub needs_key: Option<Algorithm>,
    /// A password that the server hashes before it commits.
    pub hash_password: Option<NewPassword>,
    /// Whether the user that is written gets a mail with a link that proves its address, once
    /// everything is committed.
    pub mails_verification: bool,
}

/// A password that was set, and for whom. The server compares it with those of
/// [`Reply::passwords_before`], as far as `history` goes, and hands its hash to
/// [`Reply::set_password_hash`].
#[derive(Debug)]
pub struct NewPassword {
    /// As it was sent.
    pub password: Secret<String>,
    /// The index in [`Reply::writes`] of the write of the user that gets its hash.
    pub write: usize,
    /// How many earlier ones it must differ from.
    pub history: usize,
}

impl Reply {
    /// The stored hashes of the user that gets [`Reply::hash_password`].
    pub fn passwords_before(&self) -> Option<&Secret<String>> {
        let write = self.writes.get(self.hash_password.as_ref()?.write)?;
        let Write::User(UserWrite::Insert(user) | UserWrite::Update(user)) = write else {
            return None;
        };
        user.password.as_ref()
    }

    /// The user that gets the mail of [`Reply::mails_verification`].
    pub fn to_be_verified(&self) -> Option<&User> {
        let written = self.writes.iter().find_map(|write| match write {
            Write::User(UserWrite::Insert(user) | UserWrite::Update(user)) => Some(user.as_ref()),
            Write::User(_)
            | Write::Insert(_)
            | Write::Update(_)
            | Write::Delete { .. }
            | Write::Log(_)
            | Write::Mail(_)
            | Write::Put(_)
            | Write::Replace(_)
            | Write::Consume(..)
            | Write::Revoke(_)
            | Write::ForgetFailures(_)
            | Write::ConsumeAssertion { .. } => None,
        });
        written.filter(|_| self.mails_verification)
    }

    /// Puts the hash of [`Reply::hash_password`] where it belongs. False if nothing asked for
    /// it: then nothing must be committed.
    #[must_use]
    pub fn set_password_hash(&mut self, hash: &str) -> bool {
        let Some(asked) = self.hash_password.take() else {
            return false;
        };
        match self.writes.get_mut(asked.write) {
            Some(Write::User(UserWrite::Insert(user) | UserWrite::Update(user))) => {
                let before = user.password.as_ref();
                user.password = Some(password_hash::replaced(before, hash, asked.history));
                true
            }
            Some(_) | None => false,
        }
    }

    /// 200 and a body.
    pub(super) fn ok(body: impl Into<Value>) -> Self {
        Self {
            status: 200,
            body: Some(body.into()),
            ..Self::default()
        }
    }

    /// 201 and a body.
    pub(super) fn created(body: impl Into<Value>, writes: Vec<Write>) -> Self {
        Self {
            status: 201,
            body: Some(body.into()),
            writes,
            ..Self::default()
        }
    }

    /// 204.
    pub(super) fn no_content(writes: Vec<Write>) -> Self {
        Self {
            status: 204,
            writes,
            ..Self::default()
        }
    }

    /// 202 and an empty object: what is revoked is on its way out.
    pub(super) fn accepted(writes: Vec<Write>) -> Self {
        Self {
            status: 202,
            body: Some(Value::Object(Map::new())),
            writes,
            ..Self::default()
        }
    }

    /// The same reply with these writes.
    #[must_use]
    pub(super) fn with_writes(mut self, writes: Vec<Write>) -> Self {
        self.writes = writes;
        self
    }
}
