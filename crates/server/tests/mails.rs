//! Mails outlive the process that wrote them: they wait in the store until a mail server has
//! taken them, and whoever can send them does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cardea_core::model::Profile;
use cardea_jose::Secret;
use cardea_server::{Delivery, Options, SmtpConfig};
use cardea_testkit::postgres::{fresh_database, node};
use cardea_testkit::{Heard, MailServer, World};
use serde_json::{Value, json};

/// Sends to this port.
fn through(port: u16) -> impl FnOnce(&mut Options) {
    move |options| {
        options.mail = Delivery::Smtp(SmtpConfig {
            url: Secret::new(format!("smtp://127.0.0.1:{port}?tls=none")),
            from: "Acme <no-reply@acme.example>".to_owned(),
            ca_file: None,
        });
    }
}

/// Jane has forgotten her password.
async fn forget(world: &World) {
    let body = json!({"connection": "Username-Password-Authentication",
        "email": "jane@example.com"});
    let answer = world
        .send(cardea_testkit::Sent {
            method: "POST",
            path: "/dbconnections/change_password",
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            host: "",
        })
        .await;
    assert_eq!(answer.status.as_u16(), 200);
    world.app.settle().await;
}

async fn failures(world: &World) -> Vec<Value> {
    let logs = world.manage("GET", "/logs?per_page=100", None).await;
    let logs = logs.expect(200);
    let failed = logs.as_array().unwrap().iter();
    failed
        .filter(|event| event["type"] == "fn")
        .cloned()
        .collect()
}

/// The link of a mail, as its text part has it.
fn link(mail: &str) -> String {
    let plain = mail.replace("=\r\n", "").replace("=3D", "=");
    let (_, rest) = plain.split_once("/u/reset-password?ticket=").unwrap();
    let value: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter))
        .collect();
    format!("/u/reset-password?ticket={value}")
}

#[tokio::test]
async fn what_one_process_could_not_send_the_next_one_sends() {
    let url = fresh_database().await;
    let mut server = MailServer::start(&["451 not now\r\n"]).await;
    let first = World::on_with(node(&url).await, Profile::Compat, through(server.port)).await;
    let _ = first.person("jane@example.com").await;
    forget(&first).await;
    assert!(matches!(server.next().await, Heard::Refused(_)));
    first.app.stop().await;

    // not before its time
    let next = first
        .another_node_with(node(&url).await, through(server.port))
        .await;
    let later = next.clock.advance(59);
    assert!(next.store.due_mails(later, 10).await.unwrap().is_empty());
    next.app.stop().await;

    let _ = next.clock.advance(2);
    let last = next
        .another_node_with(node(&url).await, through(server.port))
        .await;
    let Heard::Kept(mail) = server.next().await else {
        panic!("refused");
    };
    let page = last.get(&link(&mail)).await;
    assert_eq!(page.status.as_u16(), 200, "its link still opens");
    last.app.stop().await;
    let over = node(&url).await;
    let later = last.clock.advance(86_400);
    assert!(over.due_mails(later, 10).await.unwrap().is_empty());
    assert!(server.heard.try_recv().is_err(), "sent once");
    over.close().await;
}

#[tokio::test]
async fn a_mail_that_nobody_takes_is_given_up_and_the_log_says_so() {
    let mut server = MailServer::start(&["550 never\r\n", "451 not now\r\n"]).await;
    let world = World::with(Profile::Compat, through(server.port)).await;
    let _ = world.person("jane@example.com").await;
    forget(&world).await;
    assert!(matches!(server.next().await, Heard::Refused(_)));
    while failures(&world).await.is_empty() {
        tokio::task::yield_now().await;
    }
    let failed = failures(&world).await;
    let text = failed[0]["description"].as_str().unwrap();
    assert!(text.contains("550") && !text.contains('@'), "{text}");

    // one whose link has expired meanwhile is of no use to anybody
    forget(&world).await;
    assert!(matches!(server.next().await, Heard::Refused(_)));
    let _ = world.clock.advance(3_600);
    let there = world
        .another_node_with(world.store.clone(), through(server.port))
        .await;
    while failures(&there).await.len() < 2 {
        tokio::task::yield_now().await;
    }
    let failed = failures(&there).await;
    assert_eq!(
        failed[0]["description"],
        "A mail was not sent: no mail server took it in time"
    );
    assert!(server.heard.try_recv().is_err());
}
