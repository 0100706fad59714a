//! Logging out: where to, with which proof, and what ends.

use serde_json::json;

use super::{Decided, LogoutRefusal, Next, OidcAsked, V2Asked, decide_oidc, decide_v2};
use crate::model::{ArtefactKind, Profile, Revoke};
use crate::protocol::session::SessionRecord;
use crate::protocol::token::tests::people::People;
use crate::protocol::token::tests::world::{CLIENT, NOW, World};
use crate::write::Write;

/// Parameters.
type Sent<'a> = Vec<(&'static str, &'a str)>;

const URL: &str = "https://app.example/bye";
const TENANT_URL: &str = "https://tenant.example/bye";
/// Registered before the others; nobody can be sent there.
const PATTERNS: [&str; 2] = [
    "https://*.app.example/bye",
    "https://{organization_name}.app.example/bye",
];

fn people() -> People {
    let mut people = People::new(Profile::Compat);
    prepared(&mut people.world);
    people
}

fn prepared(world: &mut World) {
    let [wildcard, placeholder] = PATTERNS;
    let urls = json!([
        wildcard,
        placeholder,
        URL,
        "https://app.example/bye?x=1",
        "https://app.example"
    ]);
    World::member(&mut world.client, "allowed_logout_urls", urls);
    World::member(
        &mut world.settings,
        "allowed_logout_urls",
        json!([TENANT_URL]),
    );
}

fn session(people: &People) -> SessionRecord {
    let found = people.shelf.of(ArtefactKind::Session)[0];
    SessionRecord::from_artefact(found).unwrap()
}

fn v2(query: &str) -> Result<Decided, LogoutRefusal> {
    let people = people();
    let asked = V2Asked::parse(Some(query))?;
    let session = session(&people);
    Ok(decide_v2(&asked, &people.tenant(), Some(&session)))
}

fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    query.finish()
}

