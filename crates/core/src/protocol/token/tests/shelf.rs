//! What a store does with artefacts, in thirty lines: guards hold or nothing happens.

use std::collections::BTreeMap;

use crate::model::{Artefact, ArtefactKind, Revoke};
use crate::time::Timestamp;
use crate::write::{UserWrite, Write};

#[derive(Debug, Clone, Default)]
pub(in crate::protocol) struct Shelf {
    pub(in crate::protocol) artefacts: BTreeMap<(ArtefactKind, [u8; 32]), Artefact>,
}

impl Shelf {
    pub(in crate::protocol) fn put(&mut self, artefact: Artefact) {
        self.artefacts
            .insert((artefact.kind, artefact.digest), artefact);
    }

    pub(in crate::protocol) fn of(&self, kind: ArtefactKind) -> Vec<&Artefact> {
        let all = self.artefacts.values();
        all.filter(|artefact| artefact.kind == kind).collect()
    }

    pub(in crate::protocol) fn by_id(&self, kind: ArtefactKind, id: &str) -> Option<&Artefact> {
        let of = self.of(kind);
        of.into_iter()
            .find(|artefact| artefact.id.as_deref() == Some(id))
    }

    /// All or nothing; whether the guards held.
    pub(in crate::protocol) fn commit(&mut self, writes: &[Write], now: Timestamp) -> bool {
        let mut next = self.clone();
        let held = writes.iter().all(|write| next.write(write, now));
        if held {
            *self = next;
        }
        held
    }

    fn write(&mut self, write: &Write, now: Timestamp) -> bool {
        match write {
            Write::Put(artefact) => {
                let new = !self
                    .artefacts
                    .contains_key(&(artefact.kind, artefact.digest));
                self.put(artefact.clone());
                new
            }
            Write::Replace(artefact) => {
                let mut next = artefact.clone();
                next.revision += 1;
                let stored = self.artefacts.get(&(artefact.kind, artefact.digest));
                let same = stored.is_some_and(|stored| stored.revision == artefact.revision);
                self.put(next);
                same
            }
            Write::Consume(kind, digest, at) => {
                let Some(stored) = self.artefacts.get_mut(&(*kind, *digest)) else {
                    return false;
                };
                let live = stored.is_live(*at) && *at <= now;
                stored.consumed_at = Some(*at);
                live
            }
            Write::Revoke(Revoke::Group(name)) => {
                self.artefacts.retain(|_, artefact| {
                    artefact.group.as_ref() != Some(name) && artefact.id.as_ref() != Some(name)
                });
                true
            }
            // there is one user, and nobody else changes it
            Write::User(UserWrite::Same { .. }) => true,
            Write::Revoke(Revoke::One(kind, digest)) => {
                self.artefacts.remove(&(*kind, *digest));
                true
            }
            Write::Insert(_)
            | Write::Update(_)
            | Write::Delete { .. }
            | Write::Log(_)
            | Write::Mail(_)
            | Write::Revoke(_)
            | Write::User(_)
            | Write::ForgetFailures(_)
            | Write::ConsumeAssertion { .. } => panic!("no write of these tests: {write:?}"),
        }
    }
}
