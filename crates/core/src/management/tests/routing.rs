//! Routes, scopes, and what is not served yet.

use serde_json::json;

use super::super::operation::Needs;
use super::super::{ApiError, Method, Route, conflict, not_yet, operations, route, system_scopes};
use super::World;
use crate::model::Kind;
use crate::write::Conflict;

/// Operations of the contract that are not served. It may only become smaller.
const NOT_YET_AT_MOST: usize = 349;

fn sample(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn every_operation_is_reached_by_its_own_path() {
    assert_eq!(operations().len(), 103);
    for operation in operations() {
        let Route::Operation(found, _) = route(operation.method, &sample(operation.path)) else {
            panic!("{}", operation.id);
        };
        assert_eq!(found.id, operation.id);
        assert!(!operation.event.is_empty());
    }
}

#[test]
fn what_is_not_served_yet_shrinks_only() {
    assert!(not_yet().len() <= NOT_YET_AT_MOST, "{}", not_yet().len());
    assert_eq!(
        not_yet().len(),
        include_str!("../not_yet.txt").lines().count()
    );
    for known in not_yet() {
        let Route::NotYet(found) = route(known.method, &sample(known.path)) else {
            panic!("{known:?} is served, or hidden by another path");
        };
        assert_eq!(sample(found.path), sample(known.path), "{known:?}");
    }
    let (status, body) = World::compat().get("/forms");
    assert_eq!(status, 403);
    assert_eq!(
        body,
        json!({
            "statusCode": 403,
            "error": "Forbidden",
            "message": "Insufficient scope, expected any of: read:forms",
            "errorCode": "insufficient_scope",
        })
    );
}

/// MGMT-20, MGMT-21: one string for the router and the operation, decoded once; no variants.
#[test]
fn paths_are_decoded_once_and_variants_lead_nowhere() {
    let id_of = |path: &str| match route(Method::Get, path) {
        Route::Operation(_, params) => Some(params.get("id").to_owned()),
        Route::NotYet(_) | Route::Unknown => None,
    };
    for (row, path, id) in [
        (
            "encoded slash",
            "/resource-servers/https:%2F%2Fa.example%2Fx",
            "https://a.example/x",
        ),
        ("double encoding", "/resource-servers/a%252Fb", "a%2Fb"),
        (
            "dots stay in their segment",
            "/clients/..%2f..%2fkeys",
            "../../keys",
        ),
        ("matrix", "/clients/abc;x=1", "abc;x=1"),
        ("pipe", "/clients/auth0%7Cabc", "auth0|abc"),
        ("nul", "/clients/a%00b", "a\0b"),
    ] {
        assert_eq!(id_of(path).as_deref(), Some(id), "{row}");
    }
    let variants = [
        "/clients/",
        "//clients",
        "/clients//",
        "/Clients",
        "clients",
        "",
        "/",
        "/clients/%ff",
    ];
    for path in variants {
        assert!(
            matches!(route(Method::Get, path), Route::Unknown),
            "{path:?}"
        );
    }
    let mut world = World::compat();
    let long = format!("/clients/{}", "a".repeat(10_000));
    for path in [
        "/clients/a%00b",
        "/clients/..%2f..%2fkeys",
        "/clients/a;b",
        &long,
    ] {
        let (status, body) = world.get(path);
        assert_eq!(
            (status, &body["errorCode"]),
            (404, &json!("inexistent_client")),
            "{path}"
        );
    }
    let (status, body) = world.get("/nowhere");
    let expected = json!({ "statusCode": 404, "error": "Not Found", "message": "Not Found" });
    assert_eq!((status, body), (404, expected));
    assert!(matches!(route(Method::Put, "/clients"), Route::Unknown));
}

/// MGMT-02: with each single scope, exactly the operations that list it pass.
#[test]
fn a_scope_opens_the_operations_that_name_it_and_no_other() {
    let mut world = World::compat();
    for (scope, description) in system_scopes() {
        assert!(description.len() > scope.len() / 2);
        world.limited(scope);
        for operation in operations() {
            let (status, body) = world.call(
                operation.method.as_str(),
                &sample(operation.path),
                Some(json!({})),
            );
            let message = body["message"].as_str().unwrap_or_default();
            let refused = status == 403 && message.starts_with("Insufficient scope, expected");
            let allowed = match operation.needs {
                Needs::AnyOf(scopes) => scopes.contains(&scope),
                Needs::AllOf(scopes) => scopes == [scope],
            };
            assert_eq!(
                refused, !allowed,
                "{scope} {}: {status} {body}",
                operation.id
            );
        }
    }
    world.limited("create:signing_keys update:signing_keys");
    assert_eq!(world.post("/keys/signing/rotate", json!({})).0, 201);
}

#[test]
fn refusals_have_the_known_shapes() {
    let text = |error: ApiError| error.to_json().to_string();
    for (error, expected) in [
        (
            ApiError::invalid_token(),
            r#"{"statusCode":401,"error":"Unauthorized","message":"Invalid token","attributes":{"error":"Invalid token"}}"#,
        ),
        (
            ApiError::bad_authentication_header(),
            r#"{"statusCode":400,"error":"Bad Request","message":"Bad HTTP authentication header format","errorCode":"Bearer"}"#,
        ),
        (
            ApiError::too_many_requests(),
            r#"{"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached","errorCode":"too_many_requests"}"#,
        ),
        (
            conflict(Conflict::Exists(Kind::Api)),
            r#"{"statusCode":409,"error":"Conflict","message":"A resource server with the same identifier already exists.","errorCode":"conflict"}"#,
        ),
    ] {
        assert_eq!(text(error), expected);
    }
    assert_eq!(
        ApiError::internal().to_json()["error"],
        "Internal Server Error"
    );
    for again in [
        Conflict::TenantMoved,
        Conflict::Moved(Kind::Client),
        Conflict::Replayed,
    ] {
        assert_eq!(conflict(again).status, 409);
    }
    assert_eq!(conflict(Conflict::Exists(Kind::ClientGrant)).status, 409);
}
