//! An opaque access token: random, remembered by its digest, good at `/userinfo` alone
//! (auth-semantics 3.3 a).

use cardea_jose::sha256;

use super::{Access, Mint};
use crate::model::{Artefact, ArtefactKind};
use crate::protocol::body::Writer;
use crate::protocol::token::user::UserTokens;
use crate::random::{self, Random};
use crate::write::Write;

/// Seconds; fixed on Auth0's wire (auth-semantics 3.4).
const LIFETIME: i64 = 86_400;
/// Seconds, from the front channel.
const LIFETIME_FOR_WEB: i64 = 7_200;
/// Characters: 258 bits.
const LENGTH: usize = 43;

impl Mint<'_> {
    pub(super) fn opaque(&self, tokens: &UserTokens, random: &mut dyn Random) -> Access {
        let token = random::url_safe(random, LENGTH);
        let expires_in = if tokens.front_channel {
            LIFETIME_FOR_WEB
        } else {
            LIFETIME
        };
        let artefact = Artefact {
            kind: ArtefactKind::Opaque,
            digest: sha256(token.as_bytes()),
            id: None,
            group: tokens.group.clone(),
            user: Some(tokens.user.id.clone()),
            client: Some(tokens.client.parsed.id.clone()),
            created_at: self.now,
            expires_at: self.now.plus_seconds(expires_in),
            consumed_at: None,
            revision: 1,
            body: Writer::default()
                .text("scope", &tokens.grant.scopes)
                .list("claims", &tokens.grant.claims.userinfo)
                .finish(),
        };
        Access {
            token,
            expires_in,
            write: Some(Write::Put(artefact)),
        }
    }
}
