//! Signing up, forgetting a password, and guessing one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test's own helpers fail as loudly as its assertions"
)]

#[path = "accounts/guessing.rs"]
mod guessing;
#[path = "accounts/place.rs"]
mod place;

use std::collections::BTreeMap;

use cardea_core::model::Profile;
use cardea_testkit::Sent;
use serde_json::json;

use place::{
    CHANGE, DATABASE, SIGNUP, allow, application, events, log_in, mails, newest_link, post, world,
};

#[tokio::test]
async fn signing_up_makes_a_user_who_proves_its_address() {
    let world = world(Profile::Compat, false).await;
    let client = application(&world).await;
    let body = json!({"client_id": client.id, "connection": DATABASE, "email": "Jane@Example.com",
        "password": "correct horse 1A", "user_metadata": {"plan": "gold"}});
    let made = post(&world, SIGNUP, "198.51.100.1", &body)
        .await
        .expect(200);
    assert_eq!(made["email"], "Jane@Example.com");
    assert_eq!(made["email_verified"], false);
    let id = format!("auth0|{}", made["_id"].as_str().unwrap());

    let sent = mails(&world).await;
    assert_eq!(
        (sent.len(), &sent[0]["to"]),
        (1, &json!("Jane@Example.com"))
    );
    let link = newest_link(&world).await;
    let path = format!("/users/{}", id.replace('|', "%7C"));
    for _ in 0..3 {
        assert_eq!(world.get(&link).await.status.as_u16(), 200); // PASSWORD-25
    }
    let user = world.manage("GET", &path, None).await.expect(200);
    assert_eq!(user["email_verified"], false);
    let mut browser = world.browser();
    let page = browser.get(&link).await;
    let done = browser.submit(&page, &[], "default").await;
    assert_eq!(done.status(), 200, "{}", done.html());
    let user = world.manage("GET", &path, None).await.expect(200);
    assert_eq!(user["email_verified"], true);
    assert_eq!(user["user_metadata"]["plan"], "gold");
    assert_eq!(world.get(&link).await.status.as_u16(), 400, "once");

    let login = ("jane@example.com", "correct horse 1A");
    let _ = log_in(&world, &client, "198.51.100.1", login)
        .await
        .expect(200);
    assert_eq!(events(&world, "ss").await.len(), 1);
    assert_eq!(events(&world, "sv").await.len(), 1);
}

#[tokio::test]
async fn password_03_a_second_sign_up_tells_the_owner_and_nobody_else() {
    let world = world(Profile::Compat, false).await;
    let client = application(&world).await;
    let jane = world.person("jane@example.com").await;
    let body = json!({"client_id": client.id, "connection": DATABASE, "email": " JANE@example.com",
        "password": "correct horse 1A"});
    let refused = post(&world, SIGNUP, "198.51.100.1", &body)
        .await
        .expect(400);
    let generic = json!({"name": "BadRequestError", "code": "invalid_signup",
        "description": "Invalid sign up", "statusCode": 400});
    assert_eq!(refused, generic);
    let sent = mails(&world).await;
    assert_eq!(sent[0]["to"], "JANE@example.com");
    assert!(
        sent[0]["subject"]
            .as_str()
            .unwrap()
            .starts_with("You have an account")
    );
    assert_eq!(events(&world, "fs").await.len(), 1);

    let flags = json!({"flags": {"enable_public_signup_user_exists_error": true}});
    allow(&world, flags).await;
    let refused = post(&world, SIGNUP, "198.51.100.1", &body)
        .await
        .expect(400);
    assert_eq!(refused["code"], "user_exists");
    // the password is still the first one's
    let login = (jane.email.as_str(), jane.password.as_str());
    let _ = log_in(&world, &client, "198.51.100.1", login)
        .await
        .expect(200);
}

