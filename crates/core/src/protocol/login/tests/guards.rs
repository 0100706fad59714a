//! What a login is guarded against.

use super::*;
use crate::protocol::body::tests::with_member;

/// AUTHZ-42: yes and no are answers to a page that was shown.
#[test]
fn nobody_consents_who_was_not_asked() {
    let mut browser = Browser::new(Profile::Compat, third_party);
    browser.begin();
    for input in [Input::Accept, Input::Deny] {
        assert_eq!(at(&browser.step(input)), "login");
    }
    assert_eq!(at(&browser.log_in(JANE)), "consent");
}

/// AUTHZ-44: what the tenant adds after the page was shown is asked for again.
#[test]
fn yes_is_said_to_what_was_shown() {
    let mut browser = Browser::new(Profile::Compat, third_party);
    browser
        .world
        .send("scope", "openid read:patients write:patients");
    browser.begin();
    browser.log_in(JANE);
    browser.world.set_api("enforce_policies", json!(false));
    assert_eq!(at(&browser.step(Input::Accept)), "consent");
    assert_eq!(at(&browser.step(Input::Accept)), "issue");
}

/// AUTHZ-33.
#[test]
fn only_a_login_in_this_transaction_answers_prompt_login() {
    let mut browser = Browser::new(Profile::Compat, |w| {
        w.session = Some(w.login(JANE, 0));
        w.send("prompt", "login");
    });
    let before = browser.world.session.clone().unwrap();
    assert_eq!(at(&browser.begin()), "login");
    assert_eq!(at(&browser.step(Input::Resume)), "login");
    let decided = browser.log_in(JANE);
    assert_eq!(at(&decided), "issue");
    assert!(decided.writes.contains_revoked(&before));
}

/// CARDEA-login-same-user; AUTHZ-40.
#[test]
fn another_users_login_in_another_tab_starts_this_one_again() {
    let mut browser = Browser::new(Profile::Compat, third_party);
    browser.begin();
    assert_eq!(at(&browser.log_in(JANE)), "consent");
    browser.world.session = Some(browser.world.login("auth0|sam", 0));
    let decided = browser.step(Input::Accept);
    assert_eq!(at(&decided), "login");
    let rules: Vec<&str> = decided
        .trace
        .steps()
        .iter()
        .map(|step| step.rule.id())
        .collect();
    assert!(rules.contains(&"CARDEA-login-same-user"), "{rules:?}");
    assert_eq!(browser.open().unwrap().transaction.progress.accepted, None);
}

/// What one user said yes to is nothing that the next one said.
#[test]
fn an_answer_dies_with_the_session_in_which_it_was_given() {
    let mut browser = Browser::new(Profile::Compat, |w| {
        third_party(w);
        w.session = Some(w.login(JANE, -71 * 3600));
    });
    assert_eq!(at(&browser.begin()), "consent");
    browser.world.now = browser.world.now.plus_seconds(3599);
    browser.world.set_tenant("idle_session_lifetime", json!(1));
    assert_eq!(at(&browser.step(Input::Accept)), "login");
    assert_eq!(at(&browser.log_in("auth0|sam")), "consent");
}

/// CARDEA-login-browser and CARDEA-login-live; AUTHZ-39.
#[test]
fn a_login_goes_on_where_it_began_while_it_lives() {
    let mut browser = Browser::new(Profile::Compat, |_| {});
    browser.begin();
    let stored = browser.stored.clone().unwrap();
    let now = browser.world.now;
    let open = |stored: Option<&Artefact>, cookie, at| {
        Pending::open("handle", stored, cookie, at)
            .map(|_| ())
            .map_err(|closed| (closed, closed.rule().id()))
    };
    let ended = Artefact {
        consumed_at: Some(now),
        ..stored.clone()
    };
    let hour = now.plus_seconds(LoginTransaction::LIFETIME);
    assert_eq!(open(Some(&stored), Some(COOKIE), now), Ok(()));
    let expired = Err((Closed::Expired, "CARDEA-login-live"));
    assert_eq!(open(None, Some(COOKIE), now), expired);
    assert_eq!(open(Some(&stored), Some(COOKIE), hour), expired);
    let over = Err((Closed::Ended, "CARDEA-login-live"));
    assert_eq!(open(Some(&ended), Some(COOKIE), now), over);
    let other = Err((Closed::OtherBrowser, "CARDEA-login-browser"));
    assert_eq!(open(Some(&stored), None, now), other);
    assert_eq!(open(Some(&ended), Some("another"), hour), other);

    for member in ["request", "browser", "step", "progress"] {
        let mut broken = stored.clone();
        broken.body = with_member(&broken.body, member, json!("?"));
        let closed = Pending::open("handle", Some(&broken), Some(COOKIE), now).unwrap_err();
        assert!(matches!(closed, Closed::Damaged(damaged) if damaged.member == member));
        assert_eq!(closed.rule().id(), "CARDEA-state-readable");
    }
}

