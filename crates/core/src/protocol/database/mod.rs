//! `/dbconnections/signup` and `/dbconnections/change_password` (auth-semantics 2.14, 8.4), and
//! the sign-up page: the same rules.

mod identifiers;
mod import;
mod refused;
#[cfg(test)]
mod tests;

use std::fmt;

use cardea_jose::Secret;
use serde_json::{Map, Value};

pub use identifiers::{fill_profile, is_email, is_phone, username_fault, username_flaw};
pub use import::{ImportFault, ImportedUser, import_user};
pub use refused::Refused;

use super::params::Encoding;
use super::password_policy::{Facts, Policy};
use super::tickets::{self, NewTicket, Purpose};
use crate::id::{ClientId, UserId};
use crate::model::{Connection, Entry, Issuer, TenantView, User, fold};
use crate::random::{self, Random};
use crate::time::Timestamp;
use crate::write::{UserWrite, Write};

/// What a user may say of itself when it signs up.
const PROFILE: [&str; 5] = ["given_name", "family_name", "name", "nickname", "picture"];
/// The longest of them, in characters.
const MOST_PROFILE: usize = 300;
/// `user_metadata`: so many members, so long names, so long texts (attack SIGNUP-03).
const MOST_METADATA: (usize, usize, usize) = (10, 100, 500);
/// More members than any of these requests needs.
const MOST_MEMBERS: usize = 100;
/// The longest identifier.
const MOST_IDENTIFIER: usize = 320;

/// Somebody wants to sign up.
#[derive(Clone)]
pub struct Signup {
    /// The application.
    pub client_id: Option<String>,
    /// The connection, by name.
    pub connection: String,
    /// The address.
    pub email: Option<String>,
    /// The username.
    pub username: Option<String>,
    /// The number.
    pub phone_number: Option<String>,
    /// The password.
    pub password: Secret<String>,
    /// `PROFILE`.
    pub profile: Map<String, Value>,
    /// The user's own data.
    pub user_metadata: Map<String, Value>,
}

/// What the user typed is not shown.
impl fmt::Debug for Signup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signup")
            .field("client_id", &self.client_id)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// Somebody has forgotten a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePassword {
    /// The application.
    pub client_id: Option<String>,
    /// The connection, by name.
    pub connection: String,
    /// An address, a username or a number, as it was written.
    pub identifier: String,
}

/// A body as one object: of a form, each member a text.
pub fn members(content_type: Option<&str>, body: &[u8]) -> Result<Map<String, Value>, Refused> {
    let encoding = Encoding::from_content_type(content_type)
        .ok_or(Refused::Body("The body must be JSON or a form."))?;
    let members = match encoding {
        Encoding::Json => cardea_jose::strict_object(body)
            .map_err(|_| Refused::Body("The body is not one JSON object."))?,
        Encoding::Form => {
            if std::str::from_utf8(body).is_err() {
                return Err(Refused::Body("The body is not UTF-8."));
            }
            let mut members = Map::new();
            for (name, value) in form_urlencoded::parse(body).take(MOST_MEMBERS + 1) {
                if members.insert(name.into_owned(), value.into()).is_some() {
                    return Err(Refused::Body("A parameter stands twice."));
                }
            }
            members
        }
    };
    if members.len() > MOST_MEMBERS {
        return Err(Refused::Body("The body has too many members."));
    }
    Ok(members)
}

/// A text that was sent and is not empty.
fn text(members: &Map<String, Value>, name: &'static str) -> Result<Option<String>, Refused> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refused::Type(name)),
    }
}

fn required(members: &Map<String, Value>, name: &'static str) -> Result<String, Refused> {
    text(members, name)?.ok_or(Refused::Missing(name))
}

impl Signup {
    /// Reads the members. What a user may not say of itself is not looked at (attack SIGNUP-03).
    pub fn parse(members: &Map<String, Value>) -> Result<Self, Refused> {
        let mut profile = Map::new();
        for name in PROFILE {
            if let Some(value) = text(members, name)? {
                if value.chars().count() > MOST_PROFILE || value.contains(char::is_control) {
                    return Err(Refused::Format(name));
                }
                profile.insert(name.to_owned(), value.into());
            }
        }
        let trimmed = |name| -> Result<Option<String>, Refused> {
            let text = text(members, name)?.map(|text| text.trim().to_owned());
            Ok(text.filter(|text| !text.is_empty()))
        };
        Ok(Self {
            client_id: text(members, "client_id")?,
            connection: required(members, "connection")?,
            email: trimmed("email")?,
            username: trimmed("username")?,
            phone_number: trimmed("phone_number")?,
            password: Secret::new(required(members, "password")?),
            profile,
            user_metadata: metadata(members)?,
        })
    }

