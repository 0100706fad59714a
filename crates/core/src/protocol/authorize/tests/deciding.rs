//! What happens for whoever is at the browser.

use serde_json::json;

use super::super::{Issue, Outcome, Refused};
use super::world::{API, CHALLENGE, JANE, World, jane, rsa};
use crate::id::UserId;
use crate::model::{ArtefactKind, Profile};
use crate::protocol::body::tests::members_of;
use crate::scope::Scopes;
use crate::write::{UserWrite, Write};

type Prepare = fn(&mut World);

fn outcome(world: &World) -> &'static str {
    match world.decide().0 {
        Ok(Outcome::Login) => "login",
        Ok(Outcome::Consent(_)) => "consent",
        Ok(Outcome::Confirm(_)) => "confirm",
        Ok(Outcome::Issue(..)) => "issue",
        Err(Refused::LoginRequired) => "login_required",
        Err(Refused::ConsentRequired) => "consent_required",
        Err(Refused::InteractionRequired) => "interaction_required",
        Err(Refused::OtherUser) => "other_user",
        Err(Refused::Blocked) => "blocked",
        Err(other) => panic!("{other:?}"),
    }
}

fn fresh(world: &mut World) {
    world.progress.authenticated = Some(UserId::parse(JANE).unwrap());
    world.session = Some(world.login(JANE, 0));
}

fn hint(world: &mut World, user: &str) {
    let claims = json!({"iss": super::world::ISSUER, "sub": user, "aud": super::world::CLIENT});
    let token = rsa()
        .1
        .sign_jwt("JWT", claims.to_string().as_bytes())
        .unwrap();
    world.send("id_token_hint", &token);
}

fn accept(world: &mut World, scopes: &str) {
    world.progress.accepted = Some(Scopes::parse(scopes).unwrap());
}

