//! Refresh families against a small model: never two live leaves; a replay of a token that is
//! not the leaf (nor, within the leeway, a predecessor) kills the family.

use proptest::prelude::*;
use serde_json::json;

use super::people::People;
use super::world::NOW;
use crate::model::{ArtefactKind, Body, Profile};
use crate::protocol::token::family::Family;
use crate::time::Timestamp;

/// The model: tokens by number, which is live, and until when exchanged ones are still taken.
struct Model {
    leeway: i64,
    leaf: usize,
    spent: Vec<(usize, i64)>,
    dead: bool,
}

impl Model {
    /// Whether the token is taken at this second; what follows from it.
    fn present(&mut self, token: usize, at: i64) -> bool {
        if self.dead {
            return false;
        }
        let leeway = self.leeway;
        let taken_again =
            |(spent, since): &(usize, i64)| *spent == token && leeway > 0 && at <= since + leeway;
        if token == self.leaf {
            self.spent.clear();
        } else if self.spent.iter().any(taken_again) {
            self.spent.retain(|(_, since)| at <= since + leeway);
        } else {
            self.dead = true;
            return false;
        }
        self.spent.push((self.leaf, at));
        self.leaf += 1;
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_family_behaves_as_its_model(
        leeway in prop_oneof![Just(0_i64), Just(3)],
        steps in proptest::collection::vec((0_i64..3, 0_usize..4), 1..14),
    ) {
        let (mut people, first) = People::begun_with(Profile::Compat, |people| {
            let settings = people.world.client.body.get_mut("refresh_token").unwrap();
            settings["leeway"] = json!(leeway);
            // nothing to sign: the family is what is looked at
            people.grant.audience = None;
            people.grant.scopes = ["offline_access"].into_iter().collect();
        });
        let mut tokens = vec![first.refresh_token.unwrap()];
        let mut model = Model { leeway, leaf: 0, spent: Vec::new(), dead: false };
        let mut clock = 0;
        for (wait, back) in steps {
            clock += wait;
            people.now = NOW.plus_seconds(clock);
            let token = tokens.len() - 1 - back.min(tokens.len() - 1);
            people.refresh(&tokens[token].clone());
            let outcome = people.ask();
            prop_assert_eq!(outcome.is_ok(), model.present(token, clock));
            if let Ok(issued) = outcome {
                let new = issued.refresh_token.unwrap();
                prop_assert!(!tokens.contains(&new));
                tokens.push(new);
            }
            let families = people.shelf.of(ArtefactKind::Family).len();
            prop_assert_eq!(families, usize::from(!model.dead));
        }
    }

    /// TOKEN-21: of many that read the same facts, one wins; the others meet its work.
    #[test]
    fn of_a_race_one_wins(racers in 2_usize..6) {
        let (mut people, _) = People::begun(Profile::Compat);
        let decisions: Vec<_> = (0..racers).map(|_| people.decide().0).collect();
        let mut winners = 0;
        for mut decided in decisions {
            let tenant = people.tenant();
            let granted = decided.outcome.as_ref().unwrap();
            let (issuer, now) = (People::issuer(), people.now);
            let minted = crate::protocol::token::mint(granted, &tenant, &issuer, now, &mut people.random);
            decided.writes.extend(minted.unwrap().writes);
            winners += usize::from(people.shelf.commit(&decided.writes, now));
        }
        prop_assert_eq!(winners, 1);
        let refusal = people.ask().unwrap_err();
        prop_assert_eq!(refusal.rule().id(), "RFC9700-4.14.2-reuse");
        prop_assert!(people.shelf.of(ArtefactKind::Family).is_empty());
    }
}

/// It outlives many a version.
#[test]
fn what_stands_in_the_database_stays_readable() {
    let (people, _) = People::begun(Profile::Compat);
    let mut artefact = people.shelf.of(ArtefactKind::Family)[0].clone();
    let (token, spent) = ("AQ".repeat(21) + "A", "Ag".repeat(21) + "A");
    let text = format!(
        concat!(
            r#"{{"grant":{{"client":"c","user":"auth0|jane","connection":"Users","#,
            r#""scope":"openid offline_access","auth_time":9,"consent":"abc"}},"#,
            r#""token":"{}","generation":3,"issued_at":1,"spent":[[2,"{}",7]],"#,
            r#""rotating":true,"metadata":{{"a":"b"}},"ends_at":5,"used_at":2}}"#
        ),
        token, spent,
    );
    artefact.body = Body::from_text(text);
    let read = Family::from_artefact(&artefact).unwrap();
    let at = Timestamp::from_millis;
    assert_eq!(
        (read.generation, read.issued_at, read.ends_at),
        (3, at(1), at(5))
    );
    assert_eq!((read.used_at, read.rotating), (at(2), true));
    assert_eq!(read.grant.scopes.to_string(), "openid offline_access");
    assert_eq!((read.spent[0].generation, read.spent[0].at), (2, at(7)));
    assert_eq!(read.metadata.as_ref().unwrap()["a"], "b");
    let id = artefact.id.clone().unwrap();
    assert_eq!(read.to_artefact(&id).body, artefact.body);
}

#[test]
fn rotation_is_in_the_trace() {
    let (people, _) = People::begun(Profile::Compat);
    let trace = people.decide().0.trace.to_json().to_string();
    assert!(trace.contains("RFC9700-4.14.2-rotation"), "{trace}");
}
