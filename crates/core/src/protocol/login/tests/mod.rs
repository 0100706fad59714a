//! Logins from the request to the response.

mod devices;
mod guards;
mod ways;

use serde_json::json;

use super::{Closed, Decided, Input, LoginTransaction, Next, Pending, Step, begin, step};
use crate::model::{Artefact, ArtefactKind, Profile, Revoke};
use crate::protocol::authorize::tests::world::{JANE, World};
use crate::protocol::authorize::{Answer, Refused};
use crate::protocol::consent::ConsentRecord;
use crate::protocol::session::SessionRecord;
use crate::random::Seeded;
use crate::write::{UserWrite, Write};

type Prepare = fn(&mut World);

const COOKIE: &str = "the cookie of the browser";

/// A browser, and what the server keeps of it.
struct Browser {
    world: World,
    random: Seeded,
    /// The login as it is stored.
    stored: Option<Artefact>,
}

impl Browser {
    fn new(profile: Profile, prepare: Prepare) -> Self {
        let mut world = World::new(profile);
        world.session = None;
        prepare(&mut world);
        Self {
            world,
            random: Seeded::new("browser"),
            stored: None,
        }
    }

    fn begin(&mut self) -> Decided {
        let checked = self.world.check().unwrap();
        let (tenant, issuer) = (self.world.tenant(), World::issuer());
        let facts = self.world.facts(&tenant, &issuer);
        let browser = Artefact::name(&[COOKIE]);
        let decided = begin(&checked, facts, browser, &mut self.random);
        self.commit(&decided);
        decided
    }

    fn open(&self) -> Result<Pending, Closed> {
        Pending::open("handle", self.stored.as_ref(), Some(COOKIE), self.world.now)
    }

    fn step(&mut self, input: Input) -> Decided {
        let pending = self.open().unwrap();
        let checked = self.world.check().unwrap();
        let (tenant, issuer) = (self.world.tenant(), World::issuer());
        let mut facts = self.world.facts(&tenant, &issuer);
        facts.user = Some(&self.world.user);
        let decided = step(pending, input, &checked, facts, &mut self.random);
        self.commit(&decided);
        decided
    }

    fn log_in(&mut self, user: &str) -> Decided {
        let session = self.world.login(user, 0);
        self.step(Input::LoggedIn(Box::new(session)))
    }

    fn commit(&mut self, decided: &Decided) {
        for write in &decided.writes {
            if let Write::Put(artefact) | Write::Replace(artefact) = write {
                self.keep(artefact);
            } else if let Write::Consume(ArtefactKind::Login, digest, at) = write {
                let stored = self.stored.as_mut().unwrap();
                assert_eq!(stored.digest, *digest);
                assert!(stored.is_live(*at), "ended twice");
                stored.consumed_at = Some(*at);
            } else if let Write::Revoke(Revoke::One(ArtefactKind::Session, digest)) = write {
                let session = self.world.session.take();
                assert_eq!(session.map(|session| session.digest), Some(*digest));
            } else if let Write::User(UserWrite::Same { user, revision, .. }) = write {
                let stored = &self.world.user.user;
                assert_eq!((user, *revision), (&stored.id, stored.revision));
            } else {
                panic!("{write:?}");
            }
        }
    }

    fn keep(&mut self, artefact: &Artefact) {
        if artefact.kind == ArtefactKind::Login {
            self.stored = Some(artefact.clone());
        } else if artefact.kind == ArtefactKind::Session {
            self.world.session = Some(SessionRecord::from_artefact(artefact).unwrap());
        } else {
            self.world.consent = Some(ConsentRecord::from_artefact(artefact).unwrap());
        }
    }
}

fn at(decided: &Decided) -> &'static str {
    match &decided.next {
        Next::Answer(Answer::Page(_)) => "page",
        Next::Answer(Answer::Redirect(_)) => "redirect",
        Next::Login(pending) | Next::Consent(pending, _) => pending.transaction.step.as_str(),
        Next::Issue(_) => "issue",
    }
}

fn third_party(world: &mut World) {
    world.third_party("permissive", "allow_always");
}
