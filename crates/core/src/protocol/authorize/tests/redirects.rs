//! Where a response may go: the tricks, in every response mode.

use serde_json::json;

use super::super::{Answer, Refused};
use super::world::{CALLBACK, World};
use crate::model::Profile;

/// With those that are not served: what is checked first is where the answer would go.
const MODES: [(&str, &str); 9] = [
    ("code", ""),
    ("code", "query"),
    ("code", "fragment"),
    ("code", "jwt"),
    ("code", "query.jwt"),
    ("code", "form_post.jwt"),
    ("code", "form_post"),
    ("code", "web_message"),
    ("id_token token", "fragment"),
];

/// Against the one callback `https://app.example/cb`.
#[rustfmt::skip]
const TRICKS: &[(&str, &[&str])] = &[
    ("REDIR-01", &["https://app.example.evil.test/cb", "https://app.example./cb"]),
    ("REDIR-02", &[
        "https://evilapp.example/cb", "https://evil.test/https://app.example/cb",
        "https://evil.test?u=https://app.example/cb", "https://evil.test#https://app.example/cb",
    ]),
    ("REDIR-03", &[
        "https://app.example@evil.test/cb", "https://app.example:443@evil.test/cb",
        "https://a:b@app.example/cb", "https://x@y@app.example/cb",
        "https://app.example%2f@evil.test/cb",
    ]),
    ("REDIR-04", &[
        "https://evil.test\\@app.example/cb", "https:\\\\app.example\\cb", "https:/\\evil.test",
        "https:/app.example/cb", "https:///app.example/cb", "//app.example/cb", "/cb",
    ]),
    ("REDIR-05", &[
        "https://app.example/cb/../x", "https://app.example/cb/../open?u=//evil.test",
        "https://app.example/cb/..;/x", "https://app.example/cb/%2e%2e/x",
        "https://app.example/cb/%252e%252e/x", "https://app.example/%63b",
    ]),
    ("REDIR-06", &[
        "https://app.example/cb/", "https://app.example/cb/x", "https://app.example/CB",
        "https://app.example", "https://app.example/",
    ]),
    ("REDIR-07", &["https://app.example/cb?x=1", "https://app.example/cb?"]),
    ("REDIR-09", &["https://app.example/cb#f", "https://app.example/cb#"]),
    ("REDIR-10", &[
        "javascript://app.example/cb%0aalert(1)", "data:text/html,app.example/cb",
        "http://app.example/cb",
    ]),
    ("REDIR-11", &[
        "HTTPS://APP.EXAMPLE/cb", "HTTPS://app.example/cb", "https://APP.example/cb",
    ]),
    ("REDIR-12", &[
        "https://app.example:443/cb", "https://app.example:8443/cb", "https://app.example:0443/cb",
        "https://app.example:/cb",
    ]),
    ("REDIR-16", &[
        "https://app.example\u{3002}evil.test/cb", "https://app\u{3002}example/cb",
        "https://app\u{ad}.example/cb", "https://app\u{200d}.example/cb",
        "https://\u{430}pp.example/cb", "https://app%2eexample/cb",
        "https://app.example%ff.evil.test/cb", "https://[::ffff:127.0.0.1]/cb",
    ]),
    ("REDIR-17", &[
        "https://app.example/cb%0d%0aSet-Cookie:x=1", "https://app.example/cb\r\nX: 1",
        "https://app.example/cb%00", "https://app.example/cb\0", "https://app.example/cb%09",
        "https://app.example/cb\t", " https://app.example/cb", "https://app.example/cb ",
    ]),
];

fn tricks() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |(row, tricks): &(&'static str, &'static [&'static str])| {
        let row = *row;
        tricks.iter().map(move |trick| (row, *trick))
    };
    TRICKS.iter().flat_map(of)
}

/// RFC9700-2.1-redirect-exact; CVE-2023-6927, CVE-2024-21637, CVE-2026-7504, CVE-2026-3872,
/// CVE-2020-15234, CVE-2026-54072; REDIR-24: no mode looks away. REDIR-01 to -12, -16, -17, -24.
#[test]
fn every_trick_ends_on_a_page_in_every_response_mode() {
    for profile in [Profile::Compat, Profile::Strict] {
        for (response_type, mode) in MODES {
            for (row, trick) in tricks() {
                let mut world = World::new(profile);
                world
                    .send("response_type", response_type)
                    .send("response_mode", mode);
                world.send("nonce", "n").send("redirect_uri", trick);
                let rejected = world.check().unwrap_err();
                assert_eq!(
                    rejected.refused.rule().id(),
                    "RFC9700-2.1-redirect-exact",
                    "{row} {trick}"
                );
                let Answer::Page(page) = &rejected.answer else {
                    panic!("{row} {trick} got a redirect");
                };
                assert_eq!((page.status, page.error.error), (400, "invalid_request"));
            }
        }
    }
}

/// REDIR-18: OIDC-3.1.2.1-readable is about the bytes, this about two values.
#[test]
fn two_callbacks_are_none() {
    type Row = (&'static str, &'static str);
    let rows: [Row; 4] = [
        ("redirect_uri", "https://evil.test/cb"),
        ("redirect_uri", CALLBACK),
        ("redirect_uri[]", "https://evil.test/cb"),
        ("client_id", "other"),
    ];
    for (name, value) in rows {
        let mut world = World::new(Profile::Compat);
        world.also(name, value);
        let rejected = world.check().unwrap_err();
        assert_eq!(rejected.refused, Refused::Repeated(name.to_owned()));
        assert!(matches!(rejected.answer, Answer::Page(_)));
        let mut first = World::new(Profile::Compat);
        first.sent.insert(0, (name.to_owned(), value.to_owned()));
        assert!(matches!(first.check().unwrap_err().answer, Answer::Page(_)));
    }
}

