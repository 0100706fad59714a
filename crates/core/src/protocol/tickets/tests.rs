//! The password changes only after proof of the ticket, whatever is tried.

use std::collections::BTreeMap;

use cardea_jose::Secret;
use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::id::Host;
use crate::protocol::body::tests::{members_of, without_member};
use crate::random::Seeded;
use crate::write::UserWrite;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
const NAMES: [&str; 2] = ["jane", "sam"];

fn user(name: &str) -> User {
    User {
        id: UserId::parse(&format!("auth0|{name}")).unwrap(),
        connection: "db".to_owned(),
        email: Some(format!("{name}@example.com")),
        email_verified: false,
        username: None,
        phone_number: None,
        phone_verified: false,
        blocked: false,
        profile: Map::new(),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        created_at: START,
        updated_at: START,
        last_login: None,
        logins_count: 0,
        last_password_reset: None,
        password: Some(Secret::new("first".to_owned())),
        revision: 1,
    }
}

fn issuer() -> Issuer {
    Issuer::new("https", &Host::parse("login.example").unwrap())
}

fn id(who: usize) -> UserId {
    user(NAMES[who % NAMES.len()]).id
}

/// What an attacker, or a user, may do.
#[derive(Debug, Clone)]
enum Input {
    /// Ask for a link: it goes to the user's mailbox.
    Ask(usize, usize),
    /// Open the page of a link: the n-th that was ever made, with something changed or not.
    Open(usize, Twist, usize),
    /// Post a new password with it.
    Post(usize, Twist),
    /// Prove an address with it.
    Verify(usize, Twist),
    /// Change the user's address elsewhere.
    NewAddress(usize),
    /// Change the user's password elsewhere.
    NewPassword(usize),
    /// Time passes, in minutes.
    Wait(i64),
}

/// How the value of a link is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twist {
    AsItIs,
    OtherCase,
    Empty,
    Digest,
    Longer,
}

/// A store of the same guards as the real one.
#[derive(Clone)]
struct Model {
    users: BTreeMap<UserId, User>,
    tickets: BTreeMap<[u8; 32], Artefact>,
    values: Vec<String>,
    now: Timestamp,
    random: Seeded,
    changes: u32,
}

impl Model {
    fn new() -> Self {
        let users = NAMES.map(user);
        Self {
            users: users
                .into_iter()
                .map(|user| (user.id.clone(), user))
                .collect(),
            tickets: BTreeMap::new(),
            values: Vec::new(),
            now: START,
            random: Seeded::new("tickets"),
            changes: 0,
        }
    }

    fn apply(&mut self, writes: Vec<Write>) -> bool {
        for write in &writes {
            if let Write::Consume(_, digest, at) = write {
                let ticket = self.tickets.get(digest);
                if !ticket.is_some_and(|ticket| ticket.is_live(*at)) {
                    return false;
                }
            }
            if let Write::User(UserWrite::Update(user)) = write
                && self.users[&user.id].revision != user.revision
            {
                return false;
            }
        }
        for write in writes {
            if let Write::Put(artefact) = write {
                self.tickets.insert(artefact.digest, artefact);
            } else if let Write::Consume(_, digest, at) = write {
                self.tickets.get_mut(&digest).unwrap().consumed_at = Some(at);
            } else if let Write::Revoke(Revoke::Group(group)) = write {
                self.tickets
                    .retain(|_, ticket| ticket.group.as_ref() != Some(&group));
            } else if let Write::User(UserWrite::Update(user)) = write {
                let mut user = *user;
                user.revision += 1;
                self.users.insert(user.id.clone(), user);
            }
        }
        true
    }

    fn shown(&self, which: usize, twist: Twist) -> Option<String> {
        let value = self.values.get(which % self.values.len().max(1))?;
        Some(match twist {
            Twist::AsItIs => value.clone(),
            Twist::OtherCase => value.to_uppercase(),
            Twist::Empty => String::new(),
            Twist::Digest => format!("{:?}", digest_of(value)),
            Twist::Longer => format!("{value} "),
        })
    }

    fn prove(&self, value: &str, purpose: Purpose) -> Result<Proved, TicketRefusal> {
        let stored = self.tickets.get(&digest_of(value));
        let user = stored.and_then(|stored| self.users.get(stored.user.as_ref()?));
        prove(value, purpose, (stored, user), self.now)
    }

