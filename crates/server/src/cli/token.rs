//! `cardea token inspect`: what a token is, and which API takes it.

use cardea_core::model::{Api, Dialect, TenantView};
use cardea_core::time::Timestamp;
use cardea_jose::{Compact, Malformed};
use cardea_verifier::{KeySet, Policy, Refusal, Typ, verify};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::place::{Opened, PlaceArgs};
use super::{Failure, Outcome};
use crate::clock::Clock;
use crate::say;

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Tell what a token is, who would take it, and why the others would not.
    Inspect(InspectArgs),
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// The token; `-` reads it from standard input, so that it stays out of the shell's history.
    token: String,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(command: TokenCommand) -> Outcome {
    let TokenCommand::Inspect(args) = command;
    let token = match args.token.as_str() {
        "-" => std::io::read_to_string(std::io::stdin())?,
        given => given.to_owned(),
    };
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token);
    let now = Clock::system().now();
    describe(token, now).iter().for_each(say::line);
    if let Ok(place) = args.place.find() {
        return judge(token, &place.open().await?, now).await;
    }
    say::line("");
    say::line("Not verified: name the installation with --config or --data to have it judged.");
    Ok(())
}

/// What can be told without a key. Nothing of it is proved.
fn describe(token: &str, now: Timestamp) -> Vec<String> {
    let jws = match Compact::parse(token) {
        Ok(jws) => jws,
        Err(Malformed::NotCompact) if token.split('.').count() == 5 => {
            return vec!["An encrypted token (JWE): only its recipient can read it.".to_owned()];
        }
        Err(Malformed::NotCompact) => {
            return vec![
                "An opaque value: not a JWT. As an access token it would open /userinfo alone."
                    .to_owned(),
            ];
        }
        Err(error) => return vec![format!("Not a token that anyone takes: {error}.")],
    };
    let header = jws.header();
    let claims = match jws.claims() {
        Ok(claims) => claims,
        Err(error) => return vec![format!("Not a token that anyone takes: {error}.")],
    };
    let mut lines = vec![
        format!(
            "{}. What follows is what it says of itself.",
            kind(header.is_typ("at+jwt"), &claims)
        ),
        String::new(),
        format!(
            "header  alg {}, typ {}, kid {}",
            header.alg,
            header.typ.as_deref().unwrap_or("-"),
            header.kid.as_deref().unwrap_or("-"),
        ),
    ];
    lines.extend(claims.iter().map(|(name, value)| {
        let date = ["iat", "exp", "nbf", "auth_time"].contains(&name.as_str());
        let at = value.as_i64().filter(|_| date).map(Timestamp::from_seconds);
        let note = match (name.as_str(), at) {
            (_, None) => String::new(),
            ("exp", Some(at)) if at <= now => format!(" = {at}, expired"),
            (_, Some(at)) => format!(" = {at}"),
        };
        format!("claim   {name}: {value}{note}")
    }));
    lines
}

fn kind(is_at_jwt: bool, claims: &Map<String, Value>) -> &'static str {
    let has = |name: &str| claims.contains_key(name);
    let audience = claims.get("aud").and_then(Value::as_str);
    let party = claims
        .get("azp")
        .or_else(|| claims.get("client_id"))
        .and_then(Value::as_str);
    if is_at_jwt {
        "An access token (RFC 9068)"
    } else if has("events") {
        "A logout or security event token"
    } else if has("jti") && claims.get("iss") == claims.get("sub") && !has("scope") {
        "A client assertion (RFC 7523)"
    } else if has("nonce") || has("at_hash") || has("c_hash") || has("sid") {
        "An ID token: it tells an application who logged in, and opens no API"
    } else if has("scope")
        || has("gty")
        || has("permissions")
        || (party.is_some() && party != audience)
    {
        "An access token"
    } else {
        "An ID token by its claims: it tells an application who logged in, and opens no API"
    }
}

async fn judge(token: &str, opened: &Opened, now: Timestamp) -> Outcome {
    say::line("");
    let issuer = Compact::parse(token).ok().and_then(|jws| jws.claims().ok());
    let issuer = issuer.and_then(|claims| Some(claims.get("iss")?.as_str()?.to_owned()));
    let Some(issuer) = issuer else {
        say::line("It names no issuer, so no API here takes it.");
        return Ok(());
    };
    let record = opened.tenants.iter().find(|record| {
        let mut hosts = std::iter::once(&record.host).chain(&record.custom_domains);
        hosts.any(|host| issuer == format!("{}://{host}/", opened.scheme.as_str()))
    });
    let Some(record) = record else {
        say::line(format!(
            "Its issuer {issuer} is no tenant here, so no API here takes it."
        ));
        return Ok(());
    };
    let (view, _) = opened.load(Some(&record.name)).await?;
    opened.store.close().await;
    say::line(format!("Tenant {}: who takes it?", record.name));
    for entry in view.apis.values() {
        let api = &entry.parsed;
        let name = api.name.as_deref().unwrap_or("(unnamed)");
        let verdict = match verdict(token, &issuer, api, &view, now) {
            Ok(None) => "takes it".to_owned(),
            Ok(Some(refusal)) => format!("refuses it: {refusal} ({})", refusal.reason()),
            Err(why) => format!("cannot judge it: {}", why.text),
        };
        say::line(format!("  {name}, {}: {verdict}", api.identifier));
    }
    Ok(())
}

/// What the API's verifier says; `None` when it takes the token.
fn verdict(
    token: &str,
    issuer: &str,
    api: &Api,
    view: &TenantView,
    now: Timestamp,
) -> Result<Option<Refusal>, Failure> {
    let keys: KeySet = match &api.hs256 {
        Some(secret) => std::iter::once(secret.verifying_key()).collect(),
        None => view
            .keys
            .iter()
            .filter(|entry| entry.parsed.algorithm == api.signing_alg)
            .filter_map(|entry| Some(entry.parsed.signing.as_ref()?.verifying_key()))
            .collect(),
    };
    let typ = match api.dialect {
        Dialect::Rfc9068 | Dialect::Rfc9068Authz => Typ::AtJwt,
        Dialect::AccessToken | Dialect::AccessTokenAuthz => Typ::Any,
    };
    let policy = Policy::builder(issuer)
        .audience(api.identifier.as_str())
        .algorithms([api.signing_alg])
        .require_typ(typ)
        .build()?;
    Ok(verify(token, &policy, &keys, now.seconds()).err())
}
