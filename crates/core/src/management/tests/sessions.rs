//! Sessions, refresh tokens, grants, device credentials.

use serde_json::{Value, json};

use super::{DATABASE, NOW, World};
use crate::id::{ApiIdentifier, ClientId, ConsentId, SessionId, UserId};
use crate::model::{Artefact, ArtefactKind, Body};
use crate::protocol::consent::ConsentRecord;
use crate::protocol::session::{Device, Method, SessionRecord};
use crate::protocol::token::family::{Family, NEVER};
use crate::protocol::user_grant::UserGrant;
use crate::scope::Scopes;

const API: &str = "https://a.example/";

fn session(user: &UserId, id: &str) -> Artefact {
    let device = Device {
        ip: "10.0.0.1".to_owned(),
        user_agent: Some("Browser".to_owned()),
    };
    SessionRecord {
        digest: Artefact::name(&["cookie", id]),
        id: SessionId::parse(id).unwrap(),
        user: user.clone(),
        connection: DATABASE.to_owned(),
        authenticated_at: NOW,
        created_at: NOW,
        last_used_at: NOW,
        idle_expires_at: NOW.plus_seconds(60),
        expires_at: NOW.plus_seconds(120),
        persistent: true,
        clients: vec![ClientId::parse("app").unwrap()],
        first_device: device.clone(),
        last_device: device,
        methods: vec![Method {
            name: "pwd".to_owned(),
            at: NOW,
        }],
        metadata: None,
        revision: 1,
    }
    .to_artefact()
}

fn family(user: &UserId, id: &str, session: Option<&str>) -> Artefact {
    let grant = UserGrant {
        client: ClientId::parse("app").unwrap(),
        user: user.clone(),
        connection: DATABASE.to_owned(),
        session: session.and_then(SessionId::parse),
        audience: ApiIdentifier::parse(API),
        scopes: Scopes::parse("openid offline_access").unwrap(),
        permissions: None,
        auth_time: NOW,
        shows_auth_time: false,
        nonce: None,
        acr: None,
        amr: Vec::new(),
        redirect_uri: None,
        challenge: None,
        claims: crate::protocol::user_grant::ClaimsAsked::default(),
        consent: ConsentId::parse("consent"),
    };
    Family {
        id: Some(id.to_owned()),
        grant,
        handle: Artefact::name(&["handle", id]),
        token: Artefact::name(&["token", id]),
        generation: 1,
        issued_at: NOW,
        spent: Vec::new(),
        rotating: false,
        metadata: None,
        started_at: NOW,
        ends_at: NEVER,
        used_at: NOW,
        expires_at: NEVER,
        revision: 1,
    }
    .to_artefact(id)
}

fn consent(user: &UserId) -> Artefact {
    ConsentRecord {
        id: ConsentId::parse("consent").unwrap(),
        user: user.clone(),
        client: ClientId::parse("app").unwrap(),
        audience: ApiIdentifier::parse(API),
        scopes: Scopes::parse("openid read:x").unwrap(),
        created_at: NOW,
        revision: 1,
    }
    .to_artefact()
}

/// A session, two families (one of them from the session) and an opaque token of each.
pub(super) fn log_in(world: &mut World, user: &str) {
    let user = UserId::parse(user).unwrap();
    let token = |family: &str| Artefact {
        kind: ArtefactKind::Opaque,
        digest: Artefact::name(&["opaque", family]),
        id: None,
        group: Some(family.to_owned()),
        body: Body::from_text("{}".to_owned()),
        ..self::family(&user, family, None)
    };
    world.people.artefacts.extend([
        session(&user, "sid"),
        family(&user, "from-session", Some("sid")),
        family(&user, "elsewhere", None),
        token("from-session"),
        token("elsewhere"),
        consent(&user),
    ]);
}

fn world() -> (World, String) {
    let mut world = World::compat();
    world.api(API);
    let user = world.user("jane@example.com");
    log_in(&mut world, &user);
    (world, user)
}

/// The ids of what is left of a kind.
fn left(world: &World, kind: ArtefactKind) -> Vec<&str> {
    let all = world.people.artefacts.iter();
    let of_kind = all.filter(|artefact| artefact.kind == kind);
    of_kind
        .map(|artefact| {
            let id = artefact.id.as_deref().or(artefact.group.as_deref());
            id.unwrap_or_default()
        })
        .collect()
}