#[test]
fn a_login_is_stored_and_read_back() {
    let mut browser = Browser::new(Profile::Compat, third_party);
    let decided = browser.begin();
    let Next::Login(pending) = &decided.next else {
        panic!()
    };
    let stored = browser.stored.clone().unwrap();
    let handle = LoginTransaction::digest_of(&pending.handle);
    assert_eq!(stored.digest, handle);
    assert!(!stored.body.as_str().contains(COOKIE));
    browser.log_in(JANE);
    let stored = browser.stored.clone().unwrap();
    let read = LoginTransaction::from_artefact(&stored).unwrap();
    assert_eq!(read.step, Step::Consent);
    assert_eq!(read.to_artefact(), stored);
    assert!(read.shown.is_some() && read.progress.authenticated.is_some());
}

/// A user who may not come in learns it at the application, and the login is over.
#[test]
fn who_is_refused_after_logging_in_ends_the_login() {
    type Row = (Prepare, Refused);
    #[rustfmt::skip]
    let rows: [Row; 2] = [
        (|w| w.user().blocked = true, Refused::Blocked),
        (|w| { w.send("claims", r#"{"id_token": {"sub": {"value": "auth0|sam"}}}"#); }, Refused::OtherUser),
    ];
    for (prepare, refused) in rows {
        let mut browser = Browser::new(Profile::Compat, prepare);
        assert_eq!(at(&browser.begin()), "login");
        let decided = browser.log_in(JANE);
        assert_eq!(at(&decided), "redirect");
        assert_eq!(decided.refused, Some(refused));
        assert_eq!(browser.open().unwrap_err(), Closed::Ended);
    }
}

#[test]
fn an_application_without_a_connection_lets_nobody_in() {
    let mut browser = Browser::new(Profile::Compat, |w| {
        w.connection
            .body
            .insert("enabled_clients".to_owned(), json!([]));
    });
    let decided = browser.begin();
    assert_eq!(decided.refused, Some(Refused::Connection));
}

#[test]
fn a_callback_that_others_could_receive_is_confirmed() {
    let mut browser = Browser::new(Profile::Compat, |w| {
        w.session = Some(w.login(JANE, -60));
        w.native("com.example.app:/cb")
            .send("redirect_uri", "com.example.app:/cb");
        w.set(
            "skip_non_verifiable_callback_uri_confirmation_prompt",
            json!(false),
        );
    });
    let decided = browser.begin();
    assert_eq!(at(&decided), "confirm");
    let Next::Consent(_, page) = &decided.next else {
        panic!()
    };
    assert!(page.items.is_empty() && page.host.is_none());
    assert_eq!(at(&browser.step(Input::Accept)), "issue");
}

trait Revoked {
    fn contains_revoked(&self, session: &SessionRecord) -> bool;
}

impl Revoked for Vec<Write> {
    fn contains_revoked(&self, session: &SessionRecord) -> bool {
        let one = Revoke::One(ArtefactKind::Session, session.digest);
        self.iter()
            .any(|write| matches!(write, Write::Revoke(revoke) if *revoke == one))
    }
}

/// AUTHZ-40, AUTHZ-42: an answer is its user's alone, also where nobody logged in here.
#[test]
fn what_one_user_sees_another_cannot_answer() {
    for input in [Input::Accept, Input::Deny] {
        let mut browser = Browser::new(Profile::Compat, |w| {
            third_party(w);
            w.session = Some(w.login(JANE, -60));
        });
        assert_eq!(at(&browser.begin()), "consent");
        browser.world.session = Some(browser.world.login("auth0|sam", 0));
        assert_eq!(at(&browser.step(input)), "consent");
        assert_eq!(at(&browser.step(Input::Accept)), "issue");
    }
}

#[test]
fn an_answer_is_forgotten_when_the_login_begins_again() {
    let mut browser = Browser::new(Profile::Compat, |w| {
        third_party(w);
        w.session = Some(w.login(JANE, -60));
    });
    browser.begin();
    let jane = browser.world.session.take();
    browser.world.now = browser.world.now.plus_seconds(1);
    browser.world.session = jane.map(|mut session| {
        session.idle_expires_at = browser.world.now;
        session
    });
    assert_eq!(at(&browser.step(Input::Accept)), "login");
    // another tab logs somebody else in, and this one only goes on
    browser.world.session = Some(browser.world.login("auth0|sam", 0));
    assert_eq!(at(&browser.step(Input::Resume)), "consent");
}
