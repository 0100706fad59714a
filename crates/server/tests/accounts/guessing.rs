//! Guessing passwords.

use std::collections::BTreeMap;

use cardea_core::id::UserId;
use cardea_core::model::Profile;
use cardea_core::write::{Commit, UserWrite, Write};
use cardea_jose::Secret;
use cardea_testkit::{Client, HOST, Person, Sent, World};
use serde_json::json;

use super::place::{application, events, log_in, mails, newest_link, world};

async fn jane(world: &World) -> (Client, Person) {
    (
        application(world).await,
        world.person("jane@example.com").await,
    )
}

#[tokio::test]
async fn password_07_and_13_ten_wrong_ones_and_the_right_one_is_refused_there() {
    let world = world(Profile::Compat, false).await;
    let (client, jane) = jane(&world).await;
    let right = (jane.email.as_str(), jane.password.as_str());
    let (here, there) = ("198.51.100.1", "198.51.100.2");
    for n in 0..9 {
        // PASSWORD-06, CVE-2025-24806, CVE-2026-47203
        let name = ["jane@example.com", "JANE@example.com", " jane@example.com "][n % 3];
        let answer = log_in(&world, &client, here, (name, "wrong"))
            .await
            .expect(403);
        assert_eq!(answer["error_description"], "Wrong email or password.");
    }
    // PASSWORD-13: another process on the same database
    let other = world.another_node(world.store.clone()).await;
    let tenth = log_in(&other, &client, "192.0.2.1", right).await;
    assert_eq!(
        tenth.status.as_u16(),
        200,
        "another address is not counted together"
    );
    let _ = log_in(&world, &client, here, ("jane@example.com", "wrong"))
        .await
        .expect(403);
    let refused = log_in(&world, &client, here, right).await.expect(429);
    assert_eq!(refused["error"], "too_many_attempts");
    assert!(
        refused["error_description"]
            .as_str()
            .unwrap()
            .starts_with("Your account has been")
    );
    let _ = log_in(&world, &client, there, right).await.expect(200);

    // one mail, one event, and a link that lifts the block
    for _ in 0..3 {
        let _ = log_in(&world, &client, here, right).await.expect(429);
    }
    let sent = mails(&world).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(events(&world, "limit_wc").await.len(), 1);
    let mut browser = world.browser();
    let page = browser.get(&newest_link(&world).await).await;
    let done = browser.submit(&page, &[], "default").await;
    assert_eq!(done.status(), 200, "{}", done.html());
    let _ = log_in(&world, &client, here, right).await.expect(200);
    assert_eq!(events(&world, "ublkdu").await.len(), 1);
}

#[tokio::test]
async fn a_right_password_in_between_begins_anew_and_a_month_forgets() {
    let world = world(Profile::Compat, false).await;
    let (client, jane) = jane(&world).await;
    let right = (jane.email.as_str(), jane.password.as_str());
    let here = "198.51.100.1";
    for _ in 0..3 {
        for _ in 0..9 {
            let _ = log_in(&world, &client, here, (right.0, "wrong"))
                .await
                .expect(403);
        }
        let _ = log_in(&world, &client, here, right).await.expect(200);
    }
    for _ in 0..10 {
        let _ = log_in(&world, &client, here, (right.0, "wrong"))
            .await
            .expect(403);
    }
    let _ = log_in(&world, &client, here, right).await.expect(429);
    world.clock.advance(30 * 86_400);
    let _ = log_in(&world, &client, here, right).await.expect(200);
}

#[tokio::test]
async fn password_11_forty_at_once_and_ten_are_evaluated() {
    let world = world(Profile::Compat, false).await;
    let (client, _) = jane(&world).await;
    let other = world.another_node(world.store.clone()).await;
    let tries = (0..40).map(|n| {
        let node = if n % 2 == 0 { &world } else { &other };
        log_in(node, &client, "192.0.2.1", ("jane@example.com", "wrong"))
    });
    let answers = futures_util::future::join_all(tries).await;
    let evaluated = answers
        .iter()
        .filter(|answer| answer.status.as_u16() == 403);
    assert_eq!(evaluated.count(), 10);
    let refused = answers
        .iter()
        .filter(|answer| answer.status.as_u16() == 429);
    assert_eq!(refused.count(), 30);
}