#[test]
fn a_session_is_shown_annotated_and_ended() {
    let (mut world, user) = world();
    let (status, shown) = world.get("/sessions/sid");
    assert_eq!(status, 200);
    let at = NOW.to_string();
    let expected = json!({
        "id": "sid", "user_id": user, "created_at": at, "updated_at": at,
        "authenticated_at": at, "idle_expires_at": NOW.plus_seconds(60).to_string(),
        "expires_at": NOW.plus_seconds(120).to_string(), "last_interacted_at": at,
        "device": {
            "initial_user_agent": "Browser", "initial_ip": "10.0.0.1",
            "last_user_agent": "Browser", "last_ip": "10.0.0.1",
        },
        "clients": [{ "client_id": "app" }],
        "authentication": { "methods": [{ "name": "pwd", "timestamp": at }] },
        "cookie": { "mode": "persistent" }, "session_metadata": null,
    });
    assert_eq!(shown, expected);
    let patch = json!({ "session_metadata": { "a": "b" } });
    assert_eq!(
        world.ok("PATCH", "/sessions/sid", patch)["session_metadata"],
        json!({ "a": "b" })
    );
    assert_eq!(
        world.get("/sessions/sid").1["session_metadata"],
        json!({ "a": "b" })
    );
    assert_eq!(world.patch("/sessions/sid", json!({})).0, 400, "nothing");

    assert_eq!(world.delete("/sessions/sid"), (202, json!({})));
    assert_eq!(
        left(&world, ArtefactKind::Family).len(),
        2,
        "the session alone"
    );
    let (status, body) = world.get("/sessions/sid");
    assert_eq!(
        (status, &body["message"]),
        (404, &json!("The session does not exist."))
    );
    assert_eq!(world.delete("/sessions/sid").0, 202, "again");
    assert_eq!(world.post("/sessions/sid/revoke", json!({})).0, 404);
}

#[test]
fn revoking_a_session_takes_its_refresh_tokens_and_no_others() {
    let (mut world, _) = world();
    assert_eq!(
        world.call("POST", "/sessions/sid/revoke", None),
        (202, json!({}))
    );
    assert!(left(&world, ArtefactKind::Session).is_empty());
    assert_eq!(left(&world, ArtefactKind::Family), ["elsewhere"]);
    assert_eq!(left(&world, ArtefactKind::Opaque), ["elsewhere"]);
}

#[test]
fn access_of_a_user_is_revoked_whole_or_in_part() {
    for (row, body, sessions, families) in [
        ("all", json!({}), 0, 0),
        ("sessions", json!({ "preserve_refresh_tokens": true }), 0, 2),
        ("one", json!({ "session_id": "sid" }), 0, 1),
        (
            "one alone",
            json!({ "session_id": "sid", "preserve_refresh_tokens": true }),
            0,
            2,
        ),
    ] {
        let (mut world, user) = world();
        let target = format!("/users/{}/revoke-access", user.replace('|', "%7C"));
        assert_eq!(world.post(&target, body), (202, json!({})), "{row}");
        assert_eq!(left(&world, ArtefactKind::Session).len(), sessions, "{row}");
        assert_eq!(left(&world, ArtefactKind::Family).len(), families, "{row}");
    }
    let (mut world, _) = world();
    let other = world.user("other@example.com");
    let target = format!("/users/{}/revoke-access", other.replace('|', "%7C"));
    let body = json!({ "session_id": "sid" });
    assert_eq!(world.post(&target, body).0, 404, "another user's session");
}

#[test]
fn lists_of_a_user_go_from_a_checkpoint_on() {
    let (mut world, user) = world();
    let id = user.replace('|', "%7C");
    let (_, list) = world.get(&format!(
        "/users/{id}/sessions?include_totals=true&per_page=9"
    ));
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
    let target = format!("/users/{id}/refresh-tokens?take=1");
    let (_, first) = world.get(&target);
    let next = first["next"].as_str().unwrap();
    let (_, second) = world.get(&format!("{target}&from={next}"));
    assert_ne!(first["tokens"][0]["id"], second["tokens"][0]["id"]);
    assert_eq!(second.get("next"), None, "absent on the last page");
    let forged = format!("/users/{id}/sessions?from={next}");
    assert_eq!(
        world.get(&forged).0,
        400,
        "MGMT-14: a cursor of another list"
    );
    for list in ["sessions", "refresh-tokens"] {
        assert_eq!(world.get(&format!("/users/auth0%7Cx/{list}")).0, 404);
        let (status, body) = world.delete(&format!("/users/{id}/{list}"));
        assert_eq!((status, body), (202, json!({})), "{list}");
    }
    assert!(left(&world, ArtefactKind::Session).is_empty());
    assert!(left(&world, ArtefactKind::Family).is_empty());
}

#[test]
fn a_refresh_token_is_a_family() {
    let (mut world, user) = world();
    let (_, shown) = world.get("/refresh-tokens/from-session");
    let expected = json!({
        "id": "from-session", "user_id": user, "created_at": NOW.to_string(),
        "idle_expires_at": null, "expires_at": null, "client_id": "app", "session_id": "sid",
        "rotating": false,
        "resource_servers": [{ "audience": API, "scopes": "openid offline_access" }],
        "refresh_token_metadata": null, "last_exchanged_at": null,
    });
    assert_eq!(shown, expected);
    let patch = json!({ "refresh_token_metadata": { "a": "b" } });
    let answer = world.ok("PATCH", "/refresh-tokens/from-session", patch);
    assert_eq!(answer["refresh_token_metadata"], json!({ "a": "b" }));
    let id = user.replace('|', "%7C");
    let (_, list) = world.get(&format!("/refresh-tokens?user_id={id}&fields=id"));
    assert_eq!(list["refresh_tokens"].as_array().unwrap().len(), 2);
    let (status, body) = world.get("/refresh-tokens");
    let missing = json!("Missing required 'user_id' parameter.");
    assert_eq!((status, &body["message"]), (400, &missing));
    assert_eq!(
        world.delete("/refresh-tokens/sid").0,
        204,
        "a session is no refresh token"
    );
    assert_eq!(left(&world, ArtefactKind::Session), ["sid"]);
    assert_eq!(
        world.delete("/refresh-tokens/elsewhere"),
        (204, Value::Null)
    );
    assert_eq!(left(&world, ArtefactKind::Opaque), ["from-session"]);
    assert_eq!(world.get("/refresh-tokens/elsewhere").0, 404);
}

