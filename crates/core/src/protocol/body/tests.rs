//! What is written is read back, and what is not as it must be is named.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Damaged, Members, Writer};
use crate::model::Body;
use crate::time::Timestamp;

/// All that a body says.
pub(in crate::protocol) fn members_of(body: &Body) -> Map<String, Value> {
    serde_json::from_str(body.as_str()).unwrap()
}

/// With another value of a member.
pub(in crate::protocol) fn with_member(body: &Body, member: &str, value: Value) -> Body {
    let mut members = members_of(body);
    members.insert(member.to_owned(), value);
    Body::from_text(Value::from(members).to_string())
}

/// Without a member.
pub(in crate::protocol) fn without_member(body: &Body, member: &str) -> Body {
    let mut members = members_of(body);
    assert!(members.shift_remove(member).is_some(), "no {member}");
    Body::from_text(Value::from(members).to_string())
}

const AT: Timestamp = Timestamp::from_millis(-1);

fn whole() -> Body {
    Writer::default()
        .put("text", "a \"quoted\" \u{1f511}")
        .string("string", "plain \u{1f511}")
        .string("special", "a\"b\\c\nd\u{1}")
        .string_some("no_string", None)
        .put_some("none", None::<&str>)
        .text("shown", &7)
        .text_some("shown_none", None::<&u8>)
        .time("at", AT)
        .time_some("at_none", None)
        .flag("flag", true)
        .flag("no_flag", false)
        .list("list", &["x", "\n"])
        .list::<u8>("no_list", &[])
        .object("object", &Writer::default().put("inner", &1_u64).finish())
        .object_some("no_object", None)
        .put("metadata", &json!({"b": 1, "a": [0.5, null]}))
        .json("json", "[1,{}]")
        .entries(&Map::from_iter([("e".to_owned(), json!("f\""))]))
        .finish()
}

#[test]
fn what_is_written_is_read_back() {
    let body = whole();
    assert_eq!(
        body.as_str(),
        concat!(
            r#"{"text":"a \"quoted\" 🔑","string":"plain 🔑","special":"a\"b\\c\nd\u0001","#,
            r#""shown":"7","at":-1,"flag":true,"list":["x","\n"],"#,
            r#""object":{"inner":1},"metadata":{"b":1,"a":[0.5,null]},"json":[1,{}],"e":"f\""}"#
        )
    );
    let members = Members::of("thing", &body).unwrap();
    assert_eq!(members.get::<String>("text").unwrap(), "a \"quoted\" 🔑");
    let shout = |text: &str| Some(text.to_uppercase());
    assert_eq!(members.parsed("text", shout).unwrap(), "A \"QUOTED\" 🔑");
    assert_eq!(members.get_or_none::<String>("none").unwrap(), None);
    assert_eq!(members.get::<&str>("shown").unwrap(), "7");
    assert_eq!(members.time("at").unwrap(), AT);
    assert_eq!(members.time_or_none("at").unwrap(), Some(AT));
    assert_eq!(members.time_or_none("at_none").unwrap(), None);
    let flags = [members.flag("flag"), members.flag("no_flag")];
    assert_eq!(flags, [Ok(true), Ok(false)]);
    assert_eq!(members.list::<String>("list").unwrap(), ["x", "\n"]);
    assert!(members.list::<String>("no_list").unwrap().is_empty());
    let inner = members.object("object", "inner thing").unwrap();
    assert_eq!(inner.get::<u64>("inner").unwrap(), 1);
    let metadata: Map<String, Value> = members.get("metadata").unwrap();
    assert_eq!(Value::from(metadata), json!({"b": 1, "a": [0.5, null]}));
}

#[test]
fn names_that_are_not_ours_are_escaped() {
    let all = json!({"a\"b": {"c\n": 1}, "d": null});
    let body = Writer::default().entries(all.as_object().unwrap()).finish();
    assert_eq!(Value::from(members_of(&body)), all);
}

#[test]
fn nothing_says_nothing() {
    let body = Writer::default().finish();
    assert_eq!(body.as_str(), "{}");
    let members = Members::of("thing", &body).unwrap();
    assert_eq!(members.get_or_none::<String>("text").unwrap(), None);
}

#[test]
fn what_is_not_as_it_must_be_is_named() {
    type Object = Map<String, Value>;
    type Read = fn(&Members<'_>) -> Option<Damaged>;
    let rows: [(&str, &str, Read); 16] = [
        ("thing", "none", |m| m.get::<String>("none").err()),
        ("thing", "none", |m| m.parsed("none", |_| Some(())).err()),
        ("thing", "text", |m| m.parsed("text", |_| None::<()>).err()),
        ("thing", "at", |m| m.parsed("at", |_| Some(())).err()),
        ("thing", "text", |m| m.time("text").err()),
        ("thing", "shown", |m| m.flag("shown").err()),
        ("thing", "list", |m| m.list::<i64>("list").err()),
        ("thing", "at", |m| m.object("at", "inner thing").err()),
        ("thing", "real", |m| m.time("real").err()),
        // absent is nothing, null is damage
        ("thing", "null", |m| m.get_or_none::<String>("null").err()),
        ("thing", "null", |m| m.get_or_none::<Object>("null").err()),
        ("thing", "null", |m| m.flag("null").err()),
        ("thing", "null", |m| m.time_or_none("null").err()),
        ("thing", "null", |m| m.list::<String>("null").err()),
        ("thing", "null", |m| m.object("null", "inner thing").err()),
        ("inner thing", "x", |m| {
            let inner = m.object("object", "inner thing").unwrap();
            inner.get::<u64>("x").err()
        }),
    ];
    let body = with_member(&whole(), "null", Value::Null);
    let body = with_member(&body, "real", json!(1.0));
    for (row, (what, member, read)) in rows.into_iter().enumerate() {
        let members = Members::of("thing", &body).unwrap();
        assert_eq!(read(&members), Some(Damaged { what, member }), "row {row}");
    }
}

#[test]
fn what_is_no_object_says_nothing_at_all() {
    for text in ["", "[]", "null", "{", r#"{"a":1}}"#, r#"{"a":nul}"#] {
        let body = Body::from_text(text.to_owned());
        let damaged = Members::of("thing", &body).unwrap_err();
        assert_eq!((damaged.what, damaged.member), ("thing", ""), "{text}");
    }
}

proptest! {
    #[test]
    fn a_string_is_what_json_says_it_is(text in "(\\PC|[\"\\\\\\x00-\\x20\\x7f])*") {
        let body = Writer::default().string("text", &text).finish();
        prop_assert_eq!(body.as_str(), json!({"text": text}).to_string());
    }
}
