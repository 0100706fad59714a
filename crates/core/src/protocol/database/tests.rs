//! What may be said at a sign-up, and what is answered.

use serde_json::json;

use super::*;
use crate::id::{Host, TenantId};
use crate::model::{Change, Document, Kind, Profile, TenantRecord};
use crate::random::Seeded;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn document(kind: Kind, id: &str, body: &Value) -> Document {
    let mut document = Document::new(kind, id, 0);
    document.body = body.as_object().cloned().unwrap();
    document
}

fn tenant(options: &Value, profile: Profile) -> TenantView {
    let record = TenantRecord {
        id: TenantId::parse("ten_1").unwrap(),
        name: "acme".to_owned(),
        host: Host::parse("login.example").unwrap(),
        custom_domains: Vec::new(),
        profile,
    };
    let settings = document(Kind::Settings, "settings", &json!({}));
    let mut view = TenantView::assemble(record, 1, vec![settings]).unwrap();
    let client = |id| document(Kind::Client, id, &json!({"name": id, "app_type": "spa"}));
    let database = |id, name, options: &Value| {
        let body = json!({"name": name, "strategy": "auth0", "options": options,
            "enabled_clients": ["web"]});
        document(Kind::Connection, id, &body)
    };
    for document in [
        client("web"),
        client("other"),
        database("con_1", "db", options),
        database("con_2", "closed", &json!({"disable_signup": true})),
        document(
            Kind::Connection,
            "con_3",
            &json!({"name": "mail", "strategy": "email"}),
        ),
    ] {
        view.apply(Change::Put(document)).unwrap();
    }
    view
}

fn good() -> Value {
    json!({"client_id": "web", "connection": "db", "email": " Jane@Example.com",
        "password": "kwq8xz1pab", "given_name": "Jane", "user_metadata": {"plan": "gold"}})
}

fn outcome(view: &TenantView, body: &Value) -> Result<Signup, Refused> {
    let signup = Signup::parse(body.as_object().unwrap())?;
    signup.check(view, Some(4))?;
    Ok(signup)
}

type Break = fn(&mut Value);

#[expect(clippy::too_many_lines, reason = "a table is long")]
#[test]
fn every_single_fault_is_refused() {
    let view = tenant(&json!({}), Profile::Compat);
    assert!(outcome(&view, &good()).is_ok());
    let table: [(&str, Break, Refused); 17] = [
        (
            "no address",
            |b| b["email"] = json!(""),
            Refused::Missing("email"),
        ),
        (
            "no password",
            |b| b["password"] = Value::Null,
            Refused::Missing("password"),
        ),
        (
            "no connection",
            |b| b["connection"] = Value::Null,
            Refused::Missing("connection"),
        ),
        (
            "a password that is a number",
            |b| b["password"] = json!(1),
            Refused::Type("password"),
        ),
        (
            "unknown client",
            |b| b["client_id"] = json!("x"),
            Refused::UnknownClient,
        ),
        (
            "unknown connection",
            |b| b["connection"] = json!("x"),
            Refused::UnknownConnection,
        ),
        (
            "client not enabled",
            |b| b["client_id"] = json!("other"),
            Refused::UnknownConnection,
        ),
        (
            "no database",
            |b| b["connection"] = json!("mail"),
            Refused::UnknownConnection,
        ),
        (
            "SIGNUP-02 disabled",
            |b| b["connection"] = json!("closed"),
            Refused::SignupDisabled,
        ),
        (
            "no address at all",
            |b| b["email"] = json!("jane"),
            Refused::Format("email"),
        ),
        (
            "SIGNUP-07 a further recipient",
            |b| b["email"] = json!("jane@example.com\r\nBcc: x@example.com"),
            Refused::Format("email"),
        ),
        (
            "SIGNUP-07 a further header",
            |b| b["given_name"] = json!("Jane\r\nBcc: x@example.com"),
            Refused::Format("given_name"),
        ),
        (
            "a username",
            |b| b["username"] = json!("jane"),
            Refused::Unwanted("username"),
        ),
        (
            "SIGNUP-03 metadata",
            |b| b["user_metadata"] = json!([]),
            Refused::Type("user_metadata"),
        ),
        (
            "SIGNUP-03 not text",
            |b| b["user_metadata"]["plan"] = json!({"nested": true}),
            Refused::Metadata,
        ),
        (
            "SIGNUP-03 too long",
            |b| b["user_metadata"]["plan"] = json!("x".repeat(501)),
            Refused::Metadata,
        ),
        (
            "SIGNUP-03 too many",
            |b| {
                for n in 0..10 {
                    b["user_metadata"][format!("n{n}")] = json!("x");
                }
            },
            Refused::Metadata,
        ),
    ];
    for (row, break_it, refused) in table {
        let mut body = good();
        break_it(&mut body);
        assert_eq!(outcome(&view, &body).unwrap_err(), refused, "{row}");
    }
    let mut short = good();
    short["password"] = json!("short");
    let refused = outcome(&view, &short).unwrap_err();
    assert_eq!(refused.body(false)["name"], "PasswordStrengthError");
}

