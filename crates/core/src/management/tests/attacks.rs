//! Rows of the attack table that no other file names.

use serde_json::{Value, json};

use super::{MANAGEMENT, World, key_set, public_pem};
use crate::id::TenantId;
use crate::model::Profile;
use crate::random::Seeded;

/// MGMT-06: every read-only member of an answer, sent back.
#[test]
fn mgmt_06_read_only_members_are_never_written() {
    let mut world = World::compat();
    for name in [
        "tenant",
        "client_id",
        "global",
        "signing_keys",
        "callback_url_template",
        "created_at",
        "cross_origin_auth",
        "encrypted",
        "owners",
        "client_secret_digest",
        "jwks_uri",
        "external_client_id",
        "__proto__",
        "constructor",
    ] {
        let mut body = json!({ "name": "a" });
        body[name] = json!("evil");
        let (status, answer) = world.post("/clients", body.clone());
        assert_eq!(status, 400, "{name}");
        let message =
            format!("Payload validation error: 'Additional properties not allowed: {name}'.");
        assert_eq!(answer["message"], message);
        let id = world.client(json!({ "name": "a" }));
        assert_eq!(
            world.patch(&format!("/clients/{id}"), body).0,
            400,
            "{name}"
        );
    }
    for name in ["id", "is_system", "system", "client_id"] {
        let mut body = json!({ "identifier": "x" });
        body[name] = json!("management");
        assert_eq!(world.post("/resource-servers", body).0, 400, "{name}");
    }
    let secret = json!({ "name": "a", "client_secret": "x".repeat(40) });
    assert_eq!(
        world.post("/clients", secret).0,
        400,
        "a new secret is always made here"
    );
}

/// MGMT-07, MGMT-08: what each scope shows, whatever the query says.
#[test]
fn mgmt_07_secrets_are_absent_without_their_scope() {
    let mut world = World::compat();
    let key = json!({ "credential_type": "public_key", "pem": public_pem() });
    let id = world.client(json!({
        "name": "a", "description": "d", "app_type": "regular_web",
        "encryption_key": { "pub": "p" },
        "client_authentication_methods": { "private_key_jwt": { "credentials": [key] } },
    }));
    let target = format!("/clients/{id}");
    let secrets = ["client_secret", "signing_keys", "encryption_key"];
    let methods = "client_authentication_methods";
    for (scope, keys, credentials, all) in [
        ("read:clients", false, false, true),
        ("read:client_keys", true, true, true),
        ("read:client_credentials", false, true, false),
        ("read:client_summary", false, false, false),
    ] {
        world.limited(scope);
        for query in [
            "",
            "?fields=grant&include_fields=false",
            "?fields=name&include_fields=false",
        ] {
            let (status, shown) = world.get(&format!("{target}{query}"));
            if query.contains("grant") {
                assert_eq!(status, 400, "an unknown field");
                continue;
            }
            for secret in secrets {
                assert_eq!(
                    shown.get(secret).is_some(),
                    keys,
                    "{scope} {query} {secret}"
                );
            }
            assert_eq!(shown.get(methods).is_some(), credentials, "{scope} {query}");
            assert_eq!(shown.get("grant_types").is_some(), all, "{scope} {query}");
        }
        for name in secrets.iter().chain(&["signing_keys.cert"]) {
            let (status, body) = world.get(&format!("{target}?fields=name,{name}"));
            assert_eq!(status == 200, keys, "{scope} {name}: {body}");
        }
        let (_, list) = world.get("/clients?include_fields=true");
        assert_eq!(list.to_string().contains("client_secret"), keys, "{scope}");
    }
    world.limited("read:client_summary");
    let (_, shown) = world.get(&target);
    assert_eq!(
        key_set(&shown),
        ["app_type", "client_id", "description", "name"]
            .into_iter()
            .collect()
    );
    world.limited("update:clients");
    let answer = world.ok("PATCH", &target, json!({ "description": "e" }));
    for secret in secrets {
        assert_eq!(answer.get(secret), None, "{secret} after a write");
    }
}