/// What is sent, where it leads.
#[test]
fn v2_goes_to_a_registered_url() {
    let app = ("client_id", CLIENT);
    let (with_query, upper) = ("https://app.example/bye?a=b#c", "HTTPS://APP.example/bye");
    let bare = "https://app.example/";
    let rows: [(Sent<'_>, Option<&str>); 9] = [
        (vec![], None),
        (vec![app], Some(URL)),
        (vec![app, ("returnTo", "")], Some(URL)),
        (vec![app, ("returnTo", URL)], Some(URL)),
        // T30: query and fragment do not count, nor the case of scheme and host
        (vec![app, ("returnTo", with_query)], Some(with_query)),
        (vec![app, ("returnTo", upper)], Some(upper)),
        (vec![app, ("returnTo", bare)], Some(bare)),
        (vec![("returnTo", TENANT_URL)], Some(TENANT_URL)),
        (vec![("client_id", CLIENT), ("federated", "")], Some(URL)),
    ];
    for (sent, expected) in rows {
        let decided = v2(&query(&sent)).unwrap();
        let Ok(Next::Done { to, ended }) = decided.outcome else {
            panic!("{sent:?}: {:?}", decided.outcome);
        };
        assert_eq!(to.as_deref(), expected, "{sent:?}");
        let sid = ended.unwrap().session.to_string();
        let [Write::Revoke(Revoke::Group(group))] = decided.writes.as_slice() else {
            panic!("{:?}", decided.writes);
        };
        assert_eq!(*group, sid);
    }
}

/// LOGOUT-02: none of these leads anywhere, and none ends the session.
const TRICKS: [&str; 26] = [
    PATTERNS[0],
    PATTERNS[1],
    "https://app.example/BYE",
    "https://app.example/bye/",
    "https://app.example/bye/../x",
    "https://app.example/bye%2f",
    "https://app.example/bye\\@evil.example",
    "https://app.example\\@evil.example/bye",
    "https://app.example@evil.example/bye",
    "https://app.example:443@evil.example/bye",
    "https://evil.example/https://app.example/bye",
    "https://app.example.evil.example/bye",
    "https://evilapp.example/bye",
    "https://app.example:444/bye",
    "http://app.example/bye",
    "//app.example/bye",
    "/bye",
    "javascript:alert(1)//https://app.example/bye",
    "data:text/html,https://app.example/bye",
    "https://app.example/bye\r\nSet-Cookie: a=b",
    "https://app.example/bye\t",
    " https://app.example/bye",
    "https://app.example/b\u{443}e",
    "https:/app.example/bye",
    "https:app.example/bye",
    "https://app.example//bye",
];

#[test]
fn tricks_lead_nowhere() {
    for trick in TRICKS {
        let decided = v2(&query(&[("client_id", CLIENT), ("returnTo", trick)])).unwrap();
        let refusal = decided.outcome.unwrap_err();
        assert_eq!(refusal.rule().id(), "A0-logout-url", "{trick}");
        assert!(decided.writes.is_empty());
        let start = "The \"returnTo\" querystring parameter \"";
        let end = "\" is not defined as a valid URL in \"Allowed Logout URLs\"";
        let text = refusal.description();
        assert!(text.starts_with(start) && text.ends_with(end), "{text}");

        let sent = [("client_id", CLIENT), ("post_logout_redirect_uri", trick)];
        let decided = oidc(&people(), &sent, true);
        assert_eq!(
            decided.outcome.unwrap_err().rule().id(),
            "A0-logout-url",
            "{trick}"
        );
        assert!(decided.writes.is_empty());
    }
}

#[test]
fn v2_refuses_what_it_does_not_know() {
    let decided = v2("client_id=nobody").unwrap();
    let refusal = decided.outcome.unwrap_err();
    assert_eq!(refusal.description(), "Unknown client: nobody");
    assert_eq!(decided.trace.steps().last().unwrap().rule, refusal.rule());
    // a URL of the client is none of the tenant, and the other way round
    for sent in [
        query(&[("returnTo", URL)]),
        query(&[("client_id", CLIENT), ("returnTo", TENANT_URL)]),
    ] {
        assert!(v2(&sent).unwrap().outcome.is_err(), "{sent}");
    }
    assert!(matches!(
        v2("returnTo=a&returnTo=b"),
        Err(LogoutRefusal::Repeated(_))
    ));
}

fn oidc(people: &People, sent: &[(&str, &str)], logged_in: bool) -> Decided {
    let asked = OidcAsked::parse(query(sent).as_bytes()).unwrap();
    decide(people, &asked, logged_in)
}

fn decide(people: &People, asked: &OidcAsked, logged_in: bool) -> Decided {
    let session = logged_in.then(|| session(people));
    people.with_site(|site| decide_oidc(asked, site, session.as_ref()))
}

/// Tokens of Jane, in her session.
fn tokens() -> (People, String, String) {
    let (mut people, issued) =
        People::begun_with(Profile::Compat, |people| prepared(&mut people.world));
    people.now = NOW;
    (people, issued.id_token.unwrap(), issued.access_token)
}

#[derive(Debug, PartialEq)]
enum Seen {
    Asked,
    Ended,
    Nobody,
    Refused,
}

fn seen(decided: &Decided) -> Seen {
    match &decided.outcome {
        Err(_) => Seen::Refused,
        Ok(Next::Confirm { .. }) => Seen::Asked,
        Ok(Next::Done { ended: Some(_), .. }) => Seen::Ended,
        Ok(Next::Done { ended: None, .. }) => Seen::Nobody,
    }
}

/// `OIDC-RPINIT-2-confirmation`, LOGOUT-01, LOGOUT-03, JWT-18, T29, T32: who has proved what.
#[test]
fn who_proved_nothing_is_asked() {
    let (people, id, access) = tokens();
    let sid = session(&people).id.to_string();
    let broken = id.replacen("eyJ", "eyK", 2);
    let rows: [(&str, Sent<'_>, Seen); 9] = [
        ("nothing", vec![], Seen::Asked),
        ("a client", vec![("client_id", CLIENT)], Seen::Asked),
        ("the hint", vec![("id_token_hint", &id)], Seen::Ended),
        (
            "hint and client",
            vec![("id_token_hint", &id), ("client_id", CLIENT)],
            Seen::Ended,
        ),
        (
            "the sid",
            vec![("logout_hint", &sid), ("client_id", CLIENT)],
            Seen::Ended,
        ),
        ("another sid", vec![("logout_hint", "another")], Seen::Asked),
        (
            "an access token",
            vec![("id_token_hint", &access)],
            Seen::Asked,
        ),
        (
            "a broken hint",
            vec![("id_token_hint", &broken)],
            Seen::Asked,
        ),
        (
            "no token at all",
            vec![("id_token_hint", "x"), ("logout_hint", "y")],
            Seen::Asked,
        ),
    ];
    for (what, sent, expected) in rows {
        let decided = oidc(&people, &sent, true);
        assert_eq!(seen(&decided), expected, "{what}");
        assert_eq!(
            decided.writes.len(),
            usize::from(expected == Seen::Ended),
            "{what}"
        );
        let nobody = oidc(&people, &sent, false);
        assert_eq!(seen(&nobody), Seen::Nobody, "{what}");
        // after the question it is done
        let mut asked = OidcAsked::parse(query(&sent).as_bytes()).unwrap();
        asked.confirmed = true;
        assert_eq!(seen(&decide(&people, &asked, true)), Seen::Ended, "{what}");
    }
}

/// LOGOUT-03: a hint of another user, or of another session, proves nothing here.
#[test]
fn a_hint_proves_what_it_names() {
    let (mut people, id, _) = tokens();
    let mut other = session(&people);
    other.user = crate::id::UserId::parse("auth0|another").unwrap();
    people.shelf.artefacts.clear();
    people.shelf.put(other.to_artefact());
    assert_eq!(
        seen(&oidc(&people, &[("id_token_hint", &id)], true)),
        Seen::Asked
    );

    let (mut people, id, _) = tokens();
    let mut later = session(&people);
    later.id = crate::id::SessionId::parse("another").unwrap();
    people.shelf.artefacts.clear();
    people.shelf.put(later.to_artefact());
    assert_eq!(
        seen(&oidc(&people, &[("id_token_hint", &id)], true)),
        Seen::Asked
    );
}

#[test]
fn an_expired_hint_still_counts_and_another_tenants_does_not() {
    let (people, id, _) = tokens();
    let asked = OidcAsked::parse(query(&[("id_token_hint", &id)]).as_bytes()).unwrap();
    assert_eq!(
        seen(&decide(&people, &asked, true)),
        Seen::Ended,
        "no clock is read"
    );
    let decided = oidc(
        &people,
        &[("id_token_hint", &id), ("post_logout_redirect_uri", URL)],
        true,
    );
    assert!(matches!(
        decided.outcome,
        Ok(Next::Done { to: Some(_), .. })
    ));
}

#[test]
fn the_question_can_be_switched_off() {
    let (mut people, ..) = tokens();
    let sessions = json!({"oidc_logout_prompt_enabled": false});
    World::member(&mut people.world.settings, "sessions", sessions);
    assert_eq!(
        seen(&oidc(&people, &[("client_id", CLIENT)], true)),
        Seen::Ended
    );
}

/// The exact match, whose list it is, and `state`.
#[test]
fn where_oidc_logout_leads() {
    let (people, id, _) = tokens();
    let uri = "post_logout_redirect_uri";
    let state = "a&b=\r\n<x>"; // LOGOUT-04
    let encoded = "state=a%26b%3D%0D%0A%3Cx%3E";
    let rows: [(Sent<'_>, Option<String>); 7] = [
        (
            vec![("id_token_hint", &id), (uri, URL)],
            Some(URL.to_owned()),
        ),
        (
            vec![("client_id", CLIENT), (uri, URL), ("state", state)],
            Some(format!("{URL}?{encoded}")),
        ),
        (
            vec![
                ("client_id", CLIENT),
                (uri, "https://app.example/bye?x=1"),
                ("state", state),
            ],
            Some(format!("https://app.example/bye?x=1&{encoded}")),
        ),
        (
            vec![("logout_hint", "x"), (uri, TENANT_URL)],
            Some(TENANT_URL.to_owned()),
        ),
        (
            vec![("client_id", CLIENT), (uri, "https://app.example/bye?x=2")],
            None,
        ), // T30
        (vec![("client_id", CLIENT), (uri, TENANT_URL)], None),
        (vec![("logout_hint", "x"), (uri, URL)], None),
    ];
    for (sent, expected) in rows {
        let decided = oidc(&people, &sent, false);
        match (decided.outcome, expected) {
            (Ok(Next::Done { to, .. }), Some(expected)) => {
                assert_eq!(to, Some(expected), "{sent:?}");
            }
            (Err(refusal), None) => assert_eq!(refusal.rule().id(), "A0-logout-url", "{sent:?}"),
            (other, _) => panic!("{sent:?}: {other:?}"),
        }
    }
}

#[test]
fn hints_must_agree() {
    let (mut people, id, _) = tokens();
    let mut other = crate::model::Document::new(crate::model::Kind::Client, "other", 0);
    other.body = people.world.client.body.clone();
    people.world.others.push(other);
    let decided = oidc(
        &people,
        &[("id_token_hint", &id), ("client_id", "other")],
        true,
    );
    assert_eq!(
        decided.outcome.unwrap_err().rule().id(),
        "OIDC-RPINIT-2-agrees"
    );
    assert!(decided.writes.is_empty());
}

/// `OIDC-RPINIT-2-hint`, JWT-18: behind a hint that is none stands nobody.
#[test]
fn a_bad_hint_sends_nobody_anywhere() {
    let (people, _, access) = tokens();
    let sent = [
        ("id_token_hint", access.as_str()),
        ("client_id", CLIENT),
        ("post_logout_redirect_uri", URL),
    ];
    let decided = oidc(&people, &sent, false);
    let expected = Next::Done {
        to: None,
        ended: None,
    };
    assert_eq!(decided.outcome, Ok(expected));
}

/// LOGOUT-05: a refresh token for `offline_access` outlives the session; a code does not.
#[test]
fn offline_tokens_outlive_the_session() {
    let (mut people, ..) = tokens();
    let decided = v2_of(&people);
    assert!(people.shelf.commit(&decided.writes, NOW));
    assert!(people.shelf.of(ArtefactKind::Session).is_empty());
    assert!(people.ask().is_ok());
}

fn v2_of(people: &People) -> Decided {
    let session = session(people);
    decide_v2(&V2Asked::default(), &people.tenant(), Some(&session))
}