/// Attack REDIR-10, CVE-2026-9086: not even where it is registered.
#[test]
fn what_no_browser_may_be_sent_to_is_refused_even_where_it_is_registered() {
    let unsound = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "https://app.example/cb#x",
        "https://user@app.example/cb",
        "https://*.app.example/cb",
        "https:/app.example",
        "https://app.example/\u{e9}",
        "https://app.example/cb?code=x", // REDIR-19
        "https://app.example/cb?a=b&%73tate=x",
        "app.example/cb",
    ];
    for uri in unsound {
        let mut world = World::new(Profile::Compat);
        world
            .set("callbacks", json!([uri]))
            .send("redirect_uri", uri);
        let rejected = world.check().unwrap_err();
        assert!(matches!(rejected.answer, Answer::Page(_)), "{uri}");
    }
    for uri in [
        "com.example.app:/cb",
        "com.example.app://login/cb",
        "http://localhost:3000",
    ] {
        let mut world = World::new(Profile::Compat);
        world
            .set("callbacks", json!([uri]))
            .send("redirect_uri", uri);
        assert!(world.check().is_ok(), "{uri}");
    }
}

/// RFC8252-7.3-loopback-port; REDIR-13.
#[test]
fn only_the_port_of_a_loopback_address_may_differ() {
    #[rustfmt::skip]
    let rows = [
        ("http://127.0.0.1/cb", "http://127.0.0.1/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65535/cb", true),
        ("http://127.0.0.1:8400/cb", "http://127.0.0.1:8401/cb", true),
        ("http://[::1]/cb", "http://[::1]:1/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1.evil.test/cb", false),
        ("http://127.0.0.1/cb", "http://localhost:1/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.test:1/cb", false),
        ("http://127.0.0.1/cb", "http://127.1:1/cb", false),
        ("http://127.0.0.1/cb", "http://2130706433:1/cb", false),
        ("http://127.0.0.1/cb", "http://0.0.0.0:1/cb", false),
        ("http://127.0.0.1/cb", "http://[::1]:1/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb/x", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb?x", false),
        ("http://127.0.0.1/cb", "https://127.0.0.1:1/cb", false),
        ("http://localhost/cb", "http://localhost:1/cb", false),
    ];
    for (registered, sent, taken) in rows {
        let mut world = World::new(Profile::Strict);
        world.native(registered).send("redirect_uri", sent);
        assert_eq!(world.check().is_ok(), taken, "{sent} for {registered}");
        // what is not on a device gets no such grace
        world.set("app_type", json!("regular_web"));
        assert_eq!(
            world.check().is_ok(),
            registered == sent,
            "{sent} for {registered}"
        );
    }
}

/// A0-callback-wildcard; REDIR-15.
#[test]
fn a_wildcard_is_one_label_by_a_flag_in_compat() {
    type Break = fn(&mut World);
    #[rustfmt::skip]
    let rows: [(&str, Break, bool); 11] = [
        ("https://a.app.example/cb", |_| {}, true),
        ("https://a-1.app.example/cb", |_| {}, true),
        ("https://a.b.app.example/cb", |_| {}, false),
        ("https://evil.test/.app.example/cb", |_| {}, false),
        ("https://.app.example/cb", |_| {}, false),
        ("https://a%2eevil.test.app.example/cb", |_| {}, false),
        ("https://a_.app.example/cb", |_| {}, false),
        ("https://a@.app.example/cb", |_| {}, false),
        ("https://a.app.example/cb", |w| { w.set("cardea_flags", json!({})); }, false),
        ("https://a.app.example/cb", |w| { w.set("grant_types", json!(["authorization_code", "implicit"])); }, false),
        ("https://a.app.example/cb", |w| w.profile = Profile::Strict, false),
    ];
    for (sent, change, taken) in rows {
        let mut world = World::new(Profile::Compat);
        world
            .set("callbacks", json!(["https://*.app.example/cb"]))
            .send("redirect_uri", sent);
        world.set("cardea_flags", json!({"wildcard_callbacks": true}));
        world.set("grant_types", json!(["authorization_code"]));
        change(&mut world);
        assert_eq!(world.check().is_ok(), taken, "{sent}");
    }
}

/// REDIR-08, -20.
#[test]
fn a_registered_query_stays_and_a_missing_callback_is_the_only_one() {
    let mut world = World::new(Profile::Strict);
    world.set("callbacks", json!(["https://app.example/cb?a=b"]));
    for (sent, taken) in [("?a=b", true), ("?a=c", false), ("?a=b&c=d", false)] {
        world.send("redirect_uri", &format!("{CALLBACK}{sent}"));
        assert_eq!(world.check().is_ok(), taken, "{sent}");
    }
    for (profile, callbacks, taken) in [
        (Profile::Compat, json!([CALLBACK]), true),
        (
            Profile::Compat,
            json!([CALLBACK, "https://app.example/b"]),
            false,
        ),
        (Profile::Compat, json!([]), false),
        (Profile::Strict, json!([CALLBACK]), false),
    ] {
        let mut world = World::new(profile);
        world.set("callbacks", callbacks).send("redirect_uri", "");
        let checked = world.check();
        assert_eq!(checked.is_ok(), taken, "{profile:?}");
        match checked {
            Ok(checked) => assert_eq!(checked.request.redirect_uri, None),
            Err(rejected) => assert_eq!(rejected.refused.rule().id(), "OIDC-3.1.2.1-required"),
        }
    }
}