/// MGMT-08: what was written as a secret is nowhere in what is read, and never in a body.
#[test]
fn mgmt_08_strict_shows_a_secret_once() {
    let mut world = World::new(Profile::Strict);
    let made = world.ok("POST", "/clients", json!({ "name": "a" }));
    let secret = made["client_secret"].as_str().unwrap();
    let api = world.ok(
        "POST",
        "/resource-servers",
        json!({ "identifier": "x", "signing_alg": "HS256" }),
    );
    let signing = api["signing_secret"].as_str().unwrap();
    for target in [
        "/clients",
        "/resource-servers",
        "/tenants/settings",
        "/keys/signing",
    ] {
        let text = world.get(target).1.to_string();
        assert!(
            !text.contains(secret) && !text.contains(signing),
            "{target}"
        );
        assert!(
            !text.contains("digest") && !text.contains("pkcs8"),
            "{target}"
        );
    }
    for document in &world.documents {
        let body = Value::Object(document.body.clone()).to_string();
        assert!(!body.contains(secret) && !body.contains(signing));
    }
}

/// MGMT-09: nobody grants, or takes over, what they do not hold.
#[test]
fn mgmt_09_a_caller_cannot_grant_what_it_lacks() {
    let mut world = World::compat();
    let client = world.client(json!({ "name": "a" }));
    let grant =
        |scopes: &[&str]| json!({ "client_id": client, "audience": MANAGEMENT, "scope": scopes });
    world.limited("create:client_grants update:client_grants read:clients");
    let (status, body) = world.post("/client-grants", grant(&["read:clients", "delete:clients"]));
    assert_eq!(
        (status, &body["errorCode"]),
        (403, &json!("insufficient_scope"))
    );
    let made = world.ok("POST", "/client-grants", grant(&["read:clients"]));
    let target = format!("/client-grants/{}", made["id"].as_str().unwrap());
    assert_eq!(
        world
            .patch(&target, json!({ "scope": ["update:clients"] }))
            .0,
        403
    );
    assert_eq!(
        world.patch(&target, json!({ "allow_all_scopes": true })).0,
        400
    );
    world.limited("update:client_grants");
    let kept = world.ok("PATCH", &target, json!({ "scope": ["read:clients"] }));
    assert_eq!(
        kept["scope"],
        json!(["read:clients"]),
        "what is held may be kept"
    );
    world.ok("PATCH", &target, json!({ "scope": [] }));
    assert_eq!(
        world.patch(&target, json!({ "scope": ["read:clients"] })).0,
        403
    );

    world.limited("update:clients");
    for body in [
        json!({ "client_secret": "x".repeat(40) }),
        json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [] } } }),
        json!({ "token_vault_privileged_access": { "credentials": [] } }),
        json!({ "client_authentication_methods": null }),
    ] {
        let (status, answer) = world.patch(&format!("/clients/{client}"), body.clone());
        assert_eq!(status, 403, "{body}: {answer}");
    }
    world.limited("update:client_keys");
    assert_eq!(
        world
            .patch(&format!("/clients/{client}"), json!({ "callbacks": [] }))
            .0,
        403
    );
    assert_eq!(
        world
            .patch(
                &format!("/clients/{client}"),
                json!({ "client_secret": "x".repeat(40) })
            )
            .0,
        200
    );
}

/// MGMT-05: what belongs to another application is not there.
#[test]
fn mgmt_05_references_stay_inside() {
    let mut world = World::compat();
    let (a, b) = (
        world.client(json!({ "name": "a" })),
        world.client(json!({ "name": "b" })),
    );
    let key = json!({ "credential_type": "public_key", "pem": public_pem() });
    let made = world.ok("POST", &format!("/clients/{a}/credentials"), key);
    let id = made["id"].as_str().unwrap();
    for method in ["GET", "PATCH"] {
        let target = format!("/clients/{b}/credentials/{id}");
        let (status, _) = world.call(method, &target, Some(json!({ "expires_at": null })));
        assert_eq!(status, 404, "{method}");
    }
    world.delete(&format!("/clients/{b}/credentials/{id}"));
    assert_eq!(
        world.get(&format!("/clients/{a}/credentials/{id}")).0,
        200,
        "still there"
    );
    let methods = json!({ "private_key_jwt": { "credentials": [{ "id": id }] } });
    let body = json!({ "client_authentication_methods": methods });
    assert_eq!(world.patch(&format!("/clients/{b}"), body.clone()).0, 400);
    assert_eq!(world.patch(&format!("/clients/{a}"), body).0, 200);
}

