//! The two profiles (product document, "Where Auth0's wire and the highest bar differ").

use serde::{Deserialize, Serialize};

/// How a tenant answers where Auth0's wire and the standards differ. What differs stands in
/// `protocol::profile` and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Auth0's statuses, codes, defaults and lifetimes.
    Compat,
    /// The RFCs' statuses and codes, OAuth 2.1 and RFC 9700.
    Strict,
}

impl Profile {
    /// `compat` or `strict`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compat => "compat",
            Self::Strict => "strict",
        }
    }

    /// Reads `compat` or `strict`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "compat" => Some(Self::Compat),
            "strict" => Some(Self::Strict),
            _ => None,
        }
    }
}
