//! Log events.

use serde_json::{Map, Value, json};

use super::super::log_query::Filter;
use super::World;
use crate::id::LogId;
use crate::time::Timestamp;

const DAY: i64 = 86_400;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

fn world() -> World {
    let mut world = World::compat();
    for day in 0..30_i64 {
        let at = Timestamp::from_seconds(START + day * DAY);
        let kind = if day % 3 == 0 { "feccft" } else { "seccft" };
        let stored = json!({
            "type": kind, "client_id": format!("client-{}", day % 2), "client_name": "Health Sync",
            "ip": "10.0.0.1", "hostname": "acme.example.com", "date": at.millis(),
            "description": format!("day {day}"), "details": {},
        });
        let stored = stored.as_object().cloned().unwrap_or_default();
        world
            .logs
            .push((LogId::new(at, u64::try_from(day).unwrap(), 1), stored));
    }
    world
}

fn days(list: &Value) -> Vec<i64> {
    let day = |event: &Value| {
        event["description"]
            .as_str()
            .unwrap()
            .trim_start_matches("day ")
            .parse()
            .unwrap()
    };
    list.as_array().unwrap().iter().map(day).collect()
}

#[test]
fn events_are_listed_read_and_paged() {
    let mut world = world();
    let (status, list) = world.get("/logs?per_page=3");
    assert_eq!((status, days(&list)), (200, vec![29, 28, 27]));
    assert_eq!(
        (&list[0]["user_id"], &list[0]["date"]),
        (&Value::Null, &json!("2026-01-30T00:00:00.000Z"))
    );
    assert_eq!(days(&world.get("/logs?per_page=2&page=1").1), [27, 26]);
    assert_eq!(
        days(&world.get("/logs?per_page=2&page=1&sort=date:1").1),
        [2, 3]
    );
    let (_, page) = world.get("/logs?include_totals=true&per_page=2&fields=type");
    let logs = json!([{ "type": "seccft" }, { "type": "seccft" }]);
    assert_eq!(
        page,
        json!({ "start": 0, "limit": 2, "length": 2, "total": 2, "logs": logs })
    );

    let (_, first) = world.get("/logs?take=2");
    assert_eq!(days(&first), [0, 1], "oldest first");
    let id = first[1]["log_id"].as_str().unwrap();
    let (_, after) = world.get(&format!("/logs?from={id}&take=2&q=ignored:x&per_page=9"));
    assert_eq!(days(&after), [2, 3]);
    assert_eq!(days(&json!([world.get(&format!("/logs/{id}")).1])), [1]);
    for missing in ["/logs/90020", "/logs/%00"] {
        let (status, body) = world.get(missing);
        assert_eq!(
            (status, body["message"].as_str()),
            (404, Some("Log not found."))
        );
    }
    world.limited("read:logs_users");
    assert_eq!(world.get("/logs").1, json!([]), "no event is a user's");
    assert_eq!(world.get(&format!("/logs/{id}")).0, 404);
}

#[test]
fn searches_find_what_they_say() {
    let mut world = world();
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for (search, expected) in [
        ("type:feccft AND client_id:client-0", vec![24, 18, 12, 6, 0]),
        ("type:fecc* client_id:\"client-1\"", vec![27, 21, 15, 9, 3]),
        ("description:\"day 7\" OR description:\"day 8\"", vec![8, 7]),
        ("date:[2026-01-29 TO *]", vec![29, 28]),
        ("date:[2026-01-02 TO 2026-01-04}", vec![2, 1]),
        ("date:{2026-01-01T00:00:00Z TO 2026-01-03]", vec![2, 1]),
        ("date:2026-01-05", vec![4]),
        (
            "NOT type:seccft AND NOT (client_id:client-0 OR date:[2026-01-10 TO *])",
            vec![3],
        ),
        ("-type:(seccft OR x) date:[* TO 2026-01-01]", vec![0]),
        ("feccft date:[* TO 2026-01-02]", vec![0]),
        ("client_id:client\\-0 date:[* TO 2026-01-01]", vec![0]),
        ("user_id:*", vec![]),
        ("client_name:Health", vec![]),
        ("client_name:health*", vec![]),
        ("type:SECCFT", vec![]),
    ] {
        let (status, list) = world.get(&format!("/logs?q={}", encode(search)));
        assert_eq!((status, days(&list)), (200, expected), "{search}: {list}");
    }
    let (_, list) = world.get("/logs?search=type:feccft&per_page=2&page=1");
    assert_eq!(days(&list), [21, 18]);
    let (_, list) = world.get("/logs?q=type:feccft&per_page=2&sort=date:1");
    assert_eq!(days(&list), [0, 3]);
}

/// MGMT-12, MGMT-13, MGMT-15: everything else is refused.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn searches_beyond_the_language_are_refused() {
    let mut world = world();
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let parens = format!("{}type:s{}", "(".repeat(1000), ")".repeat(1000));
    let nots = "NOT ".repeat(500) + "type:s";
    let many = "a ".repeat(51);
    for bad in [
        "tenant:a",
        "password:x",
        "_exists_:user_id",
        "details.x:y",
        "date:tomorrow",
        "type:*s",
        "type:s*t",
        "*",
        "*abc",
        "type:s?",
        "/.*/",
        "type:/.*/",
        "type:s~2",
        "type:s^2",
        "(type:s",
        "type:s)",
        "type:",
        "AND",
        "type:s AND",
        "OR type:s",
        "NOT",
        "ip:[1 TO 2]",
        "date:[1 TO 2]",
        "date:[2026-01-01",
        "\"open",
        "type:(a",
        "+type:s",
        "type:s && type:t",
        "date:>2026-01-01",
        "type:client_id:x y:z",
        "()",
        "type:()",
        "tÿpe:x",
        "date:2026*",
        "description:' OR 1=1 --*",
        parens.as_str(),
        nots.as_str(),
        many.as_str(),
    ] {
        let (status, body) = world.get(&format!("/logs?q={}", encode(bad)));
        assert_eq!(
            (status, &body["errorCode"]),
            (400, &json!("invalid_query_string")),
            "{bad}"
        );
    }
    let long = "a".repeat(2001);
    for bad in [
        format!("q={long}"),
        "sort=email:1".to_owned(),
        "sort=date:1;drop".to_owned(),
        "fields=__proto__".to_owned(),
        "fields=type,secret".to_owned(),
        "per_page=0".to_owned(),
        "per_page=101".to_owned(),
        "page=-1".to_owned(),
        "take=101&from=1".to_owned(),
        "from=abc".to_owned(),
        "page=20&per_page=50".to_owned(),
        "page=9223372036854775807".to_owned(),
        "page=9223372036854775808".to_owned(),
        "page=NaN".to_owned(),
    ] {
        let (status, body) = world.get(&format!("/logs?{bad}"));
        assert_eq!(status, 400, "{bad}: {body}");
    }
}

#[test]
fn a_parser_of_anything_never_panics() {
    use proptest::prelude::*;
    proptest!(|(text in "[a-z:()\\[\\]{}\"*?\\\\ TONADR/~^+!-]{0,60}")| {
        if let Ok(filter) = Filter::parse(&text) {
            filter.matches(&LogId::new(Timestamp::from_seconds(0), 0, 0), &Map::new());
        }
    });
}