/// PASSWORD-22: whose turn does not come in time is told to try again, and has not guessed.
#[tokio::test]
async fn who_is_not_looked_at_has_not_guessed() {
    const JANE: &str = "jane@example.com";
    let world = world(Profile::Compat, false).await;
    let (client, _) = jane(&world).await;
    // as many as are hashed or stand ready at a time, and three more
    let turns = 4 * std::thread::available_parallelism().map_or(1, usize::from);
    let others = (0..turns).map(|n| (format!("203.0.113.{n}"), format!("nobody-{n}@example.com")));
    let janes = (0..3).map(|_| ("198.51.100.1".to_owned(), JANE.to_owned()));
    let all: Vec<(String, String)> = others.chain(janes).collect();
    let tries = all
        .iter()
        .map(|(ip, name)| log_in(&world, &client, ip, (name, "wrong")));
    // while nobody has anything to do but to wait, time goes on: who waits, waits in vain
    tokio::time::pause();
    let answers = futures_util::future::join_all(tries).await;
    tokio::time::resume();
    let statuses = answers.iter().map(|answer| answer.status.as_u16());
    let statuses: Vec<u16> = statuses.skip(turns).collect();
    assert_eq!(statuses, [503; 3]);
    assert!(answers[turns].headers.contains_key("retry-after"));
    for _ in 0..10 {
        let wrong = (JANE, "wrong");
        let _ = log_in(&world, &client, "198.51.100.1", wrong)
            .await
            .expect(403);
    }
    let wrong = (JANE, "wrong");
    let _ = log_in(&world, &client, "198.51.100.1", wrong)
        .await
        .expect(429);
}

#[tokio::test]
async fn password_01_nobody_is_blocked_like_somebody() {
    let world = world(Profile::Compat, false).await;
    let (client, _) = jane(&world).await;
    let mut answers = BTreeMap::new();
    for name in ["jane@example.com", "nobody@example.com"] {
        let mut seen = Vec::new();
        for _ in 0..12 {
            let answer = log_in(&world, &client, "198.51.100.1", (name, "wrong")).await;
            seen.push((answer.status, answer.body));
        }
        answers.insert(name, seen);
    }
    assert_eq!(answers["jane@example.com"], answers["nobody@example.com"]);
}

#[tokio::test]
async fn password_10_a_hundred_accounts_from_one_address() {
    let world = world(Profile::Compat, false).await;
    let (client, jane) = jane(&world).await;
    let right = (jane.email.as_str(), jane.password.as_str());
    let here = "198.51.100.1";
    for n in 0..100 {
        let name = format!("user{n}@example.com");
        let _ = log_in(&world, &client, here, (&name, "wrong"))
            .await
            .expect(403);
        if n == 50 {
            // success does not reset the address
            let _ = log_in(&world, &client, here, right).await.expect(200);
        }
    }
    let refused = log_in(&world, &client, here, right).await.expect(429);
    assert_eq!(refused["error"], "too_many_attempts");
    let _ = log_in(&world, &client, "198.51.100.2", right)
        .await
        .expect(200);
    assert_eq!(events(&world, "limit_mu").await.len(), 1);
    world.clock.advance(900);
    let _ = log_in(&world, &client, here, right).await.expect(200);
    let _ = log_in(&world, &client, here, ("x@example.com", "wrong"))
        .await
        .expect(403);
    let _ = log_in(&world, &client, here, right).await.expect(429);
}

#[tokio::test]
async fn password_08_and_09_many_addresses_do_not_lock_the_owner_out() {
    let world = world(Profile::Compat, false).await;
    let (client, jane) = jane(&world).await;
    let right = (jane.email.as_str(), jane.password.as_str());
    // the owner was here yesterday
    let store = world
        .store
        .tenant(world.app.tenant_at(HOST).as_ref().unwrap());
    let id = UserId::parse(&jane.id).unwrap();
    let mut user = store.user(&id).await.unwrap().unwrap();
    user.last_login = Some((world.clock.now(), "2001:db8:1:2::1".to_owned()));
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::User(UserWrite::Update(Box::new(user)))],
    };
    store.commit(commit, world.clock.now()).await.unwrap();
    for n in 0..100 {
        let ip = format!("203.0.113.{n}");
        let _ = log_in(&world, &client, &ip, (right.0, "wrong"))
            .await
            .expect(403);
    }
    // PASSWORD-08: nobody guesses on from further addresses
    let _ = log_in(&world, &client, "203.0.113.200", (right.0, "wrong"))
        .await
        .expect(429);
    let _ = log_in(&world, &client, "203.0.113.201", right)
        .await
        .expect(429);
    // PASSWORD-09, PASSWORD-14: the owner goes on, wherever in its network
    let _ = log_in(&world, &client, "2001:db8:1:2::77", right)
        .await
        .expect(200);
    // and so does whoever can read its mail
    let mut browser = world.browser();
    let page = browser.get(&newest_link(&world).await).await;
    let done = browser.submit(&page, &[], "default").await;
    assert_eq!(done.status(), 200, "{}", done.html());
    let _ = log_in(&world, &client, "203.0.113.201", right)
        .await
        .expect(200);
}

