//! The store's side in memory: users, what they may do, protocol state, wrong passwords.

use std::collections::BTreeSet;

use super::super::{Answer, Question};
use crate::id::{RoleId, UserId};
use crate::model::{Artefact, Permission, Revoke, User, UserFacts, fold};
use crate::time::Timestamp;
use crate::write::{
    ArtefactQuery, LoginFailures, RoleUsersQuery, UserFind, UserOrder, UserQuery, UserWrite, Write,
};

#[derive(Debug, Default)]
pub(in super::super) struct People {
    pub(in super::super) users: Vec<User>,
    pub(in super::super) roles: BTreeSet<(UserId, RoleId)>,
    pub(in super::super) permissions: BTreeSet<(UserId, Permission)>,
    pub(in super::super) artefacts: Vec<Artefact>,
    pub(in super::super) failures: Vec<LoginFailures>,
}

fn size(count: i64) -> usize {
    usize::try_from(count).unwrap()
}

/// The page, and how many there are.
fn page(users: Vec<User>, skip: i64, take: i64) -> Answer {
    let total = i64::try_from(users.len()).unwrap();
    let page = users.into_iter().skip(size(skip)).take(size(take));
    Answer::Users(page.collect(), total)
}

impl People {
    pub(in super::super) fn answer(&self, question: Question, now: Timestamp) -> Answer {
        match question {
            Question::User(id) => Answer::User(self.facts(&id).map(Box::new)),
            Question::Identifier { connection, folded } => {
                let users = self.users.iter().filter(|user| {
                    let named = [&user.email, &user.username, &user.phone_number];
                    connection
                        .as_ref()
                        .is_none_or(|name| user.connection == *name)
                        && named.into_iter().flatten().any(|text| fold(text) == folded)
                });
                page(users.cloned().collect(), 0, 1000)
            }
            Question::Users(query) => self.listed(&query),
            Question::RoleUsers(query) => self.holders(&query),
            Question::Artefact(kind, id) => {
                let found = self.artefacts.iter().find(|artefact| {
                    artefact.kind == kind && artefact.id.as_deref() == Some(id.as_str())
                });
                Answer::Artefact(found.cloned().map(Box::new))
            }
            Question::Artefacts(query) => Answer::Artefacts(self.states(&query)),
            Question::Failures(folded) => {
                let counted = self.failures.iter();
                let counted = counted
                    .filter(|failures| failures.identifier == folded && now < failures.expires_at);
                Answer::Failures(counted.cloned().collect())
            }
        }
    }

    fn facts(&self, id: &UserId) -> Option<UserFacts> {
        let user = self.users.iter().find(|user| user.id == *id)?.clone();
        let roles = self.roles.iter().filter(|(user, _)| user == id);
        let permissions = self.permissions.iter().filter(|(user, _)| user == id);
        Some(UserFacts {
            user: user.into(),
            roles: roles.map(|(_, role)| role.clone()).collect(),
            permissions: permissions
                .map(|(_, permission)| permission.clone())
                .collect(),
        })
    }

    fn listed(&self, query: &UserQuery) -> Answer {
        let folded = |text: &Option<String>| text.as_deref().map(fold);
        let found = self.users.iter().filter(|user| match &query.find {
            UserFind::All => true,
            UserFind::OfConnection(name) => user.connection == *name,
            UserFind::Id(id) => user.id == *id,
            UserFind::Email(text) => folded(&user.email).as_ref() == Some(text),
            UserFind::Username(text) => folded(&user.username).as_ref() == Some(text),
            UserFind::PhoneNumber(text) => user.phone_number.as_ref() == Some(text),
        });
        let mut found: Vec<User> = found.cloned().collect();
        let key = |user: &User| match query.order {
            UserOrder::CreatedAt => (user.created_at.millis(), String::new()),
            UserOrder::UpdatedAt => (user.updated_at.millis(), String::new()),
            UserOrder::LoginsCount => (user.logins_count, String::new()),
            UserOrder::LastLogin => {
                let at = user.last_login.as_ref();
                (at.map_or(i64::MAX, |(at, _)| at.millis()), String::new())
            }
            UserOrder::Email => (0, folded(&user.email).unwrap_or_default()),
            UserOrder::Id => (0, user.id.to_string()),
        };
        found.sort_by(|a, b| {
            let order = key(a).cmp(&key(b));
            let order = if query.descending {
                order.reverse()
            } else {
                order
            };
            order.then(a.id.cmp(&b.id))
        });
        page(found, query.skip, query.take)
    }

