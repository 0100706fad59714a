//! Tickets.
#![expect(clippy::too_many_lines, reason = "a table is long")]

use serde_json::{Value, json};

use super::{DATABASE, NOW, World};
use crate::model::ArtefactKind;
use crate::protocol::tickets::{Purpose, Ticket, digest_of};

fn stored(world: &World, link: &Value) -> Ticket {
    let value = link.as_str().unwrap().split("ticket=").nth(1).unwrap();
    let digest = digest_of(value.trim_end_matches('#'));
    let found = world.people.artefacts.iter();
    let mut found = found.filter(|it| it.kind == ArtefactKind::Ticket && it.digest == digest);
    Ticket::from_artefact(found.next().unwrap()).unwrap()
}

#[test]
fn tickets_are_links_on_the_tenants_own_host() {
    let mut world = World::compat();
    let user = world.user("jane@example.com");
    let (status, made) = world.post("/tickets/email-verification", json!({ "user_id": user }));
    assert_eq!(status, 201);
    let link = made["ticket"].as_str().unwrap();
    let page = "https://acme.example.com/u/email-verification?ticket=";
    assert!(link.starts_with(page) && link.ends_with('#'), "{link}");
    let ticket = stored(&world, &made["ticket"]);
    assert_eq!(ticket.purpose, Purpose::VerifyEmail);
    assert_eq!(ticket.email.as_deref(), Some("jane@example.com"));
    assert_eq!(ticket.expires_at, NOW.plus_seconds(432_000), "five days");
    let value = link.trim_start_matches(page).trim_end_matches('#');
    let mut all = world.people.artefacts.iter();
    assert!(!all.any(|it| format!("{it:?}").contains(value)), "stored");

    let connection = world
        .view()
        .connection(DATABASE)
        .unwrap()
        .document
        .id
        .clone();
    let client = world.client(json!({ "name": "a", "callbacks": ["https://app.example/cb"] }));
    let body = json!({
        "email": "JANE@example.com", "connection_id": connection, "ttl_sec": 60, "client_id": client,
        "mark_email_as_verified": true, "includeEmailInRedirect": true,
        "result_url": "https://app.example/done",
    });
    let made = world.ok("POST", "/tickets/password-change", body);
    let page = "https://acme.example.com/u/reset-password?ticket=";
    assert!(made["ticket"].as_str().unwrap().starts_with(page));
    let ticket = stored(&world, &made["ticket"]);
    assert_eq!(ticket.purpose, Purpose::ResetPassword);
    assert_eq!(ticket.expires_at, NOW.plus_seconds(60));
    assert_eq!(ticket.back.url.as_deref(), Some("https://app.example/done"));
    assert!(ticket.proves_email && ticket.back.with_email);
    let plain = world.ok(
        "POST",
        "/tickets/password-change",
        json!({ "user_id": user }),
    );
    let ticket = stored(&world, &plain["ticket"]);
    assert!(
        !ticket.proves_email,
        "the caller got the link, not the address"
    );
    let resets = world
        .people
        .artefacts
        .iter()
        .filter(|it| it.kind == ArtefactKind::Ticket);
    assert_eq!(resets.count(), 2, "a new one ends the older of its purpose");
}

/// MGMT-22.
#[test]
fn impossible_tickets_are_refused() {
    let mut world = World::compat();
    let user = world.user("jane@example.com");
    world.client(json!({ "name": "a", "callbacks": ["https://app.example/cb"] }));
    let with = |name: &str, value: Value| {
        let mut body = json!({ "user_id": user });
        body[name] = value;
        body
    };
    let home = "result_url is not at an address of one of the tenant's applications.";
    world.refuses(
        "POST",
        "/tickets/password-change",
        &[
            ("nobody", json!({ "user_id": "auth0|x" }), 404, "The user does not exist."),
            (
                "whose?",
                json!({}),
                400,
                "Payload validation error: 'Missing required property: user_id'.",
            ),
            (
                "where?",
                json!({ "email": "a@b.example" }),
                400,
                "Payload validation error: 'Missing required property: connection_id'.",
            ),
            (
                "no connection",
                json!({ "email": "a@b.example", "connection_id": "con_0123456789abcdef" }),
                400,
                "The connection with id con_0123456789abcdef does not exist.",
            ),
            ("evil", with("result_url", json!("https://evil.example/")), 400, home),
            (
                "almost",
                with("result_url", json!("https://app.example.evil.example/")),
                400,
                home,
            ),
            ("scheme", with("result_url", json!("http://app.example/")), 400, home),
            (
                "ten years",
                with("ttl_sec", json!(315_360_000)),
                400,
                "Payload validation error: 'Value 315360000 is greater than maximum 2592000' on property ttl_sec.",
            ),
            (
                "no application",
                with("client_id", json!("x")),
                400,
                "The client does not exist",
            ),
            (
                "no organization",
                with("organization_id", json!("org_0123456789abcdef")),
                400,
                "The organization does not exist",
            ),
            (
                "another identity",
                with("identity", json!({ "provider": "auth0", "user_id": "x" })),
                400,
                "The user exists, but does not contain the given identity.",
            ),
        ],
    );
    world.ok(
        "POST",
        "/tickets/password-change",
        with("result_url", json!("https://login.acme.example/done")),
    );
    world.people.users[0].email = None;
    world.refuses(
        "POST",
        "/tickets/email-verification",
        &[(
            "no address",
            json!({ "user_id": user }),
            400,
            "The user does not have an email address.",
        )],
    );
}
