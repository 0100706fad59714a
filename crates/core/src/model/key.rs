//! A tenant's signing keys: per algorithm a current one, the next, and the previous.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_jose::{Algorithm, Jwk, SigningKey, b64, sha1};

use super::{Corrupt, Document, Entry};
use crate::id::KeyId;
use crate::time::Timestamp;

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Published, not used yet.
    Next,
    /// Signs.
    Current,
    /// Published; what it signed still verifies.
    Previous,
    /// Gone from the JWKS; what it signed is refused.
    Revoked,
}

impl KeyState {
    /// The word in the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the document's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Next, Self::Current, Self::Previous, Self::Revoked]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// One signing key of a tenant.
#[derive(Debug)]
pub struct TenantKey {
    /// Its `kid`.
    pub kid: KeyId,
    /// The one algorithm it signs with.
    pub algorithm: Algorithm,
    /// Where it stands.
    pub state: KeyState,
    /// Since when it is current (or was, or is waiting).
    pub since: Timestamp,
    /// Its self-signed certificate, DER in base64 (`x5c`), for RSA keys.
    pub certificate: Option<String>,
    /// The private key; `None` once revoked.
    pub signing: Option<SigningKey>,
}

impl TenantKey {
    /// Reads the document: `kid`, `alg`, `state`, `since`, `x5c`; the secret `pkcs8` is base64url.
    pub fn from_document(document: &Document) -> Result<Self, Corrupt> {
        let state =
            KeyState::parse(document.text("state")?).ok_or_else(|| document.corrupt("state"))?;
        let algorithm: Algorithm = document
            .text("alg")?
            .parse()
            .map_err(|_| document.corrupt("alg"))?;
        let kid = KeyId::parse(&document.id).ok_or_else(|| document.corrupt("kid"))?;
        let signing = match state {
            KeyState::Revoked => None,
            KeyState::Next | KeyState::Current | KeyState::Previous => {
                let der = document
                    .secrets
                    .get("pkcs8")
                    .and_then(|s| b64::decode(s.expose()).ok());
                let key =
                    der.and_then(|der| SigningKey::from_pkcs8(algorithm, kid.as_str(), &der).ok());
                Some(key.ok_or_else(|| document.corrupt("pkcs8"))?)
            }
        };
        Ok(Self {
            certificate: document.text_or_none("x5c")?.map(ToOwned::to_owned),
            since: Timestamp::from_millis(document.integer("since", 0)?),
            signing,
            kid,
            algorithm,
            state,
        })
    }

    /// Its entry in the JWKS (RFC 7517), certificate included; `None` once revoked.
    pub fn jwk(&self) -> Option<Jwk> {
        let mut jwk = self.signing.as_ref()?.public_jwk()?;
        if let Some(certificate) = &self.certificate {
            let der = STANDARD.decode(certificate).ok()?;
            jwk.x5t = Some(b64::encode(&sha1(&der)));
            jwk.x5c = Some(vec![certificate.clone()]);
        }
        Some(jwk)
    }
}

/// A tenant's keys by algorithm and id.
#[derive(Debug, Default, Clone)]
pub struct KeyRing {
    keys: BTreeMap<KeyId, Arc<Entry<TenantKey>>>,
}

impl KeyRing {
    /// Adds or replaces a key.
    pub fn put(&mut self, key: Arc<Entry<TenantKey>>) {
        self.keys.insert(key.parsed.kid.clone(), key);
    }

    /// Removes a key.
    pub fn remove(&mut self, kid: &str) {
        self.keys.remove(kid);
    }

    /// The key with this id, whatever its state.
    pub fn get(&self, kid: &str) -> Option<&Arc<Entry<TenantKey>>> {
        self.keys.get(kid)
    }

    /// The key that signs with `algorithm` now.
    pub fn current(&self, algorithm: Algorithm) -> Option<&TenantKey> {
        self.in_state(algorithm, KeyState::Current)
            .map(|entry| &entry.parsed)
    }

    /// The key of `algorithm` in `state`, if there is one. Of several previous keys, any.
    pub fn in_state(
        &self,
        algorithm: Algorithm,
        state: KeyState,
    ) -> Option<&Arc<Entry<TenantKey>>> {
        self.iter()
            .find(|entry| entry.parsed.algorithm == algorithm && entry.parsed.state == state)
    }

    /// Every key: current ones first, then next, then previous, then revoked.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry<TenantKey>>> {
        const ORDER: [KeyState; 4] = [
            KeyState::Current,
            KeyState::Next,
            KeyState::Previous,
            KeyState::Revoked,
        ];
        ORDER.into_iter().flat_map(move |state| {
            self.keys
                .values()
                .filter(move |entry| entry.parsed.state == state)
        })
    }
}