    /// Does it, and says whose password changed and with which value.
    fn step(&mut self, input: &Input) -> Option<(UserId, String)> {
        match input {
            Input::Ask(who, purpose) => {
                let user = self.users[&id(*who)].clone();
                let purpose = Purpose::ALL[purpose % 3];
                let new = NewTicket::mailed(purpose, &user, None);
                let made = make(new, &issuer(), self.now, &mut self.random);
                let (page, value) = made.link.split_once("?ticket=").unwrap();
                assert_eq!(page, issuer().join(purpose.path()), "PASSWORD-23");
                self.values.push(value.to_owned());
                assert!(self.apply(made.writes));
                None
            }
            Input::Open(which, twist, purpose) => {
                let value = self.shown(*which, *twist)?;
                _ = self.prove(&value, Purpose::ALL[purpose % 3]);
                None
            }
            Input::Post(which, twist) => {
                let value = self.shown(*which, *twist)?;
                let proved = self.prove(&value, Purpose::ResetPassword).ok()?;
                let owner = proved.user().id.clone();
                self.changes += 1;
                let hash = format!("hash {}", self.changes);
                let writes = proved.new_password(&hash, 0)?;
                self.apply(writes).then_some((owner, value))
            }
            Input::Verify(which, twist) => {
                let value = self.shown(*which, *twist)?;
                let proved = self.prove(&value, Purpose::VerifyEmail).ok()?;
                let writes = proved.clone().verified_email()?;
                assert!(
                    proved.new_password("stolen", 0).is_none(),
                    "another purpose"
                );
                self.apply(writes);
                None
            }
            Input::NewAddress(who) => {
                let id = id(*who);
                self.changes += 1;
                let user = self.users.get_mut(&id).unwrap();
                user.email = Some(format!("new{}@example.com", self.changes));
                user.revision += 1;
                None
            }
            Input::NewPassword(who) => {
                let mut user = self.users[&id(*who)].clone();
                user.password = Some(Secret::new("set elsewhere".to_owned()));
                let writes = changed_password(user, self.now);
                assert!(self.apply(writes));
                None
            }
            Input::Wait(minutes) => {
                self.now = self.now.plus_seconds(minutes * 60);
                None
            }
        }
    }

    /// What must be true of a value for it to change its owner's password: said again, in other
    /// words than the code's.
    fn is_good(&self, value: &str, owner: &UserId) -> bool {
        let Some(stored) = self.tickets.get(&digest_of(value)) else {
            return false;
        };
        let user = &self.users[owner];
        let says = members_of(&stored.body);
        says["purpose"] == "reset"
            && stored.user.as_ref() == Some(owner)
            && stored.consumed_at.is_none()
            && self.now.millis() - stored.created_at.millis() < 3_600_000
            && says.get("email").and_then(|email| email.as_str()) == user.email.as_deref()
            && stored.created_at >= user.last_password_reset.unwrap_or(START)
    }
}

impl Model {
    /// Does it, and looks whether a password changed, and if so by which right; whether one did.
    fn watched(&mut self, input: &Input) -> bool {
        let before = self.clone();
        let proof = self.step(input);
        let mut changed = false;
        for (id, user) in &self.users {
            if before.users[id].password == user.password {
                continue;
            }
            changed = true;
            let Some((owner, value)) = &proof else {
                assert!(
                    matches!(input, Input::NewPassword(_)),
                    "nobody asked for it"
                );
                continue;
            };
            assert_eq!(owner, id, "PASSWORD-29: another's password");
            assert!(before.is_good(value, owner), "PASSWORD-28: without proof");
            let again = self.prove(value, Purpose::ResetPassword);
            assert!(again.is_err(), "PASSWORD-24: a ticket is good once");
        }
        if matches!(input, Input::Open(..)) {
            assert_eq!(
                self.tickets, before.tickets,
                "PASSWORD-25: looking changes nothing"
            );
        }
        changed && proof.is_some()
    }

    /// Every continuation of `depth` inputs; how many of them changed a password by a ticket.
    fn explore(&self, alphabet: &[Input], depth: u32) -> u32 {
        let mut changes = 0;
        for input in alphabet {
            let mut next = self.clone();
            changes += u32::from(next.watched(input));
            if depth > 1 {
                changes += next.explore(alphabet, depth - 1);
            }
        }
        changes
    }
}

#[test]
fn password_28_exhaustively_the_password_changes_only_after_proof() {
    let alphabet = [
        Input::Ask(0, 0),
        Input::Ask(1, 0),
        Input::Ask(0, 1),
        Input::Open(0, Twist::AsItIs, 0),
        Input::Post(0, Twist::AsItIs),
        Input::Post(1, Twist::AsItIs),
        Input::NewAddress(0),
        Input::NewPassword(0),
        Input::Wait(61),
    ];
    let changes = Model::new().explore(&alphabet, 5);
    assert!(changes > 1000, "some of them must be honest: {changes}");
}