    fn holders(&self, query: &RoleUsersQuery) -> Answer {
        let holds = |user: &&User| self.roles.contains(&(user.id.clone(), query.role.clone()));
        let mut found: Vec<User> = self.users.iter().filter(holds).cloned().collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let total = i64::try_from(found.len()).unwrap();
        found.retain(|user| query.after.as_ref().is_none_or(|after| user.id > *after));
        let users = found
            .into_iter()
            .skip(size(query.skip))
            .take(size(query.take));
        Answer::Users(users.collect(), total)
    }

    fn states(&self, query: &ArtefactQuery) -> Vec<Artefact> {
        let of = |artefact: &&Artefact| {
            let position = (artefact.created_at, artefact.digest);
            artefact.kind == query.kind
                && (query.user.is_none() || artefact.user == query.user)
                && (query.client.is_none() || artefact.client == query.client)
                && (query.group.is_none() || artefact.group == query.group)
                && artefact.is_live(query.live_at)
                && query.after.is_none_or(|after| position > after)
        };
        let mut found: Vec<Artefact> = self.artefacts.iter().filter(of).cloned().collect();
        found.sort_by_key(|artefact| (artefact.created_at, artefact.digest));
        found.truncate(size(query.take));
        found
    }

    pub(in super::super) fn apply(&mut self, write: Write) {
        match write {
            Write::User(write) => self.apply_user(write),
            Write::Put(artefact) => self.artefacts.push(artefact),
            Write::Replace(mut artefact) => {
                let stored = self.artefacts.iter_mut().find(|stored| {
                    stored.digest == artefact.digest && stored.revision == artefact.revision
                });
                artefact.revision += 1;
                *stored.expect("a guard does not hold") = artefact;
            }
            Write::Revoke(revoke) => self.artefacts.retain(|it| !is_named(&revoke, it)),
            Write::ForgetFailures(identifiers) => self
                .failures
                .retain(|failures| !identifiers.contains(&failures.identifier)),
            Write::Insert(_)
            | Write::Update(_)
            | Write::Delete { .. }
            | Write::Log(_)
            | Write::Mail(_)
            | Write::Consume(..)
            | Write::ConsumeAssertion { .. } => panic!("not a management write of people"),
        }
    }

    fn apply_user(&mut self, write: UserWrite) {
        match write {
            UserWrite::Insert(user) => {
                assert!(self.facts(&user.id).is_none(), "{} exists", user.id);
                self.users.push(*user);
            }
            UserWrite::Update(mut user) | UserWrite::Login(mut user) => {
                let same =
                    |stored: &&mut User| stored.id == user.id && stored.revision == user.revision;
                let stored = self.users.iter_mut().find(same);
                let stored = stored.expect("a guard does not hold");
                user.revision += 1;
                *stored = *user;
            }
            UserWrite::Same { .. } => {}
            UserWrite::Delete(id) => self.forget(|user| user.id == id),
            UserWrite::DeleteOfConnection(name) => self.forget(|user| user.connection == name),
            UserWrite::AddRole(user, role, _) => {
                self.roles.insert((user, role));
            }
            UserWrite::RemoveRole(user, role) => {
                self.roles.remove(&(user, role));
            }
            UserWrite::AddPermission(user, permission) => {
                self.permissions.insert((user, permission));
            }
            UserWrite::RemovePermission(user, permission) => {
                self.permissions.remove(&(user, permission));
            }
            UserWrite::ForgetRole(role) => self.roles.retain(|(_, held)| *held != role),
            UserWrite::ForgetPermissions(api, name) => self.permissions.retain(|(_, held)| {
                held.api != api || name.as_ref().is_some_and(|name| held.name != *name)
            }),
        }
    }

    fn forget(&mut self, gone: impl Fn(&User) -> bool) {
        let all = std::mem::take(&mut self.users);
        let (gone, kept): (Vec<User>, Vec<User>) = all.into_iter().partition(gone);
        self.users = kept;
        let is_gone = |id: &UserId| gone.iter().any(|user| user.id == *id);
        self.roles.retain(|(user, _)| !is_gone(user));
        self.permissions.retain(|(user, _)| !is_gone(user));
        self.artefacts
            .retain(|it| !it.user.as_ref().is_some_and(&is_gone));
    }
}

fn is_named(revoke: &Revoke, artefact: &Artefact) -> bool {
    match revoke {
        Revoke::Group(group) => {
            artefact.group.as_ref() == Some(group) || artefact.id.as_ref() == Some(group)
        }
        Revoke::One(kind, digest) => artefact.kind == *kind && artefact.digest == *digest,
        Revoke::OfUser(kind, user, client) => {
            artefact.kind == *kind
                && artefact.user.as_ref() == Some(user)
                && (client.is_none() || artefact.client == *client)
        }
        Revoke::OfClient(kind, client) => {
            artefact.kind == *kind && artefact.client.as_ref() == Some(client)
        }
    }
}
