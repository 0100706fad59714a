//! `id_token_hint` (OIDC Core 3.1.2.1): an ID token of ours, which says who should be logged in.

use cardea_jose::{Compact, VerifyingKey, b64};
use serde_json::Value;

use crate::id::{SessionId, UserId};
use crate::model::{AuthMethod, Client, Entry};
use crate::protocol::user_scopes::Site;

/// What an ID token of ours says of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: Option<SessionId>,
}

/// Reads an ID token that this issuer made for this application. That it has expired does not
/// matter; whose key signed it does.
pub fn read(token: &str, client: &Entry<Client>, site: Site<'_>) -> Option<Hint> {
    let jws = Compact::parse(token).ok()?;
    // an access token is no ID token, whoever signed it (attack JWT-17)
    if jws.header().typ.is_some() && !jws.header().is_typ("JWT") {
        return None;
    }
    verified(&jws, client, site)?;
    let claims = jws.claims().ok()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let client_id = client.parsed.id.as_str();
    let audience = match claims.get("aud")? {
        Value::String(one) => one == client_id,
        Value::Array(several) => several.iter().any(|one| one == client_id),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    // an access token whose API has the name of a client says `azp` or `client_id`
    let access = claims.contains_key("scope") || claims.contains_key("client_id");
    if !audience || access || text("iss") != Some(site.issuer.as_str()) {
        return None;
    }
    Some(Hint {
        user: UserId::parse(text("sub")?)?,
        session: text("sid").and_then(SessionId::parse),
    })
}

fn verified(jws: &Compact<'_>, client: &Entry<Client>, site: Site<'_>) -> Option<()> {
    if jws.header().alg == "HS256" {
        // no such token is ever issued to a public client, or to one of another algorithm
        let client = Some(client).filter(|client| {
            client.parsed.auth_method != AuthMethod::None
                && !matches!(client.parsed.id_token_alg, Some(alg) if !alg.is_symmetric())
        })?;
        // trap T9: such an ID token is signed with the client's own secret
        return jws.verify(&client_key(client)?).ok();
    }
    let key = site.tenant.keys.get(jws.header().kid.as_deref()?)?;
    let key = key.parsed.signing.as_ref()?.verifying_key();
    jws.verify(&key).ok()
}

fn client_key(client: &Entry<Client>) -> Option<VerifyingKey> {
    let secret = client.document.secrets.get("client_secret")?.expose();
    let encoded = client
        .document
        .nested(&["jwt_configuration", "secret_encoded"]);
    if encoded.and_then(Value::as_bool) == Some(true) {
        return VerifyingKey::hmac(&b64::decode(secret).ok()?).ok();
    }
    VerifyingKey::hmac(secret.as_bytes()).ok()
}
