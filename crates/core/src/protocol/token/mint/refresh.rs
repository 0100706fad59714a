//! A refresh token: random, remembered by digests in its family.

use super::Mint;
use crate::protocol::token::family::Plan;
use crate::protocol::token::refresh_value::RefreshValue;
use crate::random::Random;
use crate::write::Write;

impl Mint<'_> {
    /// The token, and the write that makes its family or moves it on.
    pub(super) fn refresh(plan: &Plan, id: &str, random: &mut dyn Random) -> (String, Write) {
        let (value, text) = match plan {
            Plan::Start(_) => RefreshValue::first(random),
            Plan::Rotate(_, before) => before.next(random),
        };
        let family = plan.family().clone().with_token(&value).to_artefact(id);
        let write = match plan {
            Plan::Start(_) => Write::Put(family),
            Plan::Rotate(..) => Write::Replace(family),
        };
        (text, write)
    }
}
