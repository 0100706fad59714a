//! What the letters say, and a conversation with a mail server.

use cardea_core::id::{Host, TenantId};
use cardea_core::model::{Document, Kind as DocumentKind, Profile, TenantRecord, TenantView};
use cardea_core::time::Timestamp;
use cardea_testkit::{Heard, MailServer, Manners};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::smtp::Failed;
use super::*;
use crate::dev::testing::localhost_tls;
use crate::tls::TlsConfig;

const LINK: &str = "https://login.example/u/reset-password?ticket=a&b=\"c\"";

fn tenant(settings: &Value) -> TenantView {
    let record = TenantRecord {
        id: TenantId::parse("ten_1").unwrap(),
        name: "acme".to_owned(),
        host: Host::parse("login.example").unwrap(),
        custom_domains: Vec::new(),
        profile: Profile::Compat,
    };
    let mut document = Document::new(DocumentKind::Settings, "settings", 0);
    document.body = settings.as_object().cloned().unwrap();
    TenantView::assemble(record, 1, vec![document]).unwrap()
}

#[test]
fn letters_say_whose_they_are_in_both_languages() {
    let view =
        tenant(&json!({"friendly_name": "Acme & <b>Söhne</b>", "enabled_locales": ["de", "en"]}));
    for kind in Kind::ALL {
        let mut subjects = Vec::new();
        for language in ["en-GB,en;q=0.9", "de", "fr, xx", ""] {
            let letter = Letter::new(kind, "jane@example.com", &view).link(LINK.to_owned());
            let mail = letter.in_language(language).write().unwrap();
            assert!(mail.text.contains("Acme & <b>Söhne</b>"), "{}", mail.text);
            // SIGNUP-08
            assert!(!mail.html.contains("<b>"), "{}", mail.html);
            assert!(!mail.html.contains("{tenant}") && !mail.text.contains("{tenant}"));
            assert!(mail.text.contains(LINK), "{}", mail.text);
            assert!(!mail.html.contains("\"c\""), "the link is escaped");
            assert_eq!(mail.links, [LINK]);
            subjects.push(mail.subject);
        }
        assert_ne!(subjects[0], subjects[1]);
        assert_eq!(subjects[1], subjects[2], "the tenant's first language");
        assert_eq!(subjects[2], subjects[3]);
    }
}

#[test]
fn signup_07_no_name_ends_a_header() {
    let view = tenant(&json!({"friendly_name": "Acme\r\nBcc: all@example.com"}));
    let mail = Letter::new(Kind::ResetPassword, "jane@example.com", &view).write();
    let subject = mail.unwrap().subject;
    assert!(!subject.contains(['\r', '\n']), "{subject:?}");
}

#[test]
fn the_inbox_is_newest_first_and_escaped() {
    let clock = Clock::stopped_at(Timestamp::from_seconds(1_800_000_000));
    let mailer = Mailer::new(&Delivery::Inbox, clock, SharedRandom::seeded("mail")).unwrap();
    assert!(!mailer.needs_postman());
    let view = tenant(&json!({"friendly_name": "<i>Acme</i>"}));
    for kind in [Kind::VerifyEmail, Kind::ResetPassword] {
        let letter = Letter::new(kind, "jane@example.com", &view).link(LINK.to_owned());
        let outgoing = mailer.write(&letter);
        assert!(outgoing.write().is_none(), "what is caught does not wait");
        mailer.committed(outgoing);
    }
    let inbox = mailer.inbox().unwrap();
    let caught = inbox.to_json();
    assert_eq!(
        caught[0]["subject"],
        "Choose a new password for <i>Acme</i>"
    );
    assert_eq!(caught[1]["to"], "jane@example.com");
    assert_eq!(caught[0]["links"], json!([LINK]));
    assert_eq!(caught[0]["at"], "2027-01-15T08:00:00.000Z");
    let page = inbox.page().unwrap();
    assert!(!page.contains("<i>") && page.contains("jane@example.com"));
    inbox.clear();
    assert_eq!(inbox.to_json(), json!([]));
}

/// A mail server that wants STARTTLS before anything else.
async fn with_starttls(tls: TlsConfig) -> MailServer {
    let (manners, heard) = Manners::answering(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (manners, tls) = (manners.clone(), tls.clone());
            tokio::spawn(async move {
                if let Some(stream) = until_starttls(stream).await
                    && let Ok(secure) = tls.accept(stream).await
                {
                    manners.talk(secure).await;
                }
            });
        }
    });
    MailServer { port, heard }
}