    /// What is known of the user when its password is looked at (attack PASSWORD-17).
    pub fn facts<'a>(&self, tenant: &'a TenantView, score: Option<u8>) -> Facts<'a> {
        let mut user = self.profile.clone();
        let named = [
            ("email", &self.email),
            ("username", &self.username),
            ("phone_number", &self.phone_number),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                user.insert(name.to_owned(), value.as_str().into());
            }
        }
        user.insert(
            "user_metadata".to_owned(),
            self.user_metadata.clone().into(),
        );
        Facts {
            user,
            words: vec![tenant.record.name.as_str()],
            score,
            reused: false,
        }
    }

    /// Whether this sign-up may be. Everything is looked at that does not depend on who has an
    /// account (attack PASSWORD-03). `score` is how hard the password is to guess.
    pub fn check<'a>(
        &self,
        tenant: &'a TenantView,
        score: Option<u8>,
    ) -> Result<&'a Entry<Connection>, Refused> {
        let connection = admitted(tenant, self.client_id.as_deref(), &self.connection)?;
        if !connection.parsed.signup {
            return Err(Refused::SignupDisabled);
        }
        self.check_identifiers(connection)?;
        let policy = Policy::of(&connection.document, tenant.record.profile);
        policy
            .check(self.password.expose(), &self.facts(tenant, score))
            .map_err(Refused::Password)?;
        Ok(connection)
    }

    fn check_identifiers(&self, connection: &Entry<Connection>) -> Result<(), Refused> {
        let attributes = connection.document.nested(&["options", "attributes"]);
        let named = |name: &str| attributes.is_some_and(|all| all.get(name).is_some());
        let needs_username = connection.parsed.requires_username;
        match &self.email {
            Some(email) if !is_email(email) => return Err(Refused::Format("email")),
            None if attributes.is_none() || named("email") => {
                return Err(Refused::Missing("email"));
            }
            None if self.username.is_none() && self.phone_number.is_none() => {
                return Err(Refused::Missing("email"));
            }
            Some(_) | None => {}
        }
        match &self.username {
            Some(_) if !needs_username && !named("username") => {
                return Err(Refused::Unwanted("username"));
            }
            Some(name) if username_fault(&connection.document, name).is_some() => {
                return Err(Refused::Format("username"));
            }
            None if needs_username => return Err(Refused::Missing("username")),
            Some(_) | None => {}
        }
        match &self.phone_number {
            Some(_) if !named("phone_number") => Err(Refused::Unwanted("phone_number")),
            Some(number) if !is_phone(number) => Err(Refused::Format("phone_number")),
            Some(_) | None => Ok(()),
        }
    }

    /// The user that comes of it; `hash` is that of the password.
    pub fn user(&self, hash: &str, now: Timestamp, random: &mut dyn Random) -> Option<User> {
        let id = UserId::parse(&format!("auth0|{}", random::hex(random, 24)))?;
        let mut user = User {
            id,
            connection: self.connection.clone(),
            email: self.email.clone(),
            email_verified: false,
            username: self.username.clone(),
            phone_number: self.phone_number.clone(),
            phone_verified: false,
            blocked: false,
            profile: self.profile.clone(),
            user_metadata: self.user_metadata.clone(),
            app_metadata: Map::new(),
            created_at: now,
            updated_at: now,
            last_login: None,
            logins_count: 0,
            last_password_reset: None,
            password: Some(Secret::new(hash.to_owned())),
            revision: 1,
        };
        fill_profile(&mut user);
        Some(user)
    }
}

