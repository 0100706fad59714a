//! A mail that waits to be sent.

use cardea_jose::Secret;

use crate::time::Timestamp;

/// A mail, from the commit of what it tells of until a mail server has taken it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Which: random, and unique in the tenant.
    pub id: String,
    /// The written letter. It may hold a link that proves who opens it, so it is kept sealed.
    pub letter: Secret<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// From then on it is of no use any more.
    pub expires_at: Timestamp,
}
