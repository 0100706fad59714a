//! Where these stories play: a tenant with an application that takes passwords, and its mail.

use cardea_core::model::Profile;
use cardea_testkit::{Answer, Client, HOST, Sent, World};
use serde_json::{Value, json};

pub(super) const DATABASE: &str = "Username-Password-Authentication";
pub(super) const SIGNUP: &str = "/dbconnections/signup";
pub(super) const CHANGE: &str = "/dbconnections/change_password";

/// A world whose requests say themselves where they come from.
pub(super) async fn world(profile: Profile, rate_limits: bool) -> World {
    World::with(profile, |options| {
        options.trusted_proxies = vec!["192.0.2.1".parse().unwrap()];
        options.rate_limits = rate_limits;
    })
    .await
}

pub(super) async fn application(world: &World) -> Client {
    world
        .application(json!({
            "name": "Health",
            "app_type": "regular_web",
            "grant_types": ["password", "http://auth0.com/oauth/grant-type/password-realm"],
            "token_endpoint_auth_method": "client_secret_post",
        }))
        .await
}

pub(super) async fn post(world: &World, path: &str, ip: &str, body: &Value) -> Answer {
    world
        .send(Sent {
            method: "POST",
            path,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("x-forwarded-for", ip.to_owned()),
            ],
            body: body.to_string().into_bytes(),
            host: "",
        })
        .await
}

/// A login by password.
pub(super) async fn log_in(
    world: &World,
    client: &Client,
    ip: &str,
    (name, password): (&str, &str),
) -> Answer {
    let body = json!({
        "grant_type": "http://auth0.com/oauth/grant-type/password-realm",
        "client_id": client.id,
        "client_secret": client.secret,
        "realm": DATABASE,
        "username": name,
        "password": password,
    });
    post(world, "/oauth/token", ip, &body).await
}

pub(super) async fn mails(world: &World) -> Vec<Value> {
    world.app.settle().await;
    world.app.caught_mails().as_array().unwrap().clone()
}

pub(super) async fn newest_link(world: &World) -> String {
    let mails = mails(world).await;
    let link = mails[0]["links"][0].as_str().unwrap();
    let path = link.strip_prefix(&format!("https://{HOST}"));
    path.unwrap_or_else(|| panic!("PASSWORD-23: {link}"))
        .to_owned()
}

pub(super) async fn events(world: &World, kind: &str) -> Vec<Value> {
    world.app.settle().await;
    let logs = world
        .manage("GET", "/logs?per_page=100", None)
        .await
        .expect(200);
    let logs = logs.as_array().unwrap().iter();
    logs.filter(|event| event["type"] == kind)
        .cloned()
        .collect()
}

pub(super) async fn allow(world: &World, settings: Value) {
    let answer = world
        .manage("PATCH", "/tenants/settings", Some(settings))
        .await;
    assert_eq!(answer.status.as_u16(), 200, "{:?}", answer.json());
}
