//! Names of things. Each is its own type: it parses or it fails, and none turns into another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random::{self, Random};
use crate::time::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $max:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text, if it is not empty, not longer than the limit, and free of control
            /// characters.
            pub fn parse(text: &str) -> Option<Self> {
                let fits = !text.is_empty() && text.len() <= $max;
                (fits && !text.chars().any(char::is_control)).then(|| Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// A tenant's internal, random name; never shown on the wire and never reused.
    TenantId, 64;
    /// An application's `client_id`.
    ClientId, 255;
    /// An API's database id (24 hexadecimal digits); its public name is [`ApiIdentifier`].
    ApiId, 64;
    /// An API's identifier: the audience of its tokens. Immutable, compared byte for byte.
    ApiIdentifier, 600;
    /// A client grant's id, `cgr_…`.
    GrantId, 64;
    /// A user's id: `auth0|` and 24 hexadecimal digits for users of a database connection.
    UserId, 255;
    /// A role's id, `rol_…`.
    RoleId, 64;
    /// A connection's id, `con_…`.
    ConnectionId, 64;
    /// A stored consent's id (24 hexadecimal digits).
    ConsentId, 64;
    /// A session's public id: the `sid` of ID tokens. Never the cookie's value.
    SessionId, 64;
    /// A client credential's id, `cred_…`.
    CredentialId, 64;
    /// A key's `kid`.
    KeyId, 128;
    /// A log event's id: 56 digits that sort by time.
    LogId, 64;
    /// A host as requests name it, port included when it is not the scheme's own, lower case.
    Host, 260;
}

impl TenantId {
    /// A fresh id.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(format!("ten_{}", random::base62(random, 16)).into())
    }
}

impl ClientId {
    /// A fresh id: 32 characters of base62.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(random::base62(random, 32).into())
    }
}

impl ApiId {
    /// A fresh id: 24 hexadecimal digits.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(random::hex(random, 24).into())
    }
}

impl GrantId {
    /// A fresh id: `cgr_` and 16 characters of base62.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(format!("cgr_{}", random::base62(random, 16)).into())
    }
}

impl UserId {
    /// A fresh id of a database user.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(format!("auth0|{}", random::hex(random, 24)).into())
    }
}

impl RoleId {
    /// A fresh id: `rol_` and 16 characters of base62.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(format!("rol_{}", random::base62(random, 16)).into())
    }
}

impl ConnectionId {
    /// A fresh id: `con_` and 16 characters of base62.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(format!("con_{}", random::base62(random, 16)).into())
    }
}

impl ConsentId {
    /// A fresh id: 24 hexadecimal digits.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(random::hex(random, 24).into())
    }
}

impl SessionId {
    /// A fresh id: 32 characters of the base64url alphabet.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(random::url_safe(random, 32).into())
    }
}

impl CredentialId {
    /// A fresh id: `cred_` and 22 characters of base62.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(format!("cred_{}", random::base62(random, 22)).into())
    }
}

impl KeyId {
    /// A fresh id for a tenant's signing key: 21 characters of the base64url alphabet.
    pub fn new(random: &mut dyn Random) -> Self {
        Self(random::url_safe(random, 21).into())
    }
}

impl LogId {
    /// The id of the `counter`-th event of this process at `at`: it sorts by time, then by the
    /// order in which the process recorded it; `node` (17 digits) keeps two nodes apart.
    pub fn new(at: Timestamp, counter: u64, node: u64) -> Self {
        let node = node % 100_000_000_000_000_000;
        let counter = counter % 100_000_000_000_000_000;
        Self(format!("90020{}{counter:017}{node:017}", at.compact()).into())
    }
}

impl Host {
    /// Reads a `Host` header's value (RFC 9110 7.2): lower-cased; no user, path or space.
    pub fn from_header(text: &str) -> Option<Self> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if !text.chars().all(legal) {
            return None;
        }
        Self::parse(&text.to_ascii_lowercase())
    }

    /// The host without its port: what a TLS client names by SNI.
    pub fn name(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &self.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn ids_have_the_shapes_that_tools_know() {
        let mut random = Seeded::new("ids");
        assert_eq!(ClientId::new(&mut random).as_str().len(), 32);
        assert_eq!(ApiId::new(&mut random).as_str().len(), 24);
        assert!(GrantId::new(&mut random).as_str().starts_with("cgr_"));
        assert_eq!(KeyId::new(&mut random).as_str().len(), 21);
        let at = Timestamp::from_seconds(1_776_880_196);
        let (first, second) = (LogId::new(at, 1, 7), LogId::new(at, 2, 3));
        assert_eq!(first.as_str().len(), 56);
        assert!(first < second);
    }

    #[test]
    fn hosts_are_folded_and_tricks_are_refused() {
        assert_eq!(
            Host::from_header("LocalHost:8443").unwrap().as_str(),
            "localhost:8443"
        );
        assert_eq!(Host::from_header("a.example").unwrap().name(), "a.example");
        assert_eq!(Host::from_header("[::1]:8443").unwrap().name(), "[::1]");
        for bad in ["", "a b", "user@host", "a/b", "a\u{0}b", "hést"] {
            assert_eq!(Host::from_header(bad), None, "{bad:?}");
        }
    }
}
