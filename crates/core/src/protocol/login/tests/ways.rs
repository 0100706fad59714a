//! The ways of a login.

use super::*;

#[test]
fn the_plain_way() {
    for profile in [Profile::Compat, Profile::Strict] {
        let mut browser = Browser::new(profile, |_| {});
        assert_eq!(at(&browser.begin()), "login");
        let decided = browser.log_in(JANE);
        let Next::Issue(issue) = &decided.next else {
            panic!("{}", at(&decided))
        };
        let session = browser.world.session.as_ref().unwrap();
        assert_eq!(issue.grant.session.as_ref(), Some(&session.id));
        assert_eq!(session.clients.first(), Some(&issue.grant.client));
        assert_eq!(browser.open().unwrap_err(), Closed::Ended);
    }
}

#[test]
fn a_session_that_is_there_needs_no_login_and_none_is_stored() {
    let mut browser = Browser::new(Profile::Compat, |w| w.session = Some(w.login(JANE, -60)));
    assert_eq!(at(&browser.begin()), "issue");
    assert!(browser.stored.is_none());
}

#[test]
fn the_first_page_is_the_tenants_and_the_hints_choice() {
    type Row = (Prepare, &'static str);
    #[rustfmt::skip]
    let rows: [Row; 4] = [
        (|_| {}, "login"),
        (|w| { w.set_tenant("prompts", json!({"identifier_first": true})); }, "identifier"),
        (|w| { w.send("screen_hint", "signup"); }, "signup"),
        (|w| { w.send("screen_hint", "dance"); }, "login"),
    ];
    for (prepare, expected) in rows {
        assert_eq!(
            at(&Browser::new(Profile::Compat, prepare).begin()),
            expected
        );
    }
    let mut browser = Browser::new(Profile::Compat, |w| {
        w.send("login_hint", "jane@x");
    });
    browser.begin();
    assert_eq!(
        browser.open().unwrap().transaction.identifier.as_deref(),
        Some("jane@x")
    );
}

#[test]
fn pages_lead_to_each_other() {
    let mut browser = Browser::new(Profile::Compat, |w| {
        w.set_tenant("prompts", json!({"identifier_first": true}));
    });
    browser.begin();
    let identifier = Input::Identifier("jane@example.com".to_owned());
    for (input, expected) in [
        (identifier, "password"),
        (Input::Resume, "password"),
        (Input::Back, "identifier"),
        (Input::Signup, "signup"),
        (Input::Login, "identifier"),
    ] {
        assert_eq!(at(&browser.step(input)), expected);
    }
    let transaction = browser.open().unwrap().transaction;
    assert_eq!(transaction.identifier.as_deref(), Some("jane@example.com"));
}

#[test]
fn consent_is_asked_once_and_remembered() {
    let mut browser = Browser::new(Profile::Compat, third_party);
    browser.begin();
    assert_eq!(at(&browser.log_in(JANE)), "consent");
    // looking again, or resuming without an answer, is no answer (AUTHZ-42)
    assert_eq!(at(&browser.step(Input::Resume)), "consent");
    assert_eq!(at(&browser.step(Input::Accept)), "issue");
    assert_eq!(
        browser.world.consent.as_ref().unwrap().scopes.to_string(),
        "openid profile read:patients"
    );
    browser.stored = None;
    assert_eq!(at(&browser.begin()), "issue");
}

/// RFC6749-4.1.2.1-denied; conformance 56; REDIR-22.
#[test]
fn saying_no_goes_to_the_application_or_to_a_page() {
    for (policy, expected) in [
        ("allow_always", "redirect"),
        ("open_redirect_protection", "page"),
    ] {
        let mut browser = Browser::new(Profile::Compat, third_party);
        browser.world.set("redirection_policy", json!(policy));
        browser.begin();
        browser.log_in(JANE);
        let decided = browser.step(Input::Deny);
        assert_eq!(at(&decided), expected);
        assert_eq!(decided.refused, Some(Refused::Denied));
        if let Next::Answer(Answer::Redirect(response)) = &decided.next {
            assert_eq!(response.params[0].1, "access_denied");
            assert_eq!(response.params[2], ("state", "st=1".to_owned()));
        }
        assert_eq!(browser.open().unwrap_err(), Closed::Ended);
    }
}
