//! Users, and applications that they log in to.

use cardea_jose::{b64, sha256};
use serde_json::{Value, json};

use crate::world::{Client, World};

/// A user of the test.
#[derive(Debug, Clone)]
pub struct Person {
    /// `auth0|…`.
    pub id: String,
    /// Its address.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// A PKCE verifier of the test.
pub const VERIFIER: &str = "a-verifier-of-the-testkit-0123456789-abcdefghij";

/// The S256 challenge of [`VERIFIER`].
pub fn challenge() -> String {
    b64::encode(&sha256(VERIFIER.as_bytes()))
}

impl World {
    /// Makes an application; `body` as the Management API takes it.
    pub async fn application(&self, body: Value) -> Client {
        let made = self
            .manage("POST", "/clients", Some(body))
            .await
            .expect(201);
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        Client {
            id: text("client_id"),
            secret: text("client_secret"),
        }
    }

    /// Makes a web application with this callback, for code and refresh tokens.
    pub async fn web_app(&self, name: &str, callback: &str) -> Client {
        self.application(json!({
            "name": name,
            "app_type": "regular_web",
            "callbacks": [callback],
            "grant_types": ["authorization_code", "refresh_token", "implicit"],
            "token_endpoint_auth_method": "client_secret_post",
            "oidc_conformant": true,
            "jwt_configuration": { "alg": "RS256" },
        }))
        .await
    }

    /// Makes a user of the tenant's own database.
    pub async fn person(&self, email: &str) -> Person {
        let password = "Quartz-violin-42-harbour".to_owned();
        let body = json!({
            "connection": "Username-Password-Authentication",
            "email": email,
            "email_verified": true,
            "password": password,
        });
        let made = self.manage("POST", "/users", Some(body)).await.expect(201);
        Person {
            id: made["user_id"].as_str().unwrap().to_owned(),
            email: email.to_owned(),
            password,
        }
    }

    /// Gives the user a new role with these permissions.
    pub async fn role(&self, person: &Person, name: &str, api: &str, scopes: &[&str]) -> String {
        let body = json!({ "name": name, "description": name });
        let made = self.manage("POST", "/roles", Some(body)).await.expect(200);
        let id = made["id"].as_str().unwrap().to_owned();
        let permissions: Vec<Value> = scopes
            .iter()
            .map(|scope| json!({"permission_name": scope, "resource_server_identifier": api}))
            .collect();
        let path = format!("/roles/{id}/permissions");
        let body = json!({ "permissions": permissions });
        let added = self.manage("POST", &path, Some(body)).await;
        assert_eq!(added.status.as_u16(), 201);
        let path = format!("/roles/{id}/users");
        let body = json!({ "users": [person.id] });
        let given = self.manage("POST", &path, Some(body)).await;
        assert_eq!(given.status.as_u16(), 200, "{:?}", given.json());
        id
    }
}
