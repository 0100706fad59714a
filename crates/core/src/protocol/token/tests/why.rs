//! `cardea why`: the trace names each requested scope once, with its rule and its verdict.

use serde_json::{Value, json};

use super::world::{API, World};
use crate::model::Profile;
use crate::protocol::trace::{Subject, Verdict};

use Verdict::{Dropped, Granted, Refused};

type Prepare = fn(&mut World);
type Steps = &'static [(&'static str, &'static str, Verdict)];

fn granted(world: &mut World, scopes: &[&str]) {
    World::member(world.grant.as_mut().unwrap(), "scope", json!(scopes));
}

/// What is asked and granted; whether there is a token; each scope, its rule, its verdict.
#[rustfmt::skip]
const ROWS: &[(&str, Prepare, bool, Steps)] = &[
    ("no scope asked: all granted ones", |_| {}, true, &[
        ("read:patients", "A0-cc-all-granted-scopes", Granted),
        ("write:patients", "A0-cc-all-granted-scopes", Granted)]),
    ("one of two asked", |w| { w.send("scope", "write:patients"); }, true, &[
        ("write:patients", "A0-cc-scope-in-grant", Granted)]),
    ("both asked, other order", |w| { w.send("scope", "write:patients read:patients"); }, true, &[
        ("write:patients", "A0-cc-scope-in-grant", Granted),
        ("read:patients", "A0-cc-scope-in-grant", Granted)]),
    ("asked twice, named once", |w| { w.send("scope", "read:patients read:patients"); }, true, &[
        ("read:patients", "A0-cc-scope-in-grant", Granted)]),
    ("one granted, one not", |w| { w.send("scope", "read:patients read:admin"); }, false, &[
        ("read:patients", "A0-cc-scope-in-grant", Granted),
        ("read:admin", "A0-cc-scope-not-in-grant", Refused)]),
    ("a scope that the API does not define", |w| { w.send("scope", "read:moon"); }, false, &[
        ("read:moon", "A0-scope-undefined", Refused)]),
    ("an OIDC scope is no scope of an application", |w| { w.send("scope", "openid read:patients"); }, false, &[
        ("openid", "A0-scope-undefined", Refused),
        ("read:patients", "A0-cc-scope-in-grant", Granted)]),
    ("granted once, gone from the API", |w| granted(w, &["read:patients", "read:old"]), true, &[
        ("read:patients", "A0-cc-all-granted-scopes", Granted),
        ("read:old", "A0-scope-undefined", Dropped)]),
    ("granted once, gone from the API, asked for", |w| { granted(w, &["read:old"]); w.send("scope", "read:old"); }, false, &[
        ("read:old", "A0-scope-undefined", Refused)]),
    ("an empty grant", |w| granted(w, &[]), true, &[]),
    ("an empty grant, something asked", |w| { granted(w, &[]); w.send("scope", "read:patients"); }, false, &[
        ("read:patients", "A0-cc-scope-not-in-grant", Refused)]),
    ("a grant of all scopes, now and later", |w| {
        granted(w, &[]);
        World::member(w.grant.as_mut().unwrap(), "allow_all_scopes", json!(true));
        w.send("scope", "read:admin");
    }, true, &[("read:admin", "A0-cc-scope-in-grant", Granted)]),
];

#[test]
fn the_trace_names_each_scope_once_with_rule_and_verdict() {
    for (what, prepare, token, expected) in ROWS {
        let mut world = World::new(Profile::Compat);
        prepare(&mut world);
        let decided = world.decide();
        assert_eq!(decided.outcome.is_ok(), *token, "{what}");
        let steps: Vec<(String, &str, Verdict)> = decided
            .trace
            .steps()
            .iter()
            .filter_map(|step| match &step.subject {
                Subject::Scope(scope) => Some((scope.to_string(), step.rule.id(), step.verdict)),
                Subject::Request
                | Subject::Client(_)
                | Subject::Audience(_)
                | Subject::Claim(_)
                | Subject::User(_) => None,
            })
            .collect();
        let expected: Vec<(String, &str, Verdict)> = expected
            .iter()
            .map(|(scope, rule, verdict)| ((*scope).to_owned(), *rule, *verdict))
            .collect();
        assert_eq!(steps, expected, "{what}");
    }
}

#[test]
fn the_way_to_the_api_is_in_the_trace() {
    type Row = (&'static str, Prepare);
    #[rustfmt::skip]
    let rows: [Row; 3] = [
        ("A0-audience", |_| {}),
        ("RFC8707-2-resource", |w| { w.send("audience", "").send("resource", API); }),
        ("A0-default-audience", |w| {
            w.send("audience", "");
            World::member(&mut w.settings, "default_audience", json!(API));
        }),
    ];
    for (rule, prepare) in rows {
        let mut world = World::new(Profile::Compat);
        prepare(&mut world);
        let trace: Value = serde_json::from_str(world.decide().trace.to_text().as_str()).unwrap();
        let step = json!({"rule": rule, "subject": format!("audience {API}"), "verdict": "passed"});
        assert!(trace.as_array().unwrap().contains(&step), "{rule}: {trace}");
    }
}

#[test]
fn resource_is_ignored_where_the_tenant_says_so() {
    let mut world = World::new(Profile::Compat);
    World::member(
        &mut world.settings,
        "resource_parameter_profile",
        Value::from("audience"),
    );
    world.send("audience", "").send("resource", API);
    assert_eq!(world.refusal().rule().id(), "A0-audience-required");
}