#[test]
fn refresh_tokens_are_revoked_by_what_they_belong_to() {
    for (row, body, families) in [
        ("ids", json!({ "ids": ["elsewhere", "sid", "x"] }), 1),
        ("user", json!({ "user_id": "USER" }), 0),
        (
            "user and API",
            json!({ "user_id": "USER", "audience": API }),
            0,
        ),
    ] {
        let (mut world, user) = world();
        let mut body = body;
        if body.get("user_id").is_some() {
            body["user_id"] = json!(user);
        }
        let (status, answer) = world.post("/refresh-tokens/revoke", body);
        assert_eq!((status, answer), (202, json!({})), "{row}");
        assert_eq!(left(&world, ArtefactKind::Family).len(), families, "{row}");
        assert_eq!(left(&world, ArtefactKind::Session).len(), 1, "{row}");
    }
    let (mut world, _) = world();
    let combination = "Invalid combination of parameters.";
    world.refuses(
        "POST",
        "/refresh-tokens/revoke",
        &[
            ("nothing", json!({}), 400, combination),
            ("API alone", json!({ "audience": API }), 400, combination),
            (
                "both",
                json!({ "ids": ["x"], "user_id": "auth0|x" }),
                400,
                combination,
            ),
            (
                "nobody",
                json!({ "user_id": "auth0|x" }),
                400,
                "User not found.",
            ),
            (
                "no application",
                json!({ "client_id": "x" }),
                400,
                "Client not found.",
            ),
            (
                "no API",
                json!({ "user_id": "auth0|x", "audience": "x" }),
                400,
                "Resource server not found.",
            ),
        ],
    );
}

#[test]
fn a_grant_taken_back_ends_the_refresh_tokens_that_rest_on_it() {
    let (mut world, user) = world();
    let id = user.replace('|', "%7C");
    let grant = json!({
        "id": "consent", "clientID": "app", "user_id": user, "audience": API,
        "scope": ["openid", "read:x"],
    });
    let (_, list) = world.get(&format!("/grants?user_id={id}&include_totals=true"));
    let expected = json!({ "total": 1, "start": 0, "limit": 50, "grants": [grant] });
    assert_eq!(list, expected);
    for (filter, count) in [("audience=x", 0), ("client_id=app", 1), ("client_id=x", 0)] {
        let (_, list) = world.get(&format!("/grants?{filter}"));
        assert_eq!(list.as_array().unwrap().len(), count, "{filter}");
    }
    assert_eq!(world.delete("/grants/x").0, 204);
    assert_eq!(world.delete("/grants").0, 400, "whose?");
    let targets = [
        "/grants/consent".to_owned(),
        format!("/grants?user_id={id}"),
    ];
    for target in targets {
        let (mut world, _) = self::world();
        assert_eq!(world.delete(&target), (204, Value::Null), "{target}");
        assert!(left(&world, ArtefactKind::Family).is_empty(), "{target}");
        assert!(left(&world, ArtefactKind::Consent).is_empty(), "{target}");
        assert_eq!(left(&world, ArtefactKind::Session), ["sid"], "{target}");
    }
}

#[test]
fn device_credentials_are_refresh_tokens() {
    let (mut world, user) = world();
    let id = user.replace('|', "%7C");
    let (_, list) = world.get(&format!(
        "/device-credentials?user_id={id}&type=refresh_token"
    ));
    assert_eq!(list.as_array().unwrap().len(), 2);
    let (_, list) = world.get("/device-credentials?type=public_key");
    assert_eq!(list, json!([]));
    let key = json!({ "device_name": "d", "type": "public_key", "value": "k", "device_id": "ab" });
    world.refuses(
        "POST",
        "/device-credentials",
        &[(
            "an application has no devices",
            key,
            403,
            "Cannot create device credentials for that user.",
        )],
    );
    world.limited("delete:current_user_device_credentials");
    assert_eq!(
        world.delete("/device-credentials/elsewhere").0,
        403,
        "another's"
    );
    world.caller.user = UserId::parse(&user);
    assert_eq!(
        world.delete("/device-credentials/elsewhere"),
        (204, Value::Null)
    );
    assert_eq!(left(&world, ArtefactKind::Family), ["from-session"]);
    assert_eq!(
        world.delete("/device-credentials/elsewhere").0,
        204,
        "again"
    );
}
