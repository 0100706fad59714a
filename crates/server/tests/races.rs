//! What may be used once is used once, however many come for it at the same moment: on one node
//! with SQLite, and on two nodes with PostgreSQL. REL-RACE-01, AUTHZ-09, TOKEN-08, TOKEN-21,
//! PASSWORD-24, SIGNUP-04, CVE-2026-1035, CVE-2024-4629, CVE-2023-47111.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "races/prizes.rs"]
mod prizes;

use std::sync::Arc;

use cardea_core::model::Profile;
use cardea_testkit::postgres::{fresh_database, node};
use cardea_testkit::{Health, World};
use futures_util::future::join_all;
use serde_json::json;

use prizes::{Circuit, Prize};

const RACERS: usize = 8;
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_eight_wins_on_one_node_with_sqlite() {
    let health = Health::new(Profile::Compat).await;
    race(Circuit::new(health, None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_eight_wins_on_two_nodes_with_postgresql() {
    let url = fresh_database().await;
    let here = World::on(node(&url).await, Profile::Compat).await;
    let health = Health::made_in(here).await;
    let there = health.world.another_node(node(&url).await).await;
    race(Circuit::new(health, Some(there)).await).await;
}

async fn race(circuit: Circuit) {
    let circuit = Arc::new(circuit);
    for prize in Prize::ALL {
        for round in 0..ROUNDS {
            let laid_out = Arc::new(circuit.lay_out(prize).await);
            let racers = (0..RACERS).map(|racer| {
                let (circuit, laid_out) = (Arc::clone(&circuit), Arc::clone(&laid_out));
                tokio::spawn(async move { circuit.run(&laid_out, racer).await })
            });
            let won: Vec<bool> = join_all(racers)
                .await
                .into_iter()
                .map(Result::unwrap)
                .collect();
            let winners = won.iter().filter(|won| **won).count();
            assert_eq!(winners, 1, "{prize:?}, round {round}: {won:?}");
            // and who comes later is late
            assert!(!circuit.run(&laid_out, RACERS).await, "{prize:?}, later");
            if let Some(winner) = won.iter().position(|won| *won) {
                circuit.check(&laid_out, winner).await;
            }
        }
    }
    circuit.stop().await;
}

/// PASSWORD-11, PASSWORD-12: two processes, forty wrong passwords at once; ten are looked at, and
/// no refusal takes its count back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_forty_wrong_passwords_at_two_nodes_ten_are_evaluated() {
    let url = fresh_database().await;
    let here = World::on(node(&url).await, Profile::Compat).await;
    let jane = here.person("jane@example.com").await;
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    let client = here
        .application(json!({
            "name": "Trusted", "app_type": "regular_web", "grant_types": [realm],
            "token_endpoint_auth_method": "client_secret_post",
        }))
        .await;
    let there = here.another_node(node(&url).await).await;
    let nodes = [Arc::new(here), Arc::new(there)];
    let guess = |racer: usize, password: &str| {
        let node = Arc::clone(&nodes[racer % 2]);
        let (client, password) = (client.clone(), password.to_owned());
        tokio::spawn(async move {
            let form = [
                ("grant_type", realm),
                ("realm", "Username-Password-Authentication"),
                ("client_id", client.id.as_str()),
                ("client_secret", client.secret.as_str()),
                ("username", "jane@example.com"),
                ("password", password.as_str()),
            ];
            node.token(&form).await.status.as_u16()
        })
    };
    let guesses = (0..40).map(|racer| guess(racer, "wrong"));
    let answers: Vec<u16> = join_all(guesses)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let count = |status| answers.iter().filter(|known| **known == status).count();
    assert_eq!((count(403), count(429)), (10, 30), "{answers:?}");
    // the right one comes too late, at either node
    for racer in 0..2 {
        assert_eq!(guess(racer, &jane.password).await.unwrap(), 429);
    }
    for node in nodes {
        node.app.stop().await;
    }
}
