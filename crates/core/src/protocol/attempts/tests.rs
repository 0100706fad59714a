//! Who shares a counter.

use serde_json::json;

use super::*;
use crate::id::UserId;
use crate::model::Kind;
use crate::time::Timestamp;

fn settings(protection: Value) -> Document {
    let mut document = Document::new(Kind::Settings, "settings", 0);
    document
        .body
        .insert("attack_protection".to_owned(), protection);
    document
}

fn user(last_ip: &str) -> User {
    let at = Timestamp::from_seconds(1);
    User {
        id: UserId::parse("auth0|jane").unwrap(),
        connection: "db".to_owned(),
        email: Some("Jane@Example.com".to_owned()),
        email_verified: true,
        username: Some("jane".to_owned()),
        phone_number: None,
        phone_verified: false,
        blocked: false,
        profile: serde_json::Map::new(),
        user_metadata: serde_json::Map::new(),
        app_metadata: serde_json::Map::new(),
        created_at: at,
        updated_at: at,
        last_login: Some((at, last_ip.to_owned())),
        logins_count: 1,
        last_password_reset: None,
        password: None,
        revision: 1,
    }
}

fn attacker<'a>(identifier: &'a str, user: Option<&'a User>, ip: &str) -> Attacker<'a> {
    Attacker {
        connection: "db",
        identifier,
        user,
        ip: ip.parse().unwrap(),
    }
}

#[test]
fn password_06_all_names_of_a_user_share_a_counter() {
    let protection = Protection::of(&settings(json!({})), true);
    let jane = user("192.0.2.9");
    let key = |identifier, user| {
        attacker(identifier, user, "192.0.2.1")
            .account(&protection)
            .key
    };
    let first = key("jane@example.com", Some(&jane));
    for name in ["Jane@Example.com", " jane@example.com ", "jane", "JANE"] {
        assert_eq!(key(name, Some(&jane)), first, "{name}");
    }
    let nobody = key("nobody@example.com", None);
    for name in [
        "NOBODY@example.com",
        " nobody@example.com",
        "nobody@example.com.",
    ] {
        assert_eq!(key(name, None), nobody, "{name}");
    }
    assert_ne!(first, nobody);
    let about = attacker("JANE", Some(&jane), "192.0.2.1")
        .account(&protection)
        .about;
    assert_eq!(about.unwrap().identifier, "jane@example.com");
}

#[test]
fn password_07_and_14_addresses_are_told_apart_and_networks_are_not() {
    let protection = Protection::of(&settings(json!({})), true);
    let key = |ip| attacker("jane", None, ip).account(&protection).key;
    assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::2"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    let everywhere = |ip| attacker("jane", None, ip).everywhere().key;
    assert_eq!(everywhere("192.0.2.1"), everywhere("2001:db8::1"));
}

#[test]
fn password_09_who_is_known_here_is_not_locked_out_from_elsewhere() {
    let jane = user("2001:db8:1:2::1");
    assert!(attacker("jane", Some(&jane), "2001:db8:1:2::77").is_known_here());
    assert!(!attacker("jane", Some(&jane), "192.0.2.1").is_known_here());
    assert!(!attacker("jane", None, "192.0.2.1").is_known_here());
}

#[test]
fn the_figures_are_auth0s_unless_the_tenant_says_others() {
    let protection = Protection::of(&settings(json!({})), true);
    assert_eq!(
        (protection.account.most, protection.account.blocks),
        (10, true)
    );
    assert_eq!(
        (protection.address.most, protection.address.leak_s),
        (100, 864)
    );
    assert_eq!(protection.signup.most, 50);
    assert!(protection.notifies && !protection.account_lockout);
    assert!(!Protection::of(&settings(json!({})), false).account.enabled);

    let own = Protection::of(
        &settings(json!({
            "brute_force_protection": {"enabled": true, "shields": ["user_notification"],
                "max_attempts": 500, "mode": "count_per_identifier", "allowlist": ["10.0.0.0/8"]},
            "suspicious_ip_throttling": {"enabled": false, "shields": [],
                "stage": {"pre-login": {"max_attempts": 7, "rate": 5000}}},
        })),
        true,
    );
    // monitoring: it is counted and told, and nobody is stopped
    assert_eq!((own.account.most, own.account.blocks), (100, false));
    assert_eq!(own.account.allowlist, ["10.0.0.0/8"]);
    assert!(own.account_lockout && own.notifies && !own.address.enabled);
    assert_eq!((own.address.most, own.address.leak_s), (7, 5));
    let key = |ip| attacker("jane", None, ip).account(&own).key;
    assert_eq!(
        key("192.0.2.1"),
        key("192.0.2.2"),
        "counted from everywhere"
    );
}

/// TOKEN-37: five of a browser, thirty of an address, of each network one.
#[test]
fn token_37_user_codes_are_counted_by_browser_and_by_address() {
    let of = |browser: Option<&str>, ip: &str| user_codes(browser, ip.parse().unwrap());
    let both = of(Some("b"), "192.0.2.1");
    let figures: Vec<(i64, i64)> = both.iter().map(|c| (c.most, c.window_s)).collect();
    assert_eq!(figures, [(30, 600), (5, 600)]);
    // a browser without a cookie is another one each time: its address is what counts
    let bare = of(None, "192.0.2.1");
    assert_eq!(bare, both[..1]);
    assert_eq!(of(Some("b"), "192.0.2.2")[1].key, both[1].key);
    assert_ne!(of(Some("c"), "192.0.2.1")[1].key, both[1].key);
    assert_eq!(
        of(None, "2001:db8::1")[0].key,
        of(None, "2001:db8::2")[0].key
    );
    let notice = user_codes_notice(&both[0]);
    assert_eq!((notice.most, notice.window_s), (1, 600));
    assert_ne!(notice.key, both[0].key);
}
