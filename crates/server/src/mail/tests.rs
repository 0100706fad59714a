//! What the letters say, and a conversation with a mail server.

use std::sync::{Arc, Mutex};

use cardea_core::id::{Host, TenantId};
use cardea_core::model::{Document, Kind as DocumentKind, Profile, TenantRecord, TenantView};
use cardea_core::time::Timestamp;
use cardea_jose::Secret;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

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
    let (mailer, postman) = Mailer::new(&Delivery::Inbox, clock).unwrap();
    assert!(postman.is_none());
    let view = tenant(&json!({"friendly_name": "<i>Acme</i>"}));
    for kind in [Kind::VerifyEmail, Kind::ResetPassword] {
        mailer.send(&Letter::new(kind, "jane@example.com", &view).link(LINK.to_owned()));
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

/// How a mail server behaves.
#[derive(Clone, Default)]
struct Manners {
    /// Answers to `RCPT TO`, one each; then 250.
    recipient: Arc<Mutex<Vec<&'static str>>>,
    tls: Option<TlsConfig>,
}

/// A mail server that keeps what it is sent, as small as RFC 5321 lets it be.
async fn sink(manners: Manners) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (kept, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manners.clone(), kept.clone()));
        }
    });
    (port, mails)
}

async fn serve(mut stream: TcpStream, manners: Manners, kept: mpsc::UnboundedSender<String>) {
    stream.write_all(b"220 sink\r\n").await.unwrap();
    if let Some(tls) = manners.tls.clone() {
        let mut plain = BufReader::new(stream);
        let mut line = String::new();
        loop {
            line.clear();
            if plain.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            assert!(!line.starts_with("AUTH"), "no password before TLS");
            if line.starts_with("STARTTLS") {
                plain.write_all(b"220 go\r\n").await.unwrap();
                break;
            }
            plain
                .write_all(b"250-sink\r\n250 STARTTLS\r\n")
                .await
                .unwrap();
        }
        if let Ok(secure) = tls.accept(plain.into_inner()).await {
            talk(secure, &manners, &kept).await;
        }
        return;
    }
    talk(stream, &manners, &kept).await;
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    manners: &Manners,
    kept: &mpsc::UnboundedSender<String>,
) {
    let mut stream = BufReader::new(stream);
    let mut seen = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        seen.push_str(&line);
        let answer = match line.split([' ', '\r']).next().unwrap_or_default() {
            "EHLO" => "250-sink\r\n250 AUTH PLAIN\r\n".to_owned(),
            "AUTH" => "235 fine\r\n".to_owned(),
            "RCPT" => {
                let next = manners.recipient.lock().unwrap().pop();
                next.unwrap_or("250 fine\r\n").to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go\r\n").await.unwrap();
                loop {
                    line.clear();
                    stream.read_line(&mut line).await.unwrap();
                    if line == ".\r\n" {
                        break;
                    }
                    seen.push_str(&line);
                }
                kept.send(std::mem::take(&mut seen)).unwrap();
                "250 kept\r\n".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.unwrap();
                return;
            }
            _ => "250 fine\r\n".to_owned(),
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn post(url: String, ca_file: Option<PathBuf>) -> (Mailer, Postman) {
    let delivery = Delivery::Smtp(SmtpConfig {
        url: Secret::new(url),
        from: "Acme <no-reply@acme.example>".to_owned(),
        ca_file,
    });
    let (mailer, postman) = Mailer::new(&delivery, Clock::system()).unwrap();
    (mailer, postman.unwrap())
}

#[tokio::test]
async fn a_mail_is_a_conversation() {
    let (port, mut mails) = sink(Manners::default()).await;
    let (mailer, postman) = post(format!("smtp://127.0.0.1:{port}?tls=none"), None);
    let stop = CancellationToken::new();
    let running = tokio::spawn(postman.run(stop.clone()));
    let view = tenant(&json!({"friendly_name": "Grüße"}));
    mailer.send(&Letter::new(Kind::ResetPassword, "jane@example.com", &view).link(LINK.to_owned()));
    let mail = mails.recv().await.unwrap();
    stop.cancel();
    running.await.unwrap();
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
    let (port, mut mails) = sink(Manners::default()).await;
    let (mailer, postman) = post(format!("smtp://127.0.0.1:{port}?tls=none"), None);
    let stop = CancellationToken::new();
    let running = tokio::spawn(postman.run(stop.clone()));
    let view = tenant(&json!({}));
    for bad in [
        "jane@example.com\r\nRCPT TO:<x@example.com>",
        "jane@example.com, x@example.com",
        "jane@example.com>\r\nDATA",
        "",
    ] {
        mailer.send(&Letter::new(Kind::VerifyEmail, bad, &view));
    }
    mailer.send(&Letter::new(Kind::VerifyEmail, "last@example.com", &view));
    let mail = mails.recv().await.unwrap();
    assert!(mail.contains("RCPT TO:<last@example.com>"), "{mail}");
    stop.cancel();
    running.await.unwrap();
    assert!(mails.try_recv().is_err());
}

#[tokio::test]
async fn not_now_is_tried_again_and_never_is_not() {
    let answers = vec![
        "550 never\r\n",
        "250 fine\r\n",
        "451 not now\r\n",
        "451 not now\r\n",
    ];
    let manners = Manners {
        recipient: Arc::new(Mutex::new(answers)),
        tls: None,
    };
    let (port, mut mails) = sink(manners).await;
    let (mailer, mut postman) = post(format!("smtp://127.0.0.1:{port}?tls=none"), None);
    postman.smtp.pause = std::time::Duration::from_millis(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(postman.run(stop.clone()));
    let view = tenant(&json!({}));
    for to in [
        "first@example.com",
        "second@example.com",
        "third@example.com",
    ] {
        mailer.send(&Letter::new(Kind::VerifyEmail, to, &view));
    }
    assert!(
        mails
            .recv()
            .await
            .unwrap()
            .contains("RCPT TO:<first@example.com>")
    );
    assert!(
        mails
            .recv()
            .await
            .unwrap()
            .contains("RCPT TO:<third@example.com>")
    );
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn starttls_is_demanded_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, _) = localhost_tls(folder.path(), Clock::real_now());
    let manners = Manners {
        recipient: Arc::default(),
        tls: Some(tls),
    };
    let (port, mut mails) = sink(manners).await;
    let view = tenant(&json!({}));
    let letter = Letter::new(Kind::VerifyEmail, "jane@example.com", &view);

    let ca = folder.path().join("dev-ca.pem");
    let url = format!("smtp://user:pass@localhost:{port}");
    let (mailer, postman) = post(url.clone(), Some(ca));
    let stop = CancellationToken::new();
    let running = tokio::spawn(postman.run(stop.clone()));
    mailer.send(&letter);
    let mail = mails.recv().await.unwrap();
    assert!(mail.contains("AUTH PLAIN"), "{mail}");
    stop.cancel();
    running.await.unwrap();

    // a certificate that nobody vouches for, and a server without TLS: nothing is sent
    let (plain, mut none) = sink(Manners::default()).await;
    for url in [url, format!("smtp://user:pass@127.0.0.1:{plain}")] {
        let (mailer, postman) = post(url, None);
        mailer.send(&letter);
        let stop = CancellationToken::new();
        stop.cancel();
        postman.run(stop).await;
    }
    assert!(mails.try_recv().is_err() && none.try_recv().is_err());
}