fn twist() -> impl Strategy<Value = Twist> {
    prop_oneof![
        4 => Just(Twist::AsItIs),
        1 => Just(Twist::OtherCase),
        1 => Just(Twist::Empty),
        1 => Just(Twist::Digest),
        1 => Just(Twist::Longer),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => (0..2_usize, 0..3_usize).prop_map(|(who, what)| Input::Ask(who, what)),
        2 => (0..8_usize, twist(), 0..3_usize).prop_map(|(n, twist, what)| Input::Open(n, twist, what)),
        5 => (0..8_usize, twist()).prop_map(|(n, twist)| Input::Post(n, twist)),
        2 => (0..8_usize, twist()).prop_map(|(n, twist)| Input::Verify(n, twist)),
        1 => (0..2_usize).prop_map(Input::NewAddress),
        1 => (0..2_usize).prop_map(Input::NewPassword),
        2 => (1..40_i64).prop_map(Input::Wait),
    ]
}

proptest! {
    #[test]
    fn password_28_whatever_is_tried_in_whatever_order(inputs in prop::collection::vec(input(), 1..60)) {
        let mut model = Model::new();
        for input in &inputs {
            model.watched(input);
        }
    }
}

type Break = fn(&mut Artefact, &mut User);

#[test]
fn every_stale_ticket_is_refused() {
    let table: [(&str, Break, TicketRefusal); 7] = [
        (
            "PASSWORD-24 used",
            |ticket, _| ticket.consumed_at = Some(START),
            TicketRefusal::Used,
        ),
        (
            "PASSWORD-24 expired",
            |ticket, _| ticket.expires_at = START,
            TicketRefusal::Expired,
        ),
        (
            "PASSWORD-24 after a change of the address",
            |_, user| user.email = Some("other@example.com".to_owned()),
            TicketRefusal::OtherAddress,
        ),
        (
            "PASSWORD-24 after a change of the password",
            |_, user| user.last_password_reset = Some(START),
            TicketRefusal::PasswordChanged,
        ),
        (
            "another user",
            |_, user| user.id = UserId::parse("auth0|other").unwrap(),
            TicketRefusal::NoUser,
        ),
        (
            "damaged",
            |ticket, _| {
                ticket.body = without_member(&ticket.body, "purpose");
            },
            TicketRefusal::Damaged,
        ),
        (
            "AUTHZ another kind of thing",
            |ticket, _| ticket.kind = ArtefactKind::Session,
            TicketRefusal::Unknown,
        ),
    ];
    let jane = user("jane");
    let mut random = Seeded::new("stale");
    let new = NewTicket::mailed(Purpose::ResetPassword, &jane, None);
    let made = make(new, &issuer(), START, &mut random);
    let value = made.link.split_once("?ticket=").unwrap().1.to_owned();
    assert_eq!(value.len(), 43, "256 bits");
    let stored = made.ticket.to_artefact();
    assert_eq!(Ticket::from_artefact(&stored).unwrap(), made.ticket);
    let show = |stored: &Artefact, user: &User, purpose| {
        prove(&value, purpose, (Some(stored), Some(user)), START).map(|_| ())
    };
    assert_eq!(show(&stored, &jane, Purpose::ResetPassword), Ok(()));
    assert_eq!(
        show(&stored, &jane, Purpose::VerifyEmail),
        Err(TicketRefusal::OtherPurpose)
    );
    for (row, break_it, refusal) in table {
        let (mut stored, mut jane) = (stored.clone(), jane.clone());
        break_it(&mut stored, &mut jane);
        assert_eq!(
            show(&stored, &jane, Purpose::ResetPassword),
            Err(refusal),
            "{row}"
        );
    }
}

#[test]
fn a_new_password_ends_everything_and_begins_nothing() {
    let jane = user("jane");
    let mut random = Seeded::new("ends");
    let new = NewTicket::mailed(Purpose::ResetPassword, &jane, None);
    let made = make(new, &issuer(), START, &mut random);
    let value = made.link.split_once("?ticket=").unwrap().1;
    let stored = made.ticket.to_artefact();
    let proved = prove(
        value,
        Purpose::ResetPassword,
        (Some(&stored), Some(&jane)),
        START,
    );
    let writes = proved.unwrap().new_password("second", 2).unwrap();
    assert!(matches!(
        writes[0],
        Write::Consume(ArtefactKind::Ticket, ..)
    ));
    let Write::User(UserWrite::Update(after)) = &writes[1] else {
        panic!("the user is written");
    };
    assert_eq!(after.password.as_ref().unwrap().expose(), "second\nfirst");
    assert!(after.email_verified, "the link proved the address");
    for kind in [ArtefactKind::Session, ArtefactKind::Family] {
        let ended = Revoke::OfUser(kind, jane.id.clone(), None);
        let found = writes
            .iter()
            .any(|write| matches!(write, Write::Revoke(what) if *what == ended));
        assert!(found, "{kind:?}");
    }
    // PASSWORD-36
    assert!(
        !writes.iter().any(|write| matches!(write, Write::Put(_))),
        "nobody is logged in"
    );
}