#[tokio::test]
async fn signup_04_of_many_at_once_in_every_spelling_one_is_made() {
    let world = world(Profile::Compat, false).await;
    let client = application(&world).await;
    let tries = (0..12).map(|n| {
        let email = ["jane@example.com", "Jane@Example.com", "JANE@EXAMPLE.COM"][n % 3];
        let body = json!({"client_id": client.id, "connection": DATABASE, "email": email,
            "password": "correct horse 1A"});
        let world = &world;
        async move {
            post(world, SIGNUP, "198.51.100.1", &body)
                .await
                .status
                .as_u16()
        }
    });
    let statuses = futures_util::future::join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    let found = world
        .manage("GET", "/users-by-email?email=jane@example.com", None)
        .await;
    assert_eq!(found.expect(200).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn signup_01_a_crowd_from_one_address_is_stopped() {
    let world = world(Profile::Compat, true).await;
    let client = application(&world).await;
    let mut last = 0;
    for n in 0..51 {
        // what does not fit is counted too, once it can be read
        let body = json!({"client_id": client.id, "connection": DATABASE,
            "email": format!("user{n}@example.com"), "password": "short"});
        last = post(&world, SIGNUP, "198.51.100.1", &body)
            .await
            .status
            .as_u16();
        assert_eq!(last == 429, n == 50, "{n}");
    }
    assert_eq!(last, 429);
    world.clock.advance(2);
    let body = json!({"client_id": client.id, "connection": DATABASE,
        "email": "user@example.com", "password": "short"});
    let answer = post(&world, SIGNUP, "198.51.100.1", &body).await;
    assert_eq!(answer.expect(400)["name"], "PasswordStrengthError");
}

#[tokio::test]
async fn password_16_and_17_strict_tenants_take_no_password_that_is_tried_first() {
    let world = world(Profile::Strict, false).await;
    let client = application(&world).await;
    let mut codes = BTreeMap::new();
    for password in [
        "passwordpassword123",
        "jane.hollister-and-more",
        "abababababababab",
        "kwq8xz1pab vy 99",
        "short",
    ] {
        let body = json!({"client_id": client.id, "connection": DATABASE,
            "email": "jane.hollister@example.com", "password": password});
        let answer = post(&world, SIGNUP, "198.51.100.1", &body).await;
        codes.insert(password, answer.json()["code"].clone());
    }
    let expected = json!({
        "passwordpassword123": "password_dictionary_error",
        "jane.hollister-and-more": "password_no_user_info_error",
        "abababababababab": "password_dictionary_error",
        "kwq8xz1pab vy 99": null,
        "short": "invalid_password",
    });
    assert_eq!(json!(codes), expected);
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_by_the_link_alone() {
    let world = world(Profile::Compat, false).await;
    let client = application(&world).await;
    let jane = world.person("jane@example.com").await;
    let asked =
        |email: &str| json!({"client_id": client.id, "connection": DATABASE, "email": email});
    // PASSWORD-04, CVE-2023-39522, CVE-2023-44399: the same for somebody and for nobody
    let known = post(&world, CHANGE, "198.51.100.1", &asked("Jane@Example.com ")).await;
    let unknown = post(&world, CHANGE, "198.51.100.1", &asked("nobody@example.com")).await;
    for answer in [&known, &unknown] {
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(
            answer.body,
            b"We've just sent you an email to reset your password."
        );
    }
    assert_eq!(known.headers, unknown.headers);
    let sent = mails(&world).await;
    assert_eq!(
        (sent.len(), &sent[0]["to"]),
        (1, &json!("jane@example.com"))
    );
    assert_eq!(events(&world, "scpr").await.len(), 1);
    assert_eq!(events(&world, "fcpr").await.len(), 1);

    let link = newest_link(&world).await;
    let mut browser = world.browser();
    for _ in 0..5 {
        assert_eq!(browser.get(&link).await.status(), 200); // PASSWORD-25
    }
    let page = browser.get(&link).await;
    // PASSWORD-26: nothing of the address leaves this origin
    assert_eq!(page.answer.header("referrer-policy"), "same-origin");
    assert_eq!(page.answer.header("cache-control"), "no-store");
    let fields = [
        ("password", "another horse 2B"),
        ("password_again", "another horse 2B"),
    ];
    let done = browser.submit(&page, &fields, "default").await;
    assert_eq!(done.status(), 200, "{}", done.html());
    assert!(
        browser.cookies.keys().all(|name| !name.contains("session")),
        "PASSWORD-36"
    );

    let login = |password| {
        log_in(
            &world,
            &client,
            "198.51.100.1",
            ("jane@example.com", password),
        )
    };
    let _ = login("another horse 2B").await.expect(200);
    assert_eq!(login(&jane.password).await.status.as_u16(), 403);
    // PASSWORD-24 and -35
    let again = browser.submit(&page, &fields, "default").await;
    assert_eq!(again.status(), 400);
    let sent = mails(&world).await;
    assert!(
        sent[0]["subject"]
            .as_str()
            .unwrap()
            .ends_with("was changed"),
        "{}",
        sent[0]
    );
    assert_eq!(events(&world, "scp").await.len(), 1);

    // a newer link, an hour, and another tenant
    let _ = post(&world, CHANGE, "198.51.100.1", &asked("jane@example.com")).await;
    let first = newest_link(&world).await;
    let _ = post(&world, CHANGE, "198.51.100.1", &asked("jane@example.com")).await;
    let second = newest_link(&world).await;
    assert_eq!(browser.get(&first).await.status(), 400);
    assert_eq!(browser.get(&second).await.status(), 200);
    world.add_tenant("other.example", Profile::Compat).await;
    let other = world
        .send(Sent {
            path: &second,
            host: "other.example",
            ..Sent::default()
        })
        .await;
    assert_eq!(other.status.as_u16(), 400);
    world.clock.advance(3_600);
    assert_eq!(browser.get(&second).await.status(), 400);
}

#[tokio::test]
async fn password_24_two_at_once_with_one_link_are_one() {
    let world = world(Profile::Compat, false).await;
    world.person("jane@example.com").await;
    let body = json!({"connection": DATABASE, "email": "jane@example.com"});
    let _ = post(&world, CHANGE, "198.51.100.1", &body).await;
    let link = newest_link(&world).await;
    let mut browser = world.browser();
    let page = browser.get(&link).await;
    let (mut one, mut two) = (world.browser(), world.browser());
    one.cookies.clone_from(&browser.cookies);
    two.cookies.clone_from(&browser.cookies);
    let fields = |password| [("password", password), ("password_again", password)];
    let (first, second) = (fields("another horse 2B"), fields("another horse 3C"));
    let (first, second) = tokio::join!(
        one.submit(&page, &first, "default"),
        two.submit(&page, &second, "default")
    );
    let mut statuses = [first.status(), second.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn password_30_one_address_gets_five_mails_an_hour() {
    let world = world(Profile::Compat, true).await;
    world.person("jane@example.com").await;
    for email in ["jane@example.com", "nobody@example.com"] {
        for n in 0..7 {
            let spelled = if n % 2 == 0 {
                email.to_owned()
            } else {
                email.to_uppercase()
            };
            let body = json!({"connection": DATABASE, "email": spelled});
            let ip = format!("198.51.100.{n}");
            let answer = post(&world, CHANGE, &ip, &body).await;
            assert_eq!(answer.status.as_u16() == 429, n >= 5, "{email} {n}");
        }
    }
    assert_eq!(mails(&world).await.len(), 5);
}

/// PASSWORD-05, CVE-2026-4633, CVE-2024-41952: every door that takes a name says the same of
/// somebody and of nobody.
#[tokio::test]
async fn password_05_no_door_tells_who_exists() {
    let world = world(Profile::Compat, false).await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let body = json!({
        "name": "CLI", "app_type": "native", "grant_types": [grant],
        "token_endpoint_auth_method": "none", "oidc_conformant": true,
    });
    let cli = world.application(body).await;
    world.person("jane@example.com").await;
    let mut seen = Vec::new();
    for email in ["jane@example.com", "nobody@example.com"] {
        let mut answers = Vec::new();
        let mut browser = world.browser();
        let form = [("client_id", cli.id.as_str()), ("scope", "openid")];
        let codes = browser.post("/oauth/device/code", &form).await.answer;
        let codes = codes.expect(200);
        let code = codes["user_code"].as_str().unwrap();
        let link = format!("/activate?user_code={code}");
        let page = browser.get(&link).await;
        let page = browser.submit(&page, &[], "accept").await;
        let fields = [("username", email), ("password", "wrong")];
        let page = browser.submit(&page, &fields, "login").await;
        // what differs from one login to the next is no answer
        let (_, hidden) = page.form();
        let mut html = page.html().replace(email, "EMAIL");
        for (_, value) in &hidden {
            html = html.replace(value.as_str(), "");
        }
        answers.push((page.status(), html));
        for path in ["/u/reset-password/request", "/u/email-verification"] {
            let page = browser.post(path, &[("email", email)]).await;
            answers.push((page.status(), page.html().replace(email, "EMAIL")));
        }
        let bodies = [
            json!({"connection": DATABASE, "email": email}),
            json!({"connection": DATABASE, "email": email, "password": "x"}),
        ];
        for (path, body) in [CHANGE, SIGNUP].into_iter().zip(bodies) {
            let answer = post(&world, path, "198.51.100.1", &body).await;
            let text = String::from_utf8_lossy(&answer.body).replace(email, "EMAIL");
            answers.push((answer.status.as_u16(), text));
        }
        seen.push(answers);
    }
    let (somebody, nobody) = (&seen[0], &seen[1]);
    for (one, other) in somebody.iter().zip(nobody) {
        assert_eq!(one, other);
    }
}

/// PASSWORD-23, CVE-2023-49097, GHSA-93m4-mfpg-c3xf, CVE-2025-64101: no header says where a link in
/// a mail leads, not even behind a proxy that is trusted.
#[tokio::test]
async fn links_in_mails_lead_to_the_configured_host() {
    let world = world(Profile::Compat, false).await;
    world.person("jane@example.com").await;
    let evil = "evil.example";
    let rows = [
        ("x-forwarded-host", evil),
        ("x-forwarded-proto", "https://evil.example/?"),
        ("x-forwarded-port", "666"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-host", evil),
        ("x-host", evil),
        ("forwarded", "for=198.51.100.1;host=evil.example;proto=http"),
        ("x-rewrite-url", "https://evil.example/"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ];
    for (name, value) in rows {
        let body = json!({"connection": DATABASE, "email": "jane@example.com"});
        let sent = Sent {
            method: "POST",
            path: CHANGE,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                (name, value.to_owned()),
            ],
            body: body.to_string().into_bytes(),
            host: "",
        };
        assert_eq!(world.send(sent).await.status.as_u16(), 200, "{name}");
        // it begins with the tenant's address
        let link = newest_link(&world).await;
        assert!(
            link.starts_with("/u/reset-password?ticket="),
            "{name}: {link}"
        );
        let mail = mails(&world).await[0].to_string();
        assert!(!mail.contains("evil"), "{name}: {mail}");
    }
}