#[test]
fn signup_03_what_one_may_not_say_of_oneself_is_not_looked_at() {
    let view = tenant(&json!({}), Profile::Compat);
    let mut body = good();
    for (name, value) in [
        ("app_metadata", json!({"admin": true})),
        ("blocked", json!(false)),
        ("email_verified", json!(true)),
        ("user_id", json!("auth0|admin")),
        ("roles", json!(["admin"])),
        ("tenant", json!("other")),
    ] {
        body[name] = value;
    }
    let signup = outcome(&view, &body).unwrap();
    let mut random = Seeded::new("signup");
    let user = signup.user("hash", NOW, &mut random).unwrap();
    assert!(user.app_metadata.is_empty() && !user.email_verified);
    assert_eq!(user.email.as_deref(), Some("Jane@Example.com"));
    assert!(user.id.as_str().starts_with("auth0|") && user.id.as_str().len() == 30);
    assert_eq!(user.profile["nickname"], "Jane");
    let answer = signed_up(&user);
    let id = user.id.as_str().trim_start_matches("auth0|");
    let expected = json!({"_id": id, "email_verified": false, "email": "Jane@Example.com",
        "given_name": "Jane", "name": "Jane@Example.com", "nickname": "Jane",
        "picture": user.profile["picture"], "user_metadata": {"plan": "gold"}});
    assert_eq!(answer, expected);
}

#[test]
fn signup_05_usernames_that_look_like_others() {
    let view = tenant(&json!({"requires_username": true}), Profile::Compat);
    for (name, fine) in [
        ("jane", true),
        ("jane.doe-9", true),
        ("admin", false),
        ("ROOT", false),
        ("support", false),
        ("\u{430}dmin", false),
        ("sam@example.com", false),
        ("+4930123456", false),
        ("sixteen-letters-", false),
    ] {
        let mut body = good();
        body["username"] = json!(name);
        assert_eq!(outcome(&view, &body).is_ok(), fine, "{name}");
    }
    assert_eq!(
        outcome(&view, &good()).unwrap_err(),
        Refused::Missing("username")
    );
}

#[test]
fn password_03_and_04_the_answer_does_not_tell_who_has_an_account() {
    let generic = json!({"name": "BadRequestError", "code": "invalid_signup",
        "description": "Invalid sign up", "statusCode": 400});
    assert_eq!(Refused::UserExists.body(false), generic);
    assert_eq!(Refused::UsernameExists.body(false), generic);
    assert_eq!(Refused::UserExists.body(true)["code"], "user_exists");
    assert_eq!(
        Refused::UserExists.body(true)["description"],
        "The user already exists."
    );
    assert_eq!(
        Refused::UsernameExists.body(true)["code"],
        "username_exists"
    );
}

