//! What of a user ends, and by what (decision 0007). Each is one list of writes that stands in the
//! commit of the event itself, so it holds on every node with the next request.

use super::profile;
use crate::id::UserId;
use crate::model::{ArtefactKind, Profile, Revoke};
use crate::write::Write;

/// What gives access without another login, but for refresh tokens.
const AT_HAND: [ArtefactKind; 4] = [
    ArtefactKind::Session,
    ArtefactKind::Code,
    ArtefactKind::Opaque,
    ArtefactKind::Device,
];
/// Refresh tokens.
const LASTING: ArtefactKind = ArtefactKind::Family;

/// Everything that gives access: a thief is out (attack SESSION-07).
pub fn everything(user: &UserId) -> impl Iterator<Item = Write> {
    let kinds = AT_HAND.into_iter().chain([LASTING]);
    kinds.map(|kind| all(kind, user))
}

/// What ends when a user is blocked: every door is shut to it as long as it is, and what gave
/// access at hand is not there any more when the block is lifted. Refresh tokens go by the
/// profile.
pub fn by_block(user: &UserId, profile: Profile) -> Vec<Write> {
    let lasting = profile::block_ends_refresh_tokens(profile).then_some(LASTING);
    let kinds = AT_HAND.into_iter().chain(lasting);
    kinds.map(|kind| all(kind, user)).collect()
}

fn all(kind: ArtefactKind, user: &UserId) -> Write {
    Write::Revoke(Revoke::OfUser(kind, user.clone(), None))
}