async fn until_starttls(mut stream: TcpStream) -> Option<TcpStream> {
    stream.write_all(b"220 here\r\n").await.ok()?;
    let mut plain = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if plain.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        assert!(!line.starts_with("AUTH"), "no password before TLS");
        let answer: &[u8] = if line.starts_with("STARTTLS") {
            b"220 go\r\n"
        } else {
            b"250-here\r\n250 STARTTLS\r\n"
        };
        plain.write_all(answer).await.ok()?;
        if line.starts_with("STARTTLS") {
            return Some(plain.into_inner());
        }
    }
}

fn smtp(url: &str, ca_file: Option<PathBuf>) -> Smtp {
    Smtp::new(&SmtpConfig {
        url: Secret::new(url.to_owned()),
        from: "Acme <no-reply@acme.example>".to_owned(),
        ca_file,
    })
    .unwrap()
}

fn written(to: &str, name: &str) -> Written {
    let view = tenant(&json!({ "friendly_name": name }));
    let letter = Letter::new(Kind::ResetPassword, to, &view).link(LINK.to_owned());
    letter.write().unwrap()
}

#[tokio::test]
async fn a_mail_is_a_conversation() {
    let mut server = MailServer::start(&[]).await;
    let smtp = smtp(&format!("smtp://127.0.0.1:{}?tls=none", server.port), None);
    let sent = smtp.send(&written("jane@example.com", "Grüße")).await;
    assert_eq!(sent, Ok(()));
    let Heard::Kept(mail) = server.next().await else {
        panic!("not kept");
    };
    for part in [
        "EHLO acme.example",
        "MAIL FROM:<no-reply@acme.example>",
        "RCPT TO:<jane@example.com>",
        "From: Acme <no-reply@acme.example>",
        "To: jane@example.com",
        "Subject: Choose a new password for =?utf-8?b?",
        "@acme.example>",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(mail.contains(part), "{part}\n{mail}");
    }
}

/// SIGNUP-07: an address that would be two, or a command, goes nowhere.
#[tokio::test]
async fn signup_07_addresses_that_are_none_are_not_sent_to() {
    let mut server = MailServer::start(&[]).await;
    let smtp = smtp(&format!("smtp://127.0.0.1:{}?tls=none", server.port), None);
    for bad in [
        "jane@example.com\r\nRCPT TO:<x@example.com>",
        "jane@example.com, x@example.com",
        "jane@example.com>\r\nDATA",
        "",
    ] {
        let sent = smtp.send(&written(bad, "Acme")).await;
        assert!(matches!(sent, Err(Failed::Forever(_))), "{bad:?} {sent:?}");
    }
    assert!(server.heard.try_recv().is_err());
}

#[tokio::test]
async fn not_now_is_not_never() {
    let server = MailServer::start(&["451 not now\r\n", "550 never\r\n"]).await;
    let smtp = smtp(&format!("smtp://127.0.0.1:{}?tls=none", server.port), None);
    let mail = written("jane@example.com", "Acme");
    assert!(matches!(smtp.send(&mail).await, Err(Failed::ForNow(_))));
    assert!(matches!(smtp.send(&mail).await, Err(Failed::Forever(_))));
    assert_eq!(smtp.send(&mail).await, Ok(()));
}

#[tokio::test]
async fn starttls_is_demanded_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, _) = localhost_tls(folder.path(), Clock::real_now());
    let mut server = with_starttls(tls).await;
    let mail = written("jane@example.com", "Acme");

    let ca = folder.path().join("dev-ca.pem");
    let url = format!("smtp://user:pass@localhost:{}", server.port);
    assert_eq!(smtp(&url, Some(ca)).send(&mail).await, Ok(()));
    let kept = server.next().await;
    assert!(
        matches!(&kept, Heard::Kept(mail) if mail.contains("AUTH PLAIN")),
        "{kept:?}"
    );

    // a certificate that nobody vouches for, and a server without TLS: nothing is sent
    let mut plain = MailServer::start(&[]).await;
    for url in [url, format!("smtp://user:pass@127.0.0.1:{}", plain.port)] {
        assert!(smtp(&url, None).send(&mail).await.is_err(), "{url}");
    }
    assert!(server.heard.try_recv().is_err() && plain.heard.try_recv().is_err());
}
