//! `grant_type=password` and Auth0's `password-realm` (RFC 6749 4.3; auth-semantics 2.2, 4.2).
//! The password itself is looked at elsewhere: its verdict comes as a fact.

use std::sync::Arc;

use cardea_jose::Secret;

use super::Request;
use super::facts::{FactKey, Facts, PasswordVerdict};
use super::user::{self, Granted, UserTokens};
use crate::model::{Client, ClientFlag, Connection, GrantType, TenantView, fold};
use crate::protocol::params::Params;
use crate::protocol::profile;
use crate::protocol::refusal::{GrantRefusal, Refusal};
use crate::protocol::rules::Rule;
use crate::protocol::target::shorten;
use crate::protocol::trace::{Subject, Trace, Verdict};
use crate::protocol::user_grant::{ClaimsAsked, UserGrant};
use crate::protocol::user_scopes::{self, Flow};
use crate::write::{UserWrite, Write};

/// What the request brings.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which of the two words was said.
    pub grant: GrantType,
    /// An address, a username or a number.
    pub username: String,
    /// What has to be verified.
    pub password: Secret<String>,
    /// The connection, by name.
    pub realm: Option<String>,
    /// `scope`, unparsed.
    pub scope: Option<String>,
    /// `audience`.
    pub audience: Option<String>,
    /// RFC 8707 `resource`.
    pub resources: Vec<String>,
}

impl Asked {
    /// Reads the grant's own parameters.
    pub fn from_params(grant: GrantType, params: &Params) -> Result<Self, Refusal> {
        let text = |name| params.get(name).map(ToOwned::to_owned);
        let password = text("password").ok_or(Refusal::Grant(GrantRefusal::Absent("password")));
        Ok(Self {
            grant,
            username: text("username").ok_or(Refusal::Grant(GrantRefusal::Absent("username")))?,
            password: Secret::new(password?),
            realm: text("realm"),
            scope: text("scope"),
            audience: text("audience"),
            resources: params.resources().to_vec(),
        })
    }

    /// The identifier as it is compared and counted.
    pub fn identifier(&self) -> String {
        fold(&self.username)
    }
}

/// Who is meant first, then the verdict on the password, then how many refresh tokens there are.
/// Nothing is wanted for a client that may not ask: nobody hashes for strangers.
pub(super) fn wanted(
    asked: &Asked,
    client: &Client,
    tenant: &TenantView,
    facts: &Facts,
) -> Vec<FactKey> {
    let mut silent = Trace::default();
    let Ok(connection) = connection(asked, client, tenant, &mut silent) else {
        return Vec::new();
    };
    let name = &connection.name;
    let who = FactKey::Identified {
        connection: name.clone(),
        identifier: asked.identifier(),
    };
    if !facts.has(&who) {
        return vec![who];
    }
    let user = facts.identified(name, &asked.identifier());
    let id = user.map(|user| user.user.id.clone());
    let mut keys = vec![FactKey::Password(id.clone())];
    let offline = asked.scope.as_deref().unwrap_or_default();
    if let Some(id) = id.filter(|_| offline.split(' ').any(|word| word == "offline_access")) {
        keys.push(FactKey::Families(id, client.id.clone()));
    }
    facts.missing(keys)
}

/// The connection that the request is about, if the client may use it with a password.
pub fn connection<'a>(
    asked: &Asked,
    client: &Client,
    tenant: &'a TenantView,
    trace: &mut Trace,
) -> Result<&'a Connection, Refusal> {
    // auth-semantics 4.5: third parties never see passwords
    let flagged = !profile::password_needs_flag(tenant.record.profile)
        || client.has(ClientFlag::PasswordGrant);
    if !client.first_party || !flagged {
        return Err(Refusal::GrantTypeNotAllowed(asked.grant));
    }
    user::grant_allowed(client, asked.grant, trace)?;
    let default = tenant.settings.parsed.login.default_directory.as_ref();
    let name = asked.realm.as_ref().or(default);
    let name = name.ok_or(Refusal::Grant(GrantRefusal::NoDefaultConnection))?;
    let known = |why| Refusal::Grant(GrantRefusal::Connection(Rule::ConnectionKnown, why));
    let connection = tenant.connection(name);
    let connection = &connection
        .ok_or_else(|| known("the connection was not found"))?
        .parsed;
    if connection.strategy != "auth0" {
        return Err(known(
            "specified strategy does not support requested operation",
        ));
    }
    if !connection.is_enabled_for(&client.id) {
        let why = "the connection was disabled";
        return Err(Refusal::Grant(GrantRefusal::Connection(
            Rule::ConnectionEnabled,
            why,
        )));
    }
    trace.push(Rule::ConnectionEnabled, Subject::Request, Verdict::Passed);
    Ok(connection)
}

/// Decides.
pub(super) fn decide(
    asked: &Asked,
    request: &Request<'_>,
    trace: &mut Trace,
    writes: &mut Vec<Write>,
) -> Result<Granted, Refusal> {
    let Request {
        client,
        facts,
        site,
        now,
    } = *request;
    let connection = connection(asked, &client.parsed, site.tenant, trace)?;
    let found = facts.identified(&connection.name, &asked.identifier());
    let verdict = facts.password(found.map(|found| &found.user.id));
    let found = match (verdict, found) {
        (Some(PasswordVerdict::Right), Some(found)) => Ok(found),
        (Some(PasswordVerdict::TooMany), _) => Err(GrantRefusal::TooManyPasswords),
        (Some(PasswordVerdict::TooManyFromAddress), _) => Err(GrantRefusal::TooManyFromAddress),
        (Some(PasswordVerdict::Right | PasswordVerdict::Wrong) | None, _) => {
            Err(GrantRefusal::WrongPassword)
        }
    };
    let found = found.map_err(Refusal::Grant)?;
    let who = Subject::User(found.user.id.to_string());
    trace.push(Rule::PasswordRight, who, Verdict::Passed);
    // only who knows the password learns that the user is blocked
    user::may_act(&found.user, trace)?;
    let resolved = user_scopes::resolve(
        &user_scopes::Asked {
            scope: asked.scope.as_deref(),
            audience: asked.audience.as_deref(),
            resources: &asked.resources,
            flow: Flow::Password,
        },
        &client.parsed,
        site,
        found,
        trace,
    )?;
    let grant = UserGrant {
        client: client.parsed.id.clone(),
        user: found.user.id.clone(),
        connection: connection.name.clone(),
        session: None,
        audience: resolved
            .api
            .as_ref()
            .map(|api| api.parsed.identifier.clone()),
        scopes: resolved.scopes,
        permissions: resolved.permissions,
        auth_time: now,
        shows_auth_time: false,
        nonce: None,
        acr: None,
        amr: Vec::new(),
        redirect_uri: None,
        challenge: None,
        claims: ClaimsAsked::default(),
        consent: None,
    };
    let (refresh, oldest) = user::start_family(&grant, None, request, trace);
    writes.extend(oldest);
    // whoever changes the password meanwhile ends this too (attack SESSION-07)
    writes.push(Write::User(UserWrite::same(&found.user)));
    Ok(Granted {
        tokens: UserTokens {
            grant,
            client: Arc::clone(client),
            api: resolved.api,
            user: Arc::clone(&found.user),
            gty: Some("password"),
            front_channel: false,
            group: None,
        },
        refresh,
    })
}

/// What a request calls the user, for the log.
pub(super) fn named(asked: &Asked) -> String {
    shorten(&asked.username).chars().take(255).collect()
}
