//! The closed list of everything that can change, and the guards under which it does.

use cardea_jose::sha256;

use crate::id::{ApiIdentifier, ClientId, LogId, RoleId, UserId};
use crate::model::{
    Artefact, ArtefactKind, Document, Kind, LogEvent, Mail, Permission, Revoke, User,
};
use crate::time::Timestamp;

/// One guarded change. A guard that does not hold undoes the whole commit.
#[derive(Debug, Clone)]
pub enum Write {
    /// A new document. Guard: no document of this kind has its id or its unique name.
    Insert(Document),
    /// A document replaced. Guard: its stored revision is `document.revision`; the stored one
    /// becomes that plus one.
    Update(Document),
    /// A document, and those that name it as parent, removed. Guard: the stored revision.
    Delete {
        /// What it is.
        kind: Kind,
        /// Which.
        id: String,
        /// The revision that was read.
        revision: i64,
    },
    /// An event recorded.
    Log(LogEvent),
    /// A mail to be sent, however often that must be tried.
    Mail(Mail),
    /// Protocol state made. Guard: nothing of its kind has its digest.
    Put(Artefact),
    /// Protocol state replaced. Guard: the stored revision is `revision`; it becomes that plus
    /// one.
    Replace(Artefact),
    /// Protocol state used up. Guard: it was not, and it has not expired at `at`.
    Consume(ArtefactKind, [u8; 32], Timestamp),
    /// Protocol state removed; nothing to remove is no conflict.
    Revoke(Revoke),
    /// A change to users.
    User(UserWrite),
    /// Wrong passwords forgotten: those that were counted for these identifiers ([`fold`]ed),
    /// whatever the connection and the address. Nothing to forget is no conflict.
    ///
    /// [`fold`]: crate::model::fold
    ForgetFailures(Vec<String>),
    /// A client assertion used up (RFC 7523 3, attack TOKEN-08). Guard: it was not used before.
    ConsumeAssertion {
        /// Whose.
        client: ClientId,
        /// SHA-256 of its `jti`.
        jti: [u8; 32],
        /// Until when it must be remembered.
        expires_at: Timestamp,
    },
}

impl Write {
    /// Removes a document as it was read.
    pub fn delete(document: &Document) -> Self {
        Self::Delete {
            kind: document.kind,
            id: document.id.clone(),
            revision: document.revision,
        }
    }

    /// Uses up the assertion with this `jti`.
    pub fn consume_assertion(client: &ClientId, jti: &str, expires_at: Timestamp) -> Self {
        let jti = sha256(jti.as_bytes());
        Self::ConsumeAssertion {
            client: client.clone(),
            jti,
            expires_at,
        }
    }

    /// Whether it changes a document, and so the tenant's version.
    pub const fn changes_documents(&self) -> bool {
        matches!(
            self,
            Self::Insert(_) | Self::Update(_) | Self::Delete { .. }
        )
    }
}

/// A guarded change to users. None of them moves the tenant's version.
#[derive(Debug, Clone)]
pub enum UserWrite {
    /// A new user. Guard: nobody of the connection has its id, address, username or number.
    Insert(Box<User>),
    /// A user replaced. Guard: the stored revision is `user.revision`, which becomes that plus one,
    /// and it is the user who was made at `user.created_at`: who was removed and made anew under
    /// the same id is somebody else, whatever the revision.
    Update(Box<User>),
    /// A login counted: when, whence, how often. What names the user and what it logs in by stay as
    /// they are stored. Guard: as for an update.
    Login(Box<User>),
    /// Nothing changes: what was decided rests on the user as it was read. Guard: as for an update.
    Same {
        /// Who it is.
        user: UserId,
        /// When the one who was read was made.
        created_at: Timestamp,
        /// The revision that was read.
        revision: i64,
    },
    /// A user and everything of it removed: roles, permissions, sessions, tokens, consents.
    /// No guard: what is gone is gone.
    Delete(UserId),
    /// All users of the connection of this name, each as by [`UserWrite::Delete`].
    DeleteOfConnection(String),
    /// A role given; having it already is no conflict.
    AddRole(UserId, RoleId, Timestamp),
    /// A role taken.
    RemoveRole(UserId, RoleId),
    /// A permission given directly; having it already is no conflict.
    AddPermission(UserId, Permission),
    /// A permission taken.
    RemovePermission(UserId, Permission),
    /// A role or an API is gone: nobody has it any more.
    ForgetRole(RoleId),
    /// Permissions of an API that is gone, or of scopes that it lost.
    ForgetPermissions(ApiIdentifier, Option<String>),
}

