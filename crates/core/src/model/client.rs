//! An application (OAuth's client), as far as a decision reads it.

use std::collections::BTreeMap;

use cardea_jose::{Algorithm, VerifyingKey, constant_time_eq, sha256};

use super::client_settings::{
    ClientFlag, RedirectionPolicy, RefreshPolicy, ThirdPartyMode, client_flags, response_modes,
};
use super::{Corrupt, Document, Entry};
use crate::id::{ClientId, CredentialId};
use crate::time::Timestamp;

/// What kind of application it is (`app_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppType {
    /// Runs in a browser.
    Spa,
    /// Runs on a device.
    Native,
    /// Runs on a server, for users.
    RegularWeb,
    /// Acts as itself.
    NonInteractive,
    /// Any other of the contract's words, or none.
    Other,
}

/// How it proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMethod {
    /// It does not: a public client.
    None,
    /// A secret in the body.
    SecretPost,
    /// A secret by HTTP Basic.
    SecretBasic,
    /// A secret; which way was never said (the contract leaves the member out).
    SecretAny,
    /// A signed assertion (RFC 7523), and nothing else.
    PrivateKeyJwt,
    /// A TLS client certificate; stored, not served yet.
    MutualTls,
}

/// A grant type that an application may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantType {
    /// RFC 6749 4.4.
    ClientCredentials,
    /// RFC 6749 4.1.
    AuthorizationCode,
    /// RFC 6749 4.2 and OIDC's front-channel flows.
    Implicit,
    /// RFC 6749 6.
    RefreshToken,
    /// RFC 6749 4.3.
    Password,
    /// Auth0's form of it, which names the connection.
    PasswordRealm,
    /// RFC 8628.
    DeviceCode,
}

impl GrantType {
    /// The word in `grant_type` and `grant_types`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::AuthorizationCode => "authorization_code",
            Self::Implicit => "implicit",
            Self::RefreshToken => "refresh_token",
            Self::Password => "password",
            Self::PasswordRealm => "http://auth0.com/oauth/grant-type/password-realm",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}

/// SHA-256 of a client secret. Client secrets are random and long, so a plain digest is enough.
#[derive(Debug, Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// Digests a secret.
    pub fn of(secret: &str) -> Self {
        Self(sha256(secret.as_bytes()))
    }

    /// From its base64url text, as a document keeps it.
    pub fn parse(text: &str) -> Option<Self> {
        cardea_jose::b64::decode(text)
            .ok()?
            .try_into()
            .ok()
            .map(Self)
    }

    /// Its base64url text.
    pub fn to_text(self) -> String {
        cardea_jose::b64::encode(&self.0)
    }

    /// Whether `secret` is the one, in constant time (attack TOKEN-16).
    pub fn matches(&self, secret: &str) -> bool {
        constant_time_eq(&self.0, &sha256(secret.as_bytes()))
    }
}

/// A public key with which an application signs its assertions.
#[derive(Debug)]
pub struct AssertionKey {
    /// The credential's id.
    pub id: CredentialId,
    /// The `kid` that assertions may name.
    pub kid: String,
    /// The key; its algorithm is the only one it verifies.
    pub key: VerifyingKey,
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
}

impl AssertionKey {
    /// Reads a credential document. The body keeps the public key as `pem`.
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let alg: Algorithm = document
            .text_or_none("alg")?
            .unwrap_or("RS256")
            .parse()
            .map_err(|_| document.corrupt("alg"))?;
        let expires = document.text_or_none("expires_at")?;
        Ok(Self {
            id: CredentialId::parse(&document.id).ok_or_else(|| document.corrupt("id"))?,
            kid: document.text("kid")?.to_owned(),
            key: VerifyingKey::from_spki_pem(alg, document.text("pem")?)
                .map_err(|_| document.corrupt("pem"))?,
            expires_at: expires
                .map(|text| Timestamp::parse(text).ok_or_else(|| document.corrupt("expires_at")))
                .transpose()?,
        })
    }
}

/// The parsed application document. Its credentials are documents of their own.
#[derive(Debug)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub app_type: AppType,
    /// How it authenticates.
    pub auth_method: AuthMethod,
    /// Its secret, digested; the sealed text (profile `compat`) stays in the document.
    pub secret: Option<SecretDigest>,
    /// Ids of the credentials that its `private_key_jwt` method lists.
    pub assertion_keys: Vec<CredentialId>,
    /// The grant types it may use, as written.
    pub grant_types: Vec<String>,
    /// Whether it belongs to the tenant itself.
    pub first_party: bool,
    /// Whether it is the tenant's "All Applications" entry, which no one can use.
    pub global: bool,
    /// `jwt_configuration.alg`: how its ID tokens are signed, where it says.
    pub id_token_alg: Option<Algorithm>,
    /// `jwt_configuration.lifetime_in_seconds`: how long its ID tokens hold.
    pub id_token_lifetime: i64,
    /// Where authorization responses may go, as written.
    pub callbacks: Vec<String>,
    /// Origins that may get a response by `web_message`.
    pub web_origins: Vec<String>,
    /// Further origins that may call from a browser (CORS).
    pub allowed_origins: Vec<String>,
    /// Where people may be sent after logging out.
    pub allowed_logout_urls: Vec<String>,
    /// Where a login that nobody asked for begins (OIDC third-party initiated login).
    pub initiate_login_uri: Option<String>,
    /// How its refresh tokens live.
    pub refresh: RefreshPolicy,
    /// What a third-party application may do.
    pub third_party_mode: ThirdPartyMode,
    /// Whether a third-party application gets its errors by redirect.
    pub redirection_policy: RedirectionPolicy,
    /// `skip_non_verifiable_callback_uri_confirmation_prompt`; wins over the tenant's.
    pub skip_confirmation: Option<bool>,
    /// The response modes that it may ask for; `None` for all that are served.
    pub response_modes: Option<std::collections::BTreeSet<String>>,
    /// Named exceptions of this application.
    pub flags: std::collections::BTreeSet<ClientFlag>,
}

