//! What may be chosen.

use serde_json::json;

use super::*;
use crate::model::Kind;

fn policy(options: &Value, profile: Profile) -> Policy {
    let mut connection = Document::new(Kind::Connection, "con_1", 0);
    connection.body = json!({"name": "db", "strategy": "auth0", "options": options})
        .as_object()
        .cloned()
        .unwrap();
    Policy::of(&connection, profile)
}

fn verdict(policy: &Policy, password: &str, facts: &Facts<'_>) -> &'static str {
    match policy.check(password, facts) {
        Ok(()) => "fine",
        Err(PasswordFault::TooLong) => "long",
        Err(PasswordFault::Weak(_)) => "weak",
        Err(PasswordFault::Common) => "common",
        Err(PasswordFault::Personal) => "personal",
        Err(PasswordFault::Reused) => "reused",
        Err(PasswordFault::Guessable) => "guessable",
    }
}

#[test]
fn password_18_and_19_lengths_are_in_characters_and_nothing_is_cut() {
    let good = policy(&json!({"passwordPolicy": "good"}), Profile::Compat);
    let none = policy(&json!({"passwordPolicy": "none"}), Profile::Compat);
    let plain = policy(&json!({}), Profile::Compat);
    let strict = policy(&json!({"passwordPolicy": "none"}), Profile::Strict);
    let bare = policy(&json!({}), Profile::Strict);
    let complexity = json!({"min_length": 15, "character_types": [], "character_type_rule": "all"});
    let fresh = json!({"password_options": {"complexity": complexity}});
    let fresh = policy(&fresh, Profile::Compat);
    let length = |n: usize| "aB1".chars().cycle().take(n).collect::<String>();
    let table = [
        (&good, length(7), "weak"),
        (&good, length(8), "fine"),
        (&good, length(64), "fine"),
        (&good, length(128), "fine"),
        (&good, length(129), "long"),
        (&none, "x".to_owned(), "fine"),
        // PASSWORD-19: what a new connection and a strict tenant ask for has no composition rule
        (&plain, "correct horse battery staple".to_owned(), "fine"),
        (&bare, "lanterns over quiet harbours".to_owned(), "fine"),
        (&fresh, "lanterns over quiet harbours".to_owned(), "fine"),
        (&fresh, "234987123409872340".to_owned(), "fine"),
        (&plain, "ßßßßßßßß".to_owned(), "fine"),
        (&plain, "🙂🙂🙂🙂🙂🙂🙂".to_owned(), "weak"),
        (&plain, " 123456 ".to_owned(), "fine"),
        (&plain, "1234567".to_owned(), "weak"),
        (&strict, "gh2kdw7".to_owned(), "weak"),
        (&strict, "gh2kdw7q".to_owned(), "fine"),
        (&good, "alllowercase".to_owned(), "weak"),
        (&good, "lower UPPER".to_owned(), "fine"),
    ];
    for (policy, password, expected) in table {
        assert_eq!(
            verdict(policy, &password, &Facts::default()),
            expected,
            "{password}"
        );
    }
}

#[test]
fn password_16_what_everybody_tries_is_refused() {
    let strict = policy(&json!({}), Profile::Strict);
    let compat = policy(&json!({}), Profile::Compat);
    let wanted =
        json!({"password_dictionary": {"enable": true, "dictionary": ["MyCompanyIsBest"]}});
    let wanted = policy(&wanted, Profile::Compat);
    for common in [
        "password123",
        "Password1!",
        "P4$$w0rd!",
        "passw0rd",
        "12345678",
        "87654321",
        "qwertyuiop",
        "1qaz2wsx",
        "iloveyou2",
        "Summer2024!",
        "admin123!",
        "aaaaaaaaaa",
        "abcabcabc",
        "letmein99",
        "Welcome2026",
        "trustno1",
        "monkeymonkey",
        "!!football!!",
        "qwerty123456",
        "Passwort2026",
        "abcdefgh",
    ] {
        let verdict = |policy| verdict(policy, common, &Facts::default());
        assert_eq!(verdict(&strict), "common", "{common}");
        assert_eq!(verdict(&wanted), "common", "{common}");
        assert_eq!(verdict(&compat), "fine", "{common}");
    }
    assert_eq!(
        verdict(&wanted, "mycompanyisbest", &Facts::default()),
        "common"
    );
    for fine in [
        "gh2kdw7qpz",
        "unterwegs im regen",
        "tractor-lemon-9",
        "Xk#9vLp2qR",
    ] {
        assert_eq!(verdict(&strict, fine, &Facts::default()), "fine", "{fine}");
    }
}

#[test]
fn password_17_what_is_known_of_the_user_is_refused() {
    let strict = policy(&json!({}), Profile::Strict);
    let facts = Facts {
        user: json!({"email": "jane.doe@example.com", "name": "Jane Hollister", "username": "jd",
            "user_metadata": {"first": "Zebedee"}})
        .as_object()
        .cloned()
        .unwrap(),
        words: vec!["acmecorp"],
        score: Some(4),
        reused: false,
    };
    for password in [
        "jane.doe-9x!",
        "xx-hollister",
        "AcmeCorp-77q",
        "JANE.DOE@example.com",
    ] {
        assert_eq!(verdict(&strict, password, &facts), "personal", "{password}");
    }
    // two letters stand in every password
    assert_eq!(verdict(&strict, "jd-kwq8xz1p", &facts), "fine");
    let fields = json!({"password_options": {
        "complexity": {"min_length": 8, "character_types": []},
        "profile_data": {"active": true, "blocked_fields": ["user_metadata.first"]}}});
    let listed = policy(&fields, Profile::Compat);
    assert_eq!(verdict(&listed, "my-zebedee-1", &facts), "personal");
    assert_eq!(verdict(&listed, "jane.doe-9x!", &facts), "fine");
}

#[test]
fn the_last_two_words_are_history_and_how_hard_it_is_to_guess() {
    let strict = policy(
        &json!({"password_history": {"enable": true}}),
        Profile::Strict,
    );
    assert_eq!(strict.history, 5);
    let with = |score, reused| Facts {
        score: Some(score),
        reused,
        ..Facts::default()
    };
    assert_eq!(verdict(&strict, "kwq8xz1pab", &with(1, true)), "reused");
    assert_eq!(verdict(&strict, "kwq8xz1pab", &with(1, false)), "guessable");
    assert_eq!(verdict(&strict, "kwq8xz1pab", &with(2, false)), "fine");
    let compat = policy(&json!({}), Profile::Compat);
    assert_eq!(verdict(&compat, "kwq8xz1pab", &with(0, false)), "fine");
}

#[test]
fn newer_options_say_runs_sequences_and_classes() {
    let options = |complexity: &Value| {
        policy(
            &json!({"password_options": {"complexity": complexity}}),
            Profile::Compat,
        )
    };
    let blocked = options(&json!({"min_length": 6, "identical_characters": "block",
        "sequential_characters": "block", "character_types": ["lowercase", "number"],
        "character_type_rule": "all"}));
    let three = options(
        &json!({"min_length": 6, "character_type_rule": "three_of_four",
        "character_types": ["lowercase", "uppercase", "number", "special"]}),
    );
    let table = [
        (&blocked, "a1b1c1", "fine"),
        (&blocked, "aaa1b1", "weak"),
        (&blocked, "abc1d1", "weak"),
        (&blocked, "321xyx", "weak"),
        (&blocked, "abxyab", "weak"),
        (&three, "abcD1x", "fine"),
        (&three, "abcdex", "weak"),
    ];
    for (policy, password, expected) in table {
        assert_eq!(
            verdict(policy, password, &Facts::default()),
            expected,
            "{password}"
        );
    }
    assert_eq!(
        options(&json!({"character_types": []}))
            .complexity
            .least_length,
        15
    );
}

#[test]
fn a_weak_password_is_explained_as_auth0_does() {
    let good = policy(&json!({"passwordPolicy": "good"}), Profile::Compat);
    let fault = good.check("abc", &Facts::default()).unwrap_err();
    let expected = json!({
        "name": "PasswordStrengthError",
        "message": "Password is too weak",
        "code": "invalid_password",
        "description": {
            "rules": [
                {"message": "At least %d characters in length", "format": [8], "code": "lengthAtLeast",
                    "verified": false},
                {"message": "Contain at least %d of the following %d types of characters:",
                    "format": [3, 4], "code": "containsAtLeast", "items": [
                    {"message": "lower case letters (a-z)", "code": "lowerCase", "verified": true},
                    {"message": "upper case letters (A-Z)", "code": "upperCase", "verified": false},
                    {"message": "numbers (i.e. 0-9)", "code": "numbers", "verified": false},
                    {"message": "special characters (e.g. !@#$%^&*)", "code": "specialCharacters",
                        "verified": false}], "verified": false},
            ],
            "verified": false,
        },
        "policy": "* At least 8 characters in length\n* Contain at least 3 of the following 4 types \
            of characters:\n  * lower case letters (a-z)\n  * upper case letters (A-Z)\n  * numbers \
            (i.e. 0-9)\n  * special characters (e.g. !@#$%^&*)",
        "statusCode": 400,
    });
    assert_eq!(fault.signup_body(), expected);
    assert_eq!(
        fault.management_message(),
        "PasswordStrengthError: Password is too weak"
    );
}