/// The answer to a sign-up: no session, no token, and an id without its prefix.
pub fn signed_up(user: &User) -> Value {
    let id = user.id.as_str();
    let bare = id.split_once('|').map_or(id, |(_, bare)| bare);
    let mut answer = Map::new();
    answer.insert("_id".to_owned(), bare.into());
    answer.insert("email_verified".to_owned(), user.email_verified.into());
    let named = [
        ("email", &user.email),
        ("username", &user.username),
        ("phone_number", &user.phone_number),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            answer.insert(name.to_owned(), value.as_str().into());
        }
    }
    if user.phone_number.is_some() {
        answer.insert("phone_verified".to_owned(), user.phone_verified.into());
    }
    for name in PROFILE {
        if let Some(value) = user.profile.get(name) {
            answer.insert(name.to_owned(), value.clone());
        }
    }
    if !user.user_metadata.is_empty() {
        answer.insert(
            "user_metadata".to_owned(),
            user.user_metadata.clone().into(),
        );
    }
    Value::Object(answer)
}

impl ChangePassword {
    /// The answer, whether there is such a user or not (attack PASSWORD-04).
    pub const ANSWER: &str = "We've just sent you an email to reset your password.";

    /// Reads the members. A password that stands there is not looked at: the mail comes first.
    pub fn parse(members: &Map<String, Value>) -> Result<Self, Refused> {
        let mut identifier = None;
        for name in ["email", "username", "phone_number"] {
            identifier = identifier.or(text(members, name)?);
        }
        let identifier = identifier.ok_or(Refused::Missing("email"))?;
        if identifier.chars().count() > MOST_IDENTIFIER {
            return Err(Refused::Format("email"));
        }
        Ok(Self {
            client_id: text(members, "client_id")?,
            connection: required(members, "connection")?,
            identifier,
        })
    }

    /// The connection, if it may be asked.
    pub fn check<'a>(&self, tenant: &'a TenantView) -> Result<&'a Entry<Connection>, Refused> {
        let connection = admitted(tenant, self.client_id.as_deref(), &self.connection)?;
        if !connection.parsed.password_reset {
            return Err(Refused::ResetDisabled);
        }
        Ok(connection)
    }

    /// The identifier as it is compared.
    pub fn folded(&self) -> String {
        fold(&self.identifier)
    }
}

/// A link to `user` for this purpose, if there is an address to send it to and anything that the
/// link could do. A blocked user gets none: it would lead nowhere.
pub fn invite(
    purpose: Purpose,
    user: &User,
    client_id: Option<&str>,
    (issuer, now): (&Issuer, Timestamp),
    random: &mut dyn Random,
) -> Option<tickets::Made> {
    user.email.as_ref()?;
    if user.blocked || (purpose == Purpose::VerifyEmail && user.email_verified) {
        return None;
    }
    let client = client_id.and_then(ClientId::parse);
    let new = NewTicket::mailed(purpose, user, client);
    Some(tickets::make(new, issuer, now, random))
}

/// The write of a sign-up.
pub fn insert(user: &User) -> Write {
    Write::User(UserWrite::Insert(Box::new(user.clone())))
}

/// The database of this name, if the application's people may come from it.
fn admitted<'a>(
    tenant: &'a TenantView,
    client_id: Option<&str>,
    name: &str,
) -> Result<&'a Entry<Connection>, Refused> {
    let client = match client_id {
        None => None,
        Some(id) => Some(tenant.clients.get(id).ok_or(Refused::UnknownClient)?),
    };
    let connection = tenant.connection(name).ok_or(Refused::UnknownConnection)?;
    if connection.parsed.strategy != "auth0" {
        return Err(Refused::UnknownConnection);
    }
    let admitted = match client {
        Some(client) => connection.parsed.is_enabled_for(&client.parsed.id),
        // as "all applications": then somebody must be able to log in with it
        None => connection.parsed.enabled_clients.as_ref() != Some(&Vec::new()),
    };
    if admitted {
        Ok(connection)
    } else {
        Err(Refused::UnknownConnection)
    }
}

fn metadata(members: &Map<String, Value>) -> Result<Map<String, Value>, Refused> {
    const NAME: &str = "user_metadata";
    let (most, longest_name, longest_text) = MOST_METADATA;
    let metadata = match members.get(NAME) {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(metadata)) => metadata,
        Some(_) => return Err(Refused::Type(NAME)),
    };
    let fits = |(name, value): (&String, &Value)| {
        let text = value.as_str();
        name.chars().count() <= longest_name
            && text.is_some_and(|text| text.chars().count() <= longest_text)
    };
    if metadata.len() > most || !metadata.iter().all(fits) {
        return Err(Refused::Metadata);
    }
    Ok(metadata.clone())
}
