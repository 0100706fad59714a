//! A refresh token: random, remembered by its digest as one of a family.

use cardea_jose::sha256;

use super::Mint;
use crate::model::{Artefact, ArtefactKind};
use crate::protocol::token::family::{self, Plan};
use crate::random::{self, Random};
use crate::write::Write;

/// Characters after the prefix: 258 bits.
const LENGTH: usize = 43;

impl Mint<'_> {
    /// The token, and the writes: its family made or moved on, and the token itself.
    pub(super) fn refresh(
        &self,
        plan: &Plan,
        id: &str,
        random: &mut dyn Random,
    ) -> (String, [Write; 2]) {
        let token = format!("v1.{}", random::url_safe(random, LENGTH));
        let family = plan.family();
        let artefact = family.to_artefact(id);
        let leaf = Artefact {
            kind: ArtefactKind::Refresh,
            digest: sha256(token.as_bytes()),
            id: None,
            group: Some(id.to_owned()),
            user: artefact.user.clone(),
            client: artefact.client.clone(),
            created_at: self.now,
            expires_at: artefact.expires_at,
            consumed_at: None,
            revision: 1,
            body: family::leaf_body(family.generation),
        };
        let moved = match plan {
            Plan::Start(_) => Write::Put(artefact),
            Plan::Rotate(_) => Write::Replace(artefact),
        };
        (token, [moved, Write::Put(leaf)])
    }
}