#[test]
fn bodies_are_json_or_forms() {
    let json = br#"{"connection": "db", "email": "a@example.com", "password": "ignored"}"#;
    let form = b"connection=db&email=a%40example.com&client_id=";
    let parse = |kind: &str, body: &[u8]| {
        ChangePassword::parse(&members(Some(kind), body)?).map(|asked| asked.folded())
    };
    assert_eq!(parse("application/json", json).unwrap(), "a@example.com");
    assert_eq!(
        parse("application/x-www-form-urlencoded", form).unwrap(),
        "a@example.com"
    );
    for (kind, body) in [
        ("text/plain", &b"x"[..]),
        ("application/json", b"[]"),
        ("application/json", br#"{"email": "a", "email": "b"}"#),
        ("application/x-www-form-urlencoded", b"email=a&email=b"),
        ("application/json", br#"{"connection": "db"}"#),
        (
            "application/json",
            br#"{"connection": "db", "email": ["a@example.com"]}"#,
        ),
    ] {
        assert!(parse(kind, body).is_err(), "{kind} {body:?}");
    }
}

#[test]
fn nobody_gets_a_link_where_the_database_does_not_give_any() {
    let asked = |connection: &str| {
        let body = json!({ "connection": connection, "email": "a@example.com" }).to_string();
        let members = members(Some("application/json"), body.as_bytes()).unwrap();
        ChangePassword::parse(&members).unwrap()
    };
    for (options, connection, refused) in [
        (json!({}), "db", None),
        (
            json!({ "disable_self_service_change_password": false }),
            "db",
            None,
        ),
        (
            json!({ "disable_self_service_change_password": true }),
            "db",
            Some(Refused::ResetDisabled),
        ),
        (json!({}), "other", Some(Refused::UnknownConnection)),
    ] {
        let view = tenant(&options, Profile::Compat);
        let outcome = asked(connection).check(&view).err();
        assert_eq!(outcome, refused, "{options} {connection}");
    }
}

#[test]
fn a_link_goes_to_who_can_use_it() {
    let view = tenant(&json!({}), Profile::Compat);
    let signup = outcome(&view, &good()).unwrap();
    let mut random = Seeded::new("invite");
    let user = signup.user("hash", NOW, &mut random).unwrap();
    let issuer = Issuer::new("https", &view.record.host);
    let mut sent = |user: &User, purpose| {
        invite(purpose, user, Some("web"), (&issuer, NOW), &mut random).is_some()
    };
    assert!(sent(&user, Purpose::ResetPassword) && sent(&user, Purpose::VerifyEmail));
    let changed = |change: fn(&mut User)| {
        let mut user = user.clone();
        change(&mut user);
        user
    };
    assert!(!sent(
        &changed(|user| user.blocked = true),
        Purpose::ResetPassword
    ));
    assert!(!sent(
        &changed(|user| user.email = None),
        Purpose::ResetPassword
    ));
    assert!(!sent(
        &changed(|user| user.email_verified = true),
        Purpose::VerifyEmail
    ));
}

#[test]
fn password_21_users_of_other_systems() {
    let view = tenant(&json!({}), Profile::Compat);
    let connection = view.connection("db").unwrap();
    let mut random = Seeded::new("import");
    let mut import = |sent: &Value| import_user(connection, sent, NOW, &mut random);
    let bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let full = json!({"email": "jane@example.com", "email_verified": true, "user_id": "17",
        "name": "Jane", "app_metadata": {"plan": "gold"}, "password_hash": bcrypt});
    let made = import(&full).unwrap();
    assert_eq!(made.user.id.as_str(), "auth0|17");
    assert!(made.user.email_verified && made.user.app_metadata["plan"] == "gold");
    assert_eq!(made.user.profile["nickname"], "jane");
    assert!(made.hash.is_some());
    let table = [
        (json!([]), "INVALID_TYPE"),
        (json!({}), "ANY_OF_MISSING"),
        (json!({"email": "jane"}), "FORMAT"),
        (
            json!({"email": "a@b.example", "password": "plain"}),
            "OBJECT_REQUIRED",
        ),
        (
            json!({"email": "a@b.example", "email_verified": "yes"}),
            "INVALID_TYPE",
        ),
        (
            json!({"email": "a@b.example", "password_hash": "plain"}),
            "FORMAT",
        ),
        (
            json!({"email": "a@b.example", "mfa_factors": []}),
            "MFA_FACTORS_FAILED",
        ),
        (json!({"phone_number": "12"}), "PATTERN"),
        (json!({"username": "a@b.example"}), "FORMAT"),
        (
            json!({"email": "a@b.example", "password_hash": bcrypt,
                "custom_password_hash": {"algorithm": "bcrypt", "hash": {"value": bcrypt}}}),
            "CONFLICT",
        ),
    ];
    for (sent, code) in table {
        assert_eq!(import(&sent).unwrap_err().code, code, "{sent}");
    }
}
