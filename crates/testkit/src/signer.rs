//! An application that proves itself with a signed assertion (`private_key_jwt`).

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_jose::{Algorithm, RsaBits, SigningKey};
use serde_json::{Value, json};

use crate::world::{Client, HOST, World};

/// The application and its key.
#[derive(Debug)]
pub struct Signer {
    /// Without a secret.
    pub client: Client,
    key: SigningKey,
}

/// `client_assertion_type` (RFC 7523).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl World {
    /// Makes an application that acts as itself and signs with ES256.
    pub async fn signer(&self, name: &str) -> Signer {
        let der = SigningKey::generate_pkcs8(Algorithm::Es256, RsaBits::B2048).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.expose());
        let pair = pair.unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let text = STANDARD.encode(public.as_ref());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
        let credential = json!({"credential_type": "public_key", "pem": pem, "alg": "ES256"});
        let client = self
            .application(json!({
                "name": name,
                "app_type": "non_interactive",
                "grant_types": ["client_credentials"],
                "client_authentication_methods": {
                    "private_key_jwt": {"credentials": [credential]},
                },
            }))
            .await;
        let path = format!("/clients/{}/credentials", client.id);
        let credentials = self.manage("GET", &path, None).await.expect(200);
        let kid = credentials[0]["kid"].as_str().unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::Es256, kid, der.expose()).unwrap();
        Signer { client, key }
    }
}

impl Signer {
    /// What it signs to prove itself at this moment, once.
    pub fn claims(&self, world: &World, jti: &str) -> Value {
        let now = world.clock.now().seconds();
        let id = &self.client.id;
        json!({
            "iss": id, "sub": id, "aud": format!("https://{HOST}/"),
            "jti": jti, "iat": now, "exp": now + 120,
        })
    }

    /// The assertion that says so.
    pub fn sign(&self, claims: &Value) -> String {
        let claims = claims.to_string();
        self.key.sign_jwt("JWT", claims.as_bytes()).unwrap()
    }
}