/// The rule that decides, the situation, what happens, and what with `prompt=none`.
#[rustfmt::skip]
const ROWS: &[(&str, Prepare, &str, &str)] = &[
    ("OIDC-3.1.2.5-issued", |_| {}, "issue", "issue"),
    ("OIDC-3.1.2.5-issued", |w| { w.send("audience", ""); }, "issue", "issue"),
    ("OIDC-3.1.2.5-issued", |w| { w.send("foo", "bar"); }, "issue", "issue"),
    // who is there
    ("A0-session-live", |w| w.session = None, "login", "login_required"),
    ("A0-session-live", |w| w.session = Some(w.login(JANE, -73 * 3600)), "login", "login_required"),
    ("A0-session-live", |w| { w.set_tenant("idle_session_lifetime_in_minutes", json!(0.5)); }, "login", "login_required"),
    ("OIDC-3.1.2.1-prompt-login", |w| { w.send("prompt", "login"); }, "login", ""),
    ("OIDC-3.1.2.1-prompt-login", |w| { w.send("prompt", "select_account"); }, "login", ""),
    ("OIDC-3.1.2.5-issued", |w| { fresh(w); w.send("prompt", "login"); }, "issue", ""),
    // AUTHZ-34
    ("OIDC-3.1.2.1-max-age", |w| { w.send("max_age", "59"); }, "login", "login_required"),
    ("OIDC-3.1.2.5-issued", |w| { w.send("max_age", "60"); }, "issue", "issue"),
    ("OIDC-3.1.2.1-max-age", |w| { w.session = Some(w.login(JANE, 0)); w.send("max_age", "0"); }, "login", "login_required"),
    ("OIDC-3.1.2.5-issued", |w| { fresh(w); w.send("max_age", "0"); }, "issue", "issue"),
    ("A0-session-connection", |w| { w.connection.body.insert("enabled_clients".into(), json!([])); }, "login", "login_required"),
    // AUTHZ-36
    ("OIDC-3.1.2.2-hint-user", |w| hint(w, "auth0|sam"), "login", "login_required"),
    ("OIDC-3.1.2.5-issued", |w| hint(w, JANE), "issue", "issue"),
    ("OIDC-3.1.2.2-hint-user", |w| { w.send("claims", r#"{"id_token": {"sub": {"value": "auth0|sam"}}}"#); }, "login", "login_required"),
    ("OIDC-3.1.2.2-hint-user", |w| { fresh(w); hint(w, "auth0|sam"); }, "other_user", "other_user"),
    // AUTHZ-40
    ("CARDEA-login-same-user", |w| w.progress.authenticated = UserId::parse("auth0|sam"), "login", "login_required"),
    ("A0-user-blocked", |w| w.user().blocked = true, "blocked", "blocked"),
    // consent
    ("A0-consent-needed", |w| { w.set_api("skip_consent_for_verifiable_first_party_clients", json!(false)); }, "consent", "consent_required"),
    ("A0-consent-remembered", |w| { w.consents("openid profile read:patients").set_api("skip_consent_for_verifiable_first_party_clients", json!(false)); }, "issue", "issue"),
    // AUTHZ-45
    ("A0-consent-needed", |w| { w.consents("openid read:patients").set_api("skip_consent_for_verifiable_first_party_clients", json!(false)); }, "consent", "consent_required"),
    ("OIDC-3.1.2.1-prompt-consent", |w| { w.consents("openid profile read:patients").send("prompt", "consent"); }, "consent", ""),
    ("A0-consent-given", |w| { accept(w, "openid profile read:patients"); w.send("prompt", "consent"); }, "issue", ""),
    ("A0-consent-given", |w| { accept(w, "openid profile"); w.send("prompt", "consent"); }, "consent", ""),
    ("A0-consent-needed", |w| { w.third_party("permissive", "allow_always"); }, "consent", "consent_required"),
    ("A0-consent-remembered", |w| { w.third_party("permissive", "allow_always").consents("openid profile read:patients"); }, "issue", "issue"),
    ("A0-consent-needed", |w| { w.third_party("permissive", "allow_always").send("audience", "").send("scope", "openid"); }, "consent", "consent_required"),
    ("RFC8252-8.6-unverifiable", |w| { w.third_party("permissive", "allow_always").consents("openid profile read:patients").native("com.example.app:/cb").send("redirect_uri", "com.example.app:/cb"); }, "consent", "consent_required"),
    // AUTHZ-46
    ("A0-non-verifiable-callback", |w| { w.native("com.example.app:/cb").send("redirect_uri", "com.example.app:/cb").set("skip_non_verifiable_callback_uri_confirmation_prompt", json!(false)); }, "confirm", "interaction_required"),
    ("A0-non-verifiable-callback", |w| { w.native("http://127.0.0.1/cb").send("redirect_uri", "http://127.0.0.1:1/cb").set_tenant("skip_non_verifiable_callback_uri_confirmation_prompt", json!(false)); }, "confirm", "interaction_required"),
    ("OIDC-3.1.2.5-issued", |w| { w.native("http://127.0.0.1/cb").send("redirect_uri", "http://127.0.0.1:1/cb").set_tenant("skip_non_verifiable_callback_uri_confirmation_prompt", json!(false)).set("skip_non_verifiable_callback_uri_confirmation_prompt", json!(true)); }, "issue", "issue"),
    ("OIDC-3.1.2.5-issued", |w| { w.native("http://127.0.0.1/cb").send("redirect_uri", "http://127.0.0.1:1/cb"); }, "issue", "issue"),
    ("OIDC-3.1.2.5-issued", |w| { fresh(w); w.native("http://127.0.0.1/cb").send("redirect_uri", "http://127.0.0.1:1/cb").set_tenant("skip_non_verifiable_callback_uri_confirmation_prompt", json!(false)); }, "issue", "issue"),
    ("OIDC-3.1.2.5-issued", |w| { w.progress.confirmed = true; w.native("http://127.0.0.1/cb").send("redirect_uri", "http://127.0.0.1:1/cb").set_tenant("skip_non_verifiable_callback_uri_confirmation_prompt", json!(false)); }, "issue", "issue"),
];

#[test]
fn each_situation_has_its_outcome_with_and_without_pages() {
    for (rule, prepare, expected, silent) in ROWS {
        for profile in [Profile::Compat, Profile::Strict] {
            let mut world = World::new(profile);
            prepare(&mut world);
            assert_eq!(outcome(&world), *expected, "{rule}");
            let trace = world.decide().1;
            let named = trace.steps().iter().any(|step| step.rule.id() == *rule);
            let by_refusal = matches!(*expected, "other_user" | "blocked");
            assert!(named || by_refusal, "{rule}: {trace:?}");
            if !silent.is_empty() {
                world.send("prompt", "none");
                assert_eq!(outcome(&world), *silent, "{rule} with prompt=none");
            }
        }
    }
}

/// AUTHZ-31: each by its own rule.
#[test]
fn what_prompt_none_answers_has_a_rule_of_its_own() {
    for (refused, rule) in [
        (Refused::LoginRequired, "OIDC-3.1.2.6-login-required"),
        (Refused::ConsentRequired, "OIDC-3.1.2.6-consent-required"),
        (
            Refused::InteractionRequired,
            "OIDC-3.1.2.6-interaction-required",
        ),
        (Refused::OtherUser, "OIDC-3.1.2.2-hint-user"),
        (Refused::Blocked, "A0-user-blocked"),
    ] {
        assert_eq!(refused.rule().id(), rule);
    }
}

fn issued(world: &World) -> (Box<Issue>, Vec<Write>) {
    match world.decide().0 {
        Ok(Outcome::Issue(issue, writes)) => (issue, writes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_grant_says_what_was_asked_and_given() {
    let mut world = World::new(Profile::Strict);
    world
        .send("nonce", "n-1")
        .send("scope", "read:patients openid write:patients profile");
    world.set_api("token_dialect", json!("access_token_authz"));
    let (issue, writes) = issued(&world);
    let grant = &issue.grant;
    assert_eq!(grant.scopes.to_string(), "read:patients openid profile");
    assert_eq!(
        grant.permissions.as_ref().unwrap().to_string(),
        "read:patients read:admin"
    );
    assert_eq!(grant.audience.as_ref().unwrap().as_str(), API);
    assert_eq!(grant.user.as_str(), JANE);
    assert_eq!(
        grant.session,
        world.session.as_ref().map(|session| session.id.clone())
    );
    assert_eq!(grant.nonce.as_deref(), Some("n-1"));
    assert_eq!(grant.challenge.as_deref(), Some(CHALLENGE));
    assert_eq!(grant.redirect_uri.as_deref(), Some(super::world::CALLBACK));
    assert_eq!(grant.auth_time, world.now.plus_seconds(-60));
    assert!(!grant.shows_auth_time);
    assert_eq!(grant.consent, None);
    assert!(issue.due.code && !issue.due.is_front_channel());
    assert!(
        matches!(writes.as_slice(), [Write::Replace(_)]),
        "the session was used"
    );
}

/// auth-semantics 3.2: `auth_time`.
#[test]
fn the_time_of_the_login_shows_where_it_was_asked_for() {
    type Row = (Prepare, bool);
    #[rustfmt::skip]
    let rows: [Row; 4] = [
        (|_| {}, false),
        (|w| { w.send("max_age", "10000"); }, true),
        (|w| { fresh(w); w.send("prompt", "login"); }, true),
        (|w| { w.send("claims", r#"{"id_token": {"auth_time": null}}"#); }, true),
    ];
    for (prepare, shown) in rows {
        let mut world = World::new(Profile::Compat);
        prepare(&mut world);
        assert_eq!(issued(&world).0.grant.shows_auth_time, shown);
    }
}

/// What is given, and what it rests on.
#[rustfmt::skip]
const RESTS: [(&str, Prepare, &str); 6] = [
    ("a code", |_| {}, "nothing"),
    ("a token", |w| { w.send("response_type", "token"); }, "user"),
    ("a code and an ID token", |w| { w.send("response_type", "code id_token"); }, "user"),
    ("a consent", |w| { w.send("scope", "openid offline_access"); }, "user"),
    ("a consent that is there", |w| { w.send("scope", "openid offline_access").consents("openid offline_access"); }, "nothing"),
    ("a session that is due", |w| { w.send("response_type", "token").now = w.now.plus_seconds(3600); }, "session"),
];

/// SESSION-07: a code is looked at again when it is redeemed; what is good at once rests on the
/// user as it was read, if the session is not written anyway.
#[test]
fn what_lasts_rests_on_the_session_or_its_user() {
    for (what, prepare, expected) in RESTS {
        let mut world = World::new(Profile::Compat);
        world.send("nonce", "n");
        prepare(&mut world);
        let client = world.check().unwrap().client.parsed.id.clone();
        if let Some(session) = &mut world.session {
            session.clients.push(client);
            session.last_used_at = super::world::NOW;
        }
        let (_, writes) = issued(&world);
        let rests_on = match writes.first() {
            Some(Write::User(UserWrite::Same { user, .. })) if user.as_str() == JANE => "user",
            Some(Write::Replace(artefact)) if artefact.kind == ArtefactKind::Session => "session",
            Some(Write::Put(_)) | None => "nothing",
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!(rests_on, expected, "{what}");
    }
}

/// auth-semantics 5.12: what lasts can be taken back.
#[test]
fn refresh_tokens_rest_on_a_consent_even_where_nobody_was_asked() {
    let mut world = World::new(Profile::Compat);
    world.send("scope", "openid offline_access read:patients");
    let (issue, writes) = issued(&world);
    let Some(Write::Put(artefact)) = writes.last() else {
        panic!("{writes:?}")
    };
    let consent = issue.grant.consent.clone().unwrap();
    assert_eq!(artefact.id.as_deref(), Some(consent.as_str()));
    assert_eq!(
        members_of(&artefact.body)["scope"],
        "openid offline_access read:patients"
    );

    world.consents("openid offline_access read:patients");
    let (issue, writes) = issued(&world);
    assert_eq!(
        issue.grant.consent,
        world.consent.as_ref().map(|record| record.id.clone())
    );
    assert!(
        matches!(writes.as_slice(), [Write::Replace(artefact)] if artefact.id.as_deref()
        == world.session.as_ref().map(|session| session.id.as_str()))
    );
}

/// A claim by name is no way around the consent page.
#[test]
fn a_third_party_gets_no_claim_that_nobody_was_asked_for() {
    const CLAIMS: &str = r#"{"userinfo": {"email": null, "name": null}}"#;
    let mut world = World::new(Profile::Compat);
    world.send("claims", CLAIMS);
    assert_eq!(issued(&world).0.grant.claims.userinfo, ["email", "name"]);
    world
        .third_party("permissive", "allow_always")
        .consents("openid profile read:patients");
    assert_eq!(issued(&world).0.grant.claims.userinfo, ["name"]);
}

#[test]
fn what_happens_to_a_session_by_use() {
    let mut world = World::new(Profile::Compat);
    // used for this application a moment ago: nothing new
    let mut session = world.login(JANE, -10);
    let settings = world.tenant().settings.parsed.login.clone();
    let client = world.check().unwrap().client.parsed.id.clone();
    session.touch(&client, &settings, world.now.plus_seconds(-10));
    world.session = Some(session);
    assert!(issued(&world).1.is_empty());
    world.now = world.now.plus_seconds(60);
    assert_eq!(issued(&world).1.len(), 1);
    world.user = jane();
    world.session = None;
    assert_eq!(outcome(&world), "login");
}