impl Client {
    /// Reads the document.
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let (auth_method, assertion_keys) = auth_method(document)?;
        let alg = document
            .nested(&["jwt_configuration", "alg"])
            .and_then(|alg| alg.as_str());
        Ok(Self {
            id: ClientId::parse(&document.id).ok_or_else(|| document.corrupt("client_id"))?,
            name: document
                .text_or_none("name")?
                .unwrap_or_default()
                .to_owned(),
            app_type: match document.text_or_none("app_type")? {
                Some("spa") => AppType::Spa,
                Some("native") => AppType::Native,
                Some("regular_web") => AppType::RegularWeb,
                Some("non_interactive") => AppType::NonInteractive,
                Some(_) | None => AppType::Other,
            },
            auth_method,
            secret: secret(document)?,
            assertion_keys,
            grant_types: document
                .texts("grant_types")?
                .into_iter()
                .map(ToOwned::to_owned)
                .collect(),
            first_party: document.flag("is_first_party", true)?,
            global: document.flag("global", false)?,
            id_token_alg: alg.and_then(|name| name.parse().ok()),
            id_token_lifetime: document
                .nested(&["jwt_configuration", "lifetime_in_seconds"])
                .and_then(serde_json::Value::as_i64)
                .filter(|seconds| *seconds > 0)
                .unwrap_or(36_000),
            callbacks: list(document, "callbacks")?,
            web_origins: list(document, "web_origins")?,
            allowed_origins: list(document, "allowed_origins")?,
            allowed_logout_urls: list(document, "allowed_logout_urls")?,
            initiate_login_uri: document
                .text_or_none("initiate_login_uri")?
                .filter(|uri| !uri.is_empty())
                .map(ToOwned::to_owned),
            refresh: RefreshPolicy::from_document(document)?,
            third_party_mode: ThirdPartyMode::from_document(document)?,
            redirection_policy: RedirectionPolicy::from_document(document)?,
            skip_confirmation: document
                .body
                .get("skip_non_verifiable_callback_uri_confirmation_prompt")
                .and_then(serde_json::Value::as_bool),
            response_modes: response_modes(document),
            flags: client_flags(document),
        })
    }

    /// Whether it carries this exception.
    pub fn has(&self, flag: ClientFlag) -> bool {
        self.flags.contains(&flag)
    }

    /// Whether it may get its responses by this mode.
    pub fn may_get(&self, response_mode: &str) -> bool {
        let modes = self.response_modes.as_ref();
        modes.is_none_or(|modes| modes.contains(response_mode))
    }

    /// Whether it proves nothing at the token endpoint.
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether it is a third party of the strict mode: APIs by client grant, and no identity.
    pub fn is_strict_third_party(&self) -> bool {
        !self.first_party && self.third_party_mode == ThirdPartyMode::Strict
    }

    /// Whether its errors stay on a page of ours (attack REDIR-22).
    pub fn keeps_errors_on_page(&self) -> bool {
        !self.first_party && self.redirection_policy == RedirectionPolicy::OpenRedirectProtection
    }

    /// Whether `grant_types` names it.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.iter().any(|known| known == grant.as_str())
    }
}

fn list(document: &Document, member: &'static str) -> Result<Vec<String>, Corrupt> {
    let texts = document.texts(member)?;
    Ok(texts.into_iter().map(ToOwned::to_owned).collect())
}

/// `client_authentication_methods` wins over `token_endpoint_auth_method` (contract).
fn auth_method(document: &Document) -> Result<(AuthMethod, Vec<CredentialId>), Corrupt> {
    let methods = document
        .body
        .get("client_authentication_methods")
        .filter(|m| !m.is_null());
    if let Some(methods) = methods {
        let corrupt = || document.corrupt("client_authentication_methods");
        let Some(listed) = methods.get("private_key_jwt") else {
            return Ok((AuthMethod::MutualTls, Vec::new()));
        };
        let credentials = listed.get("credentials").and_then(|list| list.as_array());
        let ids = credentials
            .ok_or_else(corrupt)?
            .iter()
            .map(|credential| {
                let id = credential.get("id").and_then(|id| id.as_str());
                id.and_then(CredentialId::parse).ok_or_else(corrupt)
            })
            .collect::<Result<_, _>>()?;
        return Ok((AuthMethod::PrivateKeyJwt, ids));
    }
    let method = match document.text_or_none("token_endpoint_auth_method")? {
        None => AuthMethod::SecretAny,
        Some("none") => AuthMethod::None,
        Some("client_secret_post") => AuthMethod::SecretPost,
        Some("client_secret_basic") => AuthMethod::SecretBasic,
        Some(_) => return Err(document.corrupt("token_endpoint_auth_method")),
    };
    Ok((method, Vec::new()))
}

/// `compat` keeps the secret sealed, `strict` its digest alone.
fn secret(document: &Document) -> Result<Option<SecretDigest>, Corrupt> {
    if let Some(secret) = document.secrets.get("client_secret") {
        return Ok(Some(SecretDigest::of(secret.expose())));
    }
    document
        .text_or_none("client_secret_digest")?
        .map(|text| {
            SecretDigest::parse(text).ok_or_else(|| document.corrupt("client_secret_digest"))
        })
        .transpose()
}

/// An application's assertion keys by credential id.
pub type AssertionKeys = BTreeMap<CredentialId, std::sync::Arc<Entry<AssertionKey>>>;
