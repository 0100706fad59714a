//! Verifies the access tokens of a Cardea server (or any server that speaks the same protocol) in
//! your API: the right token opens it, the wrong one is refused **by name**.
//!
//! An ID token is not an access token, a token for another API is not one for yours, and an opaque
//! token is not one that you can read. Each of these has its own [`Refusal`], which says what to do.
//!
//! The core is a pure function, [`verify`], of the token, a [`Policy`], a [`KeySet`] and the time:
//!
//! ```
//! use cardea_verifier::{KeySet, Policy, Refusal, verify};
//!
//! let policy = Policy::builder("https://login.example.com/")
//!     .audience("https://api.example.com/")
//!     .build()?;
//! let keys = KeySet::from_jwks(br#"{"keys":[]}"#)?;
//!
//! let refusal = verify("v1.opaque-token", &policy, &keys, 1_800_000_000).unwrap_err();
//! assert_eq!(refusal, Refusal::Opaque);
//! assert_eq!(refusal.status(), 401);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `discovery` a `Verifier` fetches and caches the issuer's keys; with the feature
//! `axum` it is a layer:
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::get};
//! use cardea_verifier::{AccessToken, Verifier, require_scope};
//!
//! async fn patients(token: AccessToken) -> String {
//!     format!("the patients of {}", token.subject)
//! }
//!
//! let verifier = Verifier::builder("https://login.example.com/")
//!     .audience("https://api.example.com/")
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/patients", get(patients).layer(require_scope("read:patients")))
//!     .layer(verifier.layer());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

#[cfg(feature = "axum")]
mod axum_layer;
mod bearer;
mod claims;
#[cfg(feature = "discovery")]
mod discovery;
mod keys;
mod kind;
mod policy;
mod refusal;
mod token;
mod verify;

pub use cardea_jose::{Algorithm, JsonError, KeyError, Malformed, VerifyingKey};
pub use serde_json::{Map, Value};

#[cfg(feature = "axum")]
pub use axum_layer::{
    BearerLayer, BearerService, GuardLayer, GuardService, require_permission, require_scope,
    require_scopes,
};
pub use bearer::bearer_token;
#[cfg(feature = "discovery")]
pub use discovery::{BuildError, Clock, Verifier, VerifierBuilder};
pub use keys::{JwksError, KeySet, SkippedKey};
pub use policy::{MAX_LEEWAY_S, Policy, PolicyBuilder, PolicyError, Typ};
pub use refusal::Refusal;
pub use token::AccessToken;
pub use verify::verify;

#[cfg(test)]
mod tests;