impl UserWrite {
    /// What was decided rests on this user as it was read.
    pub fn same(user: &User) -> Self {
        Self::Same {
            user: user.id.clone(),
            created_at: user.created_at,
            revision: user.revision,
        }
    }
}

/// What must happen together or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The version at which the decision was made. Guard: the tenant is still at it. `None`
    /// for a commit that no decision depends on.
    pub decided_at: Option<i64>,
    /// In this order.
    pub writes: Vec<Write>,
}

/// Why a commit was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// An inserted id or unique name exists.
    Exists(Kind),
    /// A document was changed or removed by somebody else.
    Moved(Kind),
    /// The assertion was used before.
    Replayed,
    /// Protocol state with this digest exists.
    ArtefactExists(ArtefactKind),
    /// Protocol state was changed or removed by somebody else.
    ArtefactMoved(ArtefactKind),
    /// Protocol state was used up by somebody else, or has expired.
    Consumed(ArtefactKind),
    /// A user with this id, address, username or number exists.
    UserExists,
    /// A user was changed or removed by somebody else.
    UserMoved,
    /// The tenant is at another version than the decision was made at.
    TenantMoved,
}

/// A question about log events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogQuery {
    /// The event with this id.
    One(LogId),
    /// Newest first: skip some, take some.
    Newest {
        /// How many to skip.
        skip: i64,
        /// How many to give.
        take: i64,
    },
    /// Oldest first, after this id (from the beginning for `None`).
    After {
        /// The last id that is known.
        from: Option<LogId>,
        /// How many to give.
        take: i64,
    },
}

/// A question about users. The answer is the users in their order and how many there are
/// without `skip` and `take`; their passwords may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserQuery {
    /// Which of them; every other condition is looked at afterwards.
    pub find: UserFind,
    /// In which order; users that are equal in it stand in the order of their ids.
    pub order: UserOrder,
    /// Whether the order is turned around (that of the ids is not).
    pub descending: bool,
    /// How many to skip.
    pub skip: i64,
    /// How many to give.
    pub take: i64,
}

/// Which users: what the database has an index for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserFind {
    /// All of the tenant.
    All,
    /// Those of the connection of this name.
    OfConnection(String),
    /// The one with this id.
    Id(UserId),
    /// Those whose folded address is this one, of any connection.
    Email(String),
    /// Those whose folded username is this one, of any connection.
    Username(String),
    /// Those with this number, of any connection.
    PhoneNumber(String),
}

/// What a list of users is sorted by. Users without the value stand at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrder {
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// By folded address.
    Email,
    /// By id.
    Id,
    /// When they last logged in.
    LastLogin,
    /// How often they logged in.
    LoginsCount,
}

/// A question about the users that have a role, in the order of their ids. The answer is as for
/// a [`UserQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleUsersQuery {
    /// The role.
    pub role: RoleId,
    /// Only those after this one; the number of all does not depend on it.
    pub after: Option<UserId>,
    /// How many to skip.
    pub skip: i64,
    /// How many to give.
    pub take: i64,
}

/// A question about protocol state, oldest first (when made, then by digest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtefactQuery {
    /// What it is.
    pub kind: ArtefactKind,
    /// Whose.
    pub user: Option<UserId>,
    /// For which application.
    pub client: Option<ClientId>,
    /// What it belongs to.
    pub group: Option<String>,
    /// Only what is live at this time ([`Artefact::is_live`]).
    pub live_at: Timestamp,
    /// Only what follows this one: when it was made, and its digest.
    pub after: Option<(Timestamp, [u8; 32])>,
    /// How many to give.
    pub take: i64,
}

/// Wrong passwords that were counted for an identifier from one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginFailures {
    /// The identifier, folded.
    pub identifier: String,
    /// The name of the connection.
    pub connection: String,
    /// The address.
    pub ip: String,
    /// How many since the last right one.
    pub count: i64,
    /// From then on they are forgotten.
    pub expires_at: Timestamp,
}
