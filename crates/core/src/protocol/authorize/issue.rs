//! Making what is due from the authorization endpoint: a code, tokens, or both.

use std::sync::Arc;

use cardea_jose::sha256;

use super::decide::Issue;
use super::response::{Made, MadeToken, Response};
use crate::model::{Artefact, ArtefactKind, User};
use crate::protocol::refusal::Refusal;
use crate::protocol::token::UserTokens;
use crate::protocol::token::mint::{Beside, Mint};
use crate::protocol::user_scopes::Site;
use crate::random::{self, Random};
use crate::time::Timestamp;
use crate::write::Write;

/// Seconds in which a code must be redeemed (attack AUTHZ-11).
const CODE_LIFETIME: i64 = 60;
/// Characters of a code: 258 bits (attack AUTHZ-12).
const CODE_LENGTH: usize = 43;

/// Makes it, for this user. The code and an opaque token are remembered.
pub fn issue(
    issue: &Issue,
    user: &Arc<User>,
    site: Site<'_>,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<(Response, Vec<Write>), Refusal> {
    let mut writes = Vec::new();
    let mut made = Made::default();
    if issue.due.code {
        let code = random::url_safe(random, CODE_LENGTH);
        writes.push(Write::Put(remembered(issue, &code, now)));
        made.code = Some(code);
    }
    let tokens = UserTokens {
        grant: issue.grant.clone(),
        client: Arc::clone(&issue.client),
        api: issue.api.clone(),
        user: Arc::clone(user),
        gty: None,
        front_channel: true,
        group: None,
    };
    let mint = Mint {
        tenant: site.tenant,
        issuer: site.issuer,
        now,
    };
    if issue.due.token {
        let access = mint.access(&tokens, random)?;
        writes.extend(access.write);
        let scopes = &issue.grant.scopes;
        made.token = Some(MadeToken {
            access_token: access.token,
            scope: (!scopes.is_empty()).then(|| scopes.to_string()),
            expires_in: access.expires_in,
        });
    }
    if issue.due.id_token {
        let beside = Beside {
            access_token: made.token.as_ref().map(|token| token.access_token.as_str()),
            code: made.code.as_deref(),
        };
        made.id_token = Some(mint.id_token(&tokens, beside)?);
    }
    Ok((Response::success(&issue.channel, made), writes))
}

/// The code as it is stored: it dies with the session (attack LOGOUT-10).
fn remembered(issue: &Issue, code: &str, now: Timestamp) -> Artefact {
    let grant = &issue.grant;
    Artefact {
        kind: ArtefactKind::Code,
        digest: sha256(code.as_bytes()),
        id: None,
        group: grant.session.as_ref().map(ToString::to_string),
        user: Some(grant.user.clone()),
        client: Some(grant.client.clone()),
        created_at: now,
        expires_at: now.plus_seconds(CODE_LIFETIME),
        consumed_at: None,
        revision: 1,
        body: grant.to_body(),
    }
}