/// PASSWORD-06, CVE-2021-3754, CVE-2026-19607: a name that two users have is one of them, with that
/// one's password alone.
#[tokio::test]
async fn a_password_is_good_for_its_own_user_alone() {
    let world = world(Profile::Compat, false).await;
    let (client, jane) = jane(&world).await;
    let mallory = world.person("mallory@example.com").await;
    let store = world
        .store
        .tenant(world.app.tenant_at(HOST).as_ref().unwrap());
    let id = UserId::parse(&mallory.id).unwrap();
    let mut user = store.user(&id).await.unwrap().unwrap();
    // no interface gives such a name; a database that was moved here may hold it
    user.username = Some(jane.email.clone());
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::User(UserWrite::Update(Box::new(user)))],
    };
    store.commit(commit, world.clock.now()).await.unwrap();
    let body = json!({ "password": "Mallory-has-another-one-9" });
    let path = format!("/users/{}", mallory.id.replace('|', "%7C"));
    let _ = world.manage("PATCH", &path, Some(body)).await;
    let here = "198.51.100.1";
    let wrong = (jane.email.as_str(), "Mallory-has-another-one-9");
    let _ = log_in(&world, &client, here, wrong).await.expect(403);
    let right = (jane.email.as_str(), jane.password.as_str());
    let given = log_in(&world, &client, here, right).await.expect(200);
    let token = given["access_token"].as_str().unwrap();
    let headers = vec![("authorization", format!("Bearer {token}"))];
    let told = world
        .send(Sent {
            path: "/userinfo",
            headers,
            ..Sent::default()
        })
        .await;
    let told = told.expect(200);
    assert_eq!(told["sub"], jane.id.as_str());
}

#[tokio::test]
async fn monitoring_records_and_stops_nobody() {
    let world = world(Profile::Compat, false).await;
    let (client, jane) = jane(&world).await;
    let tenant = world.app.tenant_at(HOST).unwrap();
    let store = world.store.tenant(&tenant);
    let (version, documents) = store.load().await.unwrap();
    let kind = cardea_core::model::Kind::Settings;
    let mut settings = documents
        .into_iter()
        .find(|document| document.kind == kind)
        .unwrap();
    settings.body.insert(
        "attack_protection".to_owned(),
        json!({"brute_force_protection": {"shields": ["user_notification"], "max_attempts": 2}}),
    );
    let commit = Commit {
        decided_at: Some(version),
        writes: vec![Write::Update(settings)],
    };
    store.commit(commit, world.clock.now()).await.unwrap();
    world.app.reload_tenants().await.unwrap();
    for _ in 0..4 {
        let _ = log_in(&world, &client, "198.51.100.1", (&jane.email, "wrong"))
            .await
            .expect(403);
    }
    let right = (jane.email.as_str(), jane.password.as_str());
    let _ = log_in(&world, &client, "198.51.100.1", right)
        .await
        .expect(200);
    let recorded = events(&world, "limit_wc").await;
    assert_eq!(recorded.len(), 1);
    assert!(
        recorded[0]["description"]
            .as_str()
            .unwrap()
            .starts_with("Monitoring: ")
    );
    assert_eq!(mails(&world).await.len(), 0, "nobody was blocked");
}

#[tokio::test]
async fn password_20_an_imported_hash_becomes_ours_at_the_first_login() {
    let world = world(Profile::Compat, false).await;
    let (client, jane) = jane(&world).await;
    let store = world
        .store
        .tenant(world.app.tenant_at(HOST).as_ref().unwrap());
    let id = UserId::parse(&jane.id).unwrap();
    let mut user = store.user(&id).await.unwrap().unwrap();
    user.password = Some(Secret::new(
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
    ));
    let commit = Commit {
        decided_at: None,
        writes: vec![Write::User(UserWrite::Update(Box::new(user)))],
    };
    store.commit(commit, world.clock.now()).await.unwrap();
    let login = |password| {
        log_in(
            &world,
            &client,
            "198.51.100.1",
            ("jane@example.com", password),
        )
    };
    assert_eq!(login("U*V").await.status.as_u16(), 403);
    let _ = login("U*U").await.expect(200);
    let stored = store.user(&id).await.unwrap().unwrap().password.unwrap();
    assert!(
        stored
            .expose()
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    let _ = login("U*U").await.expect(200);
}
