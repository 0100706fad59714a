//! Lists of users, and the language in which they are searched.
#![expect(clippy::too_many_lines, reason = "a table is long")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::users::search::Search;
use super::{DATABASE, PASSWORD, World};
use crate::time::Timestamp;
use crate::write::UserFind;

fn world() -> World {
    let mut world = World::compat();
    for (number, (email, more)) in [
        ("jane@example.com", json!({
            "name": "Jane Doe", "given_name": "Jane", "user_metadata": { "colours": ["red", "blue"] },
            "app_metadata": { "plan": { "seats": 5 } },
        })),
        ("john@example.org", json!({ "name": "John", "family_name": "Smith", "blocked": true })),
        ("zoe@example.com", json!({ "name": "Zoë", "nickname": "ZZ", "user_id": "zoe" })),
    ]
    .into_iter()
    .enumerate()
    {
        world.now = Timestamp::from_seconds(1_767_225_600 + i64::try_from(number).unwrap() * 86_400);
        let mut body = json!({ "connection": DATABASE, "email": email, "password": PASSWORD });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        world.ok("POST", "/users", body);
    }
    world.people.users[0].logins_count = 12;
    world
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The first letters of those that are found.
fn found(list: &Value) -> String {
    let users = list.as_array().unwrap().iter();
    users
        .map(|user| user["email"].as_str().unwrap().chars().nth(1).unwrap())
        .collect()
}

#[test]
fn searches_find_what_they_say() {
    let mut world = world();
    // a: jane, o: john and zoe
    for (query, expected) in [
        ("email:jane@example.com", "a"),
        ("email:\"JANE@EXAMPLE.COM\"", "a"),
        ("email:*example.com", "ao"),
        ("email.domain:example.org", "o"),
        ("user_id:auth0|zoe", "o"),
        ("user_id:\"auth0|zoe\"", "o"),
        ("name:jane*", "a"),
        ("name:*DOE", "a"),
        ("name:*ane*", "a"),
        ("name:\"zoË\"", "o"),
        ("nickname:zz", "o"),
        ("blocked:true", "o"),
        ("NOT blocked:true", "ao"),
        ("-_exists_:family_name", "ao"),
        ("_exists_:app_metadata.plan.seats", "a"),
        ("user_metadata.colours:blue", "a"),
        ("user_metadata.colours:green", ""),
        ("app_metadata.plan.seats:[5 TO *]", "a"),
        ("app_metadata.plan.seats:{5 TO *]", ""),
        ("logins_count:[10 TO 20]", "a"),
        ("logins_count:0", "oo"),
        ("created_at:[2026-01-01 TO 2026-01-02}", "a"),
        ("created_at:2026-01-02", "o"),
        (
            "identities.connection:\"Username-Password-Authentication\"",
            "aoo",
        ),
        ("identities.connection:other", ""),
        (
            "identities.provider:auth0 AND (given_name:jane OR family_name:smith)",
            "ao",
        ),
        ("email_verified:false name:john", "o"),
        ("jane", "a"),
        ("jane*", "a"),
        ("username:x", ""),
    ] {
        let (status, list) = world.get(&format!("/users?q={}&search_engine=v3", encoded(query)));
        assert_eq!(status, 200, "{query}: {list}");
        assert_eq!(found(&list), expected, "{query}");
    }
}

/// MGMT-12, MGMT-13, MGMT-15.
#[test]
fn searches_beyond_the_language_are_refused() {
    let mut world = world();
    let parentheses = format!("{}name:a{}", "(".repeat(1000), ")".repeat(1000));
    let terms = vec!["name:a"; 60].join(" OR ");
    let path = format!("user_metadata.{}:x", vec!["a"; 20].join("."));
    for query in [
        "password:x",
        "tenant:other",
        "password_hash:*",
        "_exists_:password",
        "_exists_:tenant",
        "__proto__:x",
        "name:/.*/",
        "*",
        "*ab",
        "name:a*b",
        "name:a?b",
        "name:a~2",
        "name:a^4",
        "user_metadata.a:b*",
        "user_metadata.a:[1 TO 2]",
        "user_metadata:x",
        "user_metadata..a:x",
        "created_at:yesterday",
        "created_at:2026*",
        "name:a && name:b",
        "name:(a",
        "name:a)",
        "name:\"a",
        "[a TO b]",
        "name:[a b]",
        "name:",
        "AND",
        &parentheses,
        &terms,
        &path,
    ] {
        let (status, body) = world.get(&format!("/users?q={}", encoded(query)));
        let code = &body["errorCode"];
        assert_eq!(
            (status, code),
            (400, &json!("invalid_query_string")),
            "{query}"
        );
    }
    let sql = encoded("name:\"x' OR 1=1 --\"");
    assert_eq!(
        world.get(&format!("/users?q={sql}")).1,
        json!([]),
        "text is text"
    );
    for query in [
        "sort=email:1;drop",
        "sort=password:1",
        "sort=email",
        "sort=email:2",
        "fields=__proto__",
        "fields=password",
        "search_engine=v2",
        "search_engine=v1",
        "per_page=0",
        "per_page=101",
        "page=-1",
        "page=9223372036854775807",
        "email=x",
    ] {
        assert_eq!(world.get(&format!("/users?{query}")).0, 400, "{query}");
    }
    let (status, body) = world.get("/users?page=20&per_page=50");
    let text = "You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation.";
    assert_eq!((status, &body["message"]), (400, &json!(text)));
    assert_eq!(world.get("/users?page=19&per_page=50"), (200, json!([])));
}

#[test]
fn lists_are_sorted_and_paged() {
    let mut world = world();
    for (query, expected) in [
        ("", "aoo"),
        ("?sort=created_at:-1", "ooa"),
        ("?sort=email:1&per_page=1&page=2", "o"),
        ("?sort=logins_count:-1&per_page=1", "a"),
        ("?sort=name:1", "aoo"),
        ("?sort=family_name:-1", "oao"),
        ("?connection=Username-Password-Authentication", "aoo"),
        ("?connection=x", ""),
        ("?q=_exists_:family_name&connection=x", ""),
        ("?q=email.domain:example.com&sort=name:-1&per_page=1", "o"),
    ] {
        let (_, list) = world.get(&format!("/users{query}"));
        assert_eq!(found(&list), expected, "{query}");
    }
    let (_, page) = world.get("/users?include_totals=true&per_page=2&fields=email");
    let users = json!([{ "email": "jane@example.com" }, { "email": "john@example.org" }]);
    let expected = json!({ "start": 0, "limit": 2, "length": 2, "users": users, "total": 3 });
    assert_eq!(page, expected);
    let (_, page) = world.get("/users?include_totals=true&q=email.domain:example.com&per_page=1");
    assert_eq!((&page["total"], &page["length"]), (&json!(2), &json!(1)));
    let (_, list) =
        world.get("/users-by-email?email=JANE%40example.com&fields=name&include_totals=true");
    assert_eq!(list, json!([{ "name": "Jane Doe" }]));
    assert_eq!(world.get("/users-by-email").0, 400);
}

#[test]
fn what_has_an_index_is_looked_up_by_it() {
    for (query, expected) in [
        (
            "email:Jane@Example.com",
            Some(UserFind::Email("jane@example.com".to_owned())),
        ),
        (
            "identities.connection:db AND username:\"Jane\"",
            Some(UserFind::Username("jane".to_owned())),
        ),
        (
            "(phone_number:\"+15\")",
            Some(UserFind::PhoneNumber("+15".to_owned())),
        ),
        (
            "identities.connection:db name:x",
            Some(UserFind::OfConnection("db".to_owned())),
        ),
        ("email:a@b.c OR name:x", None),
        ("NOT email:a@b.c", None),
        ("email:a@b*", None),
    ] {
        assert_eq!(Search::parse(query).unwrap().find(), expected, "{query}");
    }
}

#[test]
fn a_search_that_looks_at_too_many_is_refused() {
    let mut world = world();
    let one = world.people.users[0].clone();
    for number in 0..10_001 {
        let mut user = one.clone();
        user.id = crate::id::UserId::parse(&format!("auth0|{number}")).unwrap();
        user.email = Some(format!("u{number}@example.com"));
        world.people.users.push(user);
    }
    assert_eq!(world.get("/users?q=name:jane").0, 400);
    assert_eq!(found(&world.get("/users?q=email:zoe@example.com").1), "o");
    assert_eq!(world.get("/users?per_page=1").0, 200);
}

proptest! {
    #[test]
    fn a_parser_of_anything_never_panics(query in ".{0,80}") {
        let _ = Search::parse(&query);
    }

    #[test]
    fn a_parser_of_its_own_words_never_panics(words in proptest::collection::vec(
        prop_oneof![
            Just("("), Just(")"), Just("\""), Just("AND"), Just("OR"), Just("NOT"), Just("name:"),
            Just("*"), Just("["), Just(" TO "), Just("]"), Just("_exists_:"), Just("a"), Just(" "),
            Just("created_at:"), Just("\\"), Just("-"),
        ],
        0..20,
    )) {
        let _ = Search::parse(&words.concat());
    }
}