/// MGMT-14: sizes have limits; a cursor is one tenant's, one list's and one filter's.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn mgmt_14_paging_cannot_be_abused() {
    let mut world = World::compat();
    for at in 0..5 {
        world.client(json!({ "name": format!("c{at}") }));
    }
    for list in ["/clients", "/client-grants", "/resource-servers"] {
        for bad in [
            "per_page=0",
            "per_page=-1",
            "per_page=101",
            "per_page=1000000000",
            "per_page=NaN",
            "per_page=1.5",
            "page=-1",
            "page=9223372036854775808",
            "page=1&page=2",
            "include_totals=yes",
            "take=0",
            "take=101",
            "x=1",
            "from=",
            "per_page=",
            "page=+x",
        ] {
            let (status, body) = world.get(&format!("{list}?{bad}"));
            assert_eq!(
                (status, &body["errorCode"]),
                (400, &json!("invalid_query_string")),
                "{list}?{bad}"
            );
        }
    }
    let (_, first) = world.get("/clients?take=2&is_global=false");
    let next = first["next"].as_str().unwrap().to_owned();
    assert_eq!(
        world
            .get(&format!("/clients?take=2&is_global=false&from={next}"))
            .0,
        200
    );
    let mut forged = next.clone();
    forged.replace_range(0..1, if next.starts_with('A') { "B" } else { "A" });
    for (row, target) in [
        ("another filter", format!("/clients?take=2&from={next}")),
        (
            "another filter's value",
            format!("/clients?take=2&is_global=true&from={next}"),
        ),
        (
            "another list",
            format!("/client-grants?take=2&is_global=false&from={next}"),
        ),
        (
            "forged",
            format!("/clients?take=2&is_global=false&from={forged}"),
        ),
        (
            "cut",
            format!(
                "/clients?take=2&is_global=false&from={}",
                next.split_at(20).0
            ),
        ),
        (
            "an id",
            "/clients?take=2&is_global=false&from=abc".to_owned(),
        ),
    ] {
        assert_eq!(world.get(&target).0, 400, "{row}");
    }
    world.record.id = TenantId::new(&mut Seeded::new("another tenant"));
    let target = format!("/clients?take=2&is_global=false&from={next}");
    assert_eq!(world.get(&target).0, 400, "another tenant");
}

/// MGMT-12, MGMT-15: searches and field lists are allow-lists.
#[test]
fn mgmt_15_fields_and_searches_are_allow_lists() {
    let mut world = World::compat();
    for bad in [
        "fields=__proto__",
        "fields=name,client_secret_digest",
        "fields=constructor.name",
        "include_fields=maybe",
        "q=tenant:x",
        "q=client_grant.organization_id:",
        "q=*",
        "q=client_grant.allow_any_organization:true&is_global=true",
        "sort=name:1;drop",
        "app_type=a&app_type=b",
    ] {
        let (status, body) = world.get(&format!("/clients?{bad}"));
        assert_eq!(
            (status, &body["errorCode"]),
            (400, &json!("invalid_query_string")),
            "{bad}"
        );
    }
}

/// MGMT-19: names of JavaScript's are names; free data has limits.
#[test]
fn mgmt_19_free_data_is_plain_and_bounded() {
    let mut world = World::compat();
    let mappings = json!({ "__proto__": "a", "constructor": { "prototype": 1 } });
    let body = json!({ "name": "a", "addons": { "samlp": { "mappings": mappings } } });
    let made = world.ok("POST", "/clients", body);
    assert_eq!(made["addons"]["samlp"]["mappings"], mappings);
    let big: serde_json::Map<_, _> = (0..10_000)
        .map(|at| (format!("k{at}"), json!("v")))
        .collect();
    for data in [json!(big), json!("x".repeat(2_000_000))] {
        let body = json!({ "name": "a", "addons": { "samlp": { "mappings": { "k": data } } } });
        let (status, answer) = world.post("/clients", body);
        assert_eq!(status, 400, "{}", answer["message"]);
    }
    let body = json!({ "name": "a", "client_metadata": { "__proto__": "x" } });
    assert_eq!(
        world.ok("POST", "/clients", body)["client_metadata"]["__proto__"],
        "x"
    );
    let body = json!({ "name": "a", "client_metadata": { "naïve": "x" } });
    assert_eq!(world.post("/clients", body).0, 400);
}

/// MGMT-02: a refusal says nothing about what exists, since scopes are asked for first.
#[test]
fn mgmt_02_scopes_come_before_everything() {
    let mut world = World::compat();
    let id = world.client(json!({ "name": "a" }));
    world.limited("read:logs");
    let known = world.call("PATCH", &format!("/clients/{id}"), Some(json!({ "x": 1 })));
    let unknown = world.call("PATCH", "/clients/none", None);
    assert_eq!(known, unknown);
    assert_eq!(known.0, 403);
}
