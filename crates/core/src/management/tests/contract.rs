//! The tables against the published contract, where the environment names its folder.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::call::{Call, Caller, PathParams, Query};
use super::super::schema::{Field, Mode, Object, Rest, Type};
use super::super::validate::body as validate;
use super::super::{not_yet, operations};
use super::World;
use super::bodies::bodies;
use crate::id::ClientId;
use crate::model::Issuer;
use crate::scope::Scopes;

#[expect(
    clippy::disallowed_methods,
    reason = "a test's input, not the program's configuration"
)]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn contract() -> Option<Value> {
    let Ok(folder) = std::env::var("CARDEA_CONTRACTS") else {
        eprintln!("skipped: CARDEA_CONTRACTS does not name the folder of the contracts");
        return None;
    };
    let text = std::fs::read_to_string(format!("{folder}/management-api-oas.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn resolve<'a>(contract: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(path) => resolve(
            contract,
            contract.pointer(path.trim_start_matches('#')).unwrap(),
        ),
        None => schema,
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[test]
fn served_and_not_yet_are_the_whole_contract() {
    let Some(contract) = contract() else { return };
    let mut promised = BTreeSet::new();
    for (path, item) in contract["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let method = method.to_uppercase();
            promised.insert(format!("{method} {path}"));
            let scopes: Vec<&str> = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|way| way["oAuth2ClientCredentials"].as_array())
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let served = operations()
                .iter()
                .find(|o| o.method.as_str() == method && o.path == path);
            if let Some(served) = served {
                assert_eq!(served.id, operation["operationId"], "{method} {path}");
                assert_eq!(served.needs.scopes(), scopes, "{method} {path}");
            } else {
                let known = not_yet()
                    .iter()
                    .find(|known| known.method.as_str() == method && known.path == path);
                assert_eq!(known.unwrap().scopes, scopes.join(","), "{method} {path}");
            }
        }
    }
    let served = operations()
        .iter()
        .map(|o| format!("{} {}", o.method.as_str(), o.path));
    let planned = not_yet()
        .iter()
        .map(|o| format!("{} {}", o.method.as_str(), o.path));
    assert_eq!(served.chain(planned).collect::<BTreeSet<_>>(), promised);
}

/// What differs on purpose (decision 0002).
const ON_PURPOSE: [&str; 5] = [
    "patch /users/{id}: is open",
    "post /device-credentials: is open",
    "patch /branding.colors.page_background: type is not required",
    "patch /branding.colors.page_background: start is not required",
    "patch /branding.colors.page_background: end is not required",
];

struct Comparison<'a> {
    contract: &'a Value,
    mode: Mode,
    differences: Vec<String>,
}

impl Comparison<'_> {
    fn differs(&mut self, path: &str, what: &str) {
        self.differences.push(format!("{path}: {what}"));
    }

    fn object(&mut self, schema: &Value, object: &Object, top: bool, path: &str) {
        let properties = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, property) in &properties {
            let path = format!("{path}.{name}");
            match object.field(name, self.mode) {
                None => self.differs(&path, "is missing"),
                Some(field) => self.field(property, field, &path),
            }
        }
        let demanding = !top || self.mode == Mode::Create;
        for field in object
            .fields
            .iter()
            .filter(|field| field.required && demanding)
        {
            if field.is_in(self.mode) && !required.contains(&field.name) {
                self.differs(path, &format!("{} is not required", field.name));
            }
        }
        for name in required.iter().filter(|_| demanding) {
            if !object
                .field(name, self.mode)
                .is_some_and(|field| field.required)
            {
                self.differs(path, &format!("{name} is required"));
            }
        }
        let open = !matches!(object.rest, Rest::Closed);
        if schema["additionalProperties"] != json!(false) && !open {
            self.differs(path, "is open");
        }
        let min = schema["minProperties"].as_u64().unwrap_or(0);
        if u64::try_from(object.min).unwrap() > min && demanding_members(top, self.mode) {
            self.differs(path, "may have fewer members");
        }
    }

    fn field(&mut self, schema: &Value, field: &Field, path: &str) {
        let schema = resolve(self.contract, schema);
        let listed = schema["type"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let one = schema["type"].as_str();
        let types: Vec<&str> = listed.iter().filter_map(Value::as_str).chain(one).collect();
        if types.contains(&"null") && !field.may_be_null(self.mode) {
            self.differs(path, "may be null");
        }
        self.kind(schema, field.kind, &types, path);
    }

    fn kind(&mut self, schema: &Value, kind: Type, types: &[&str], path: &str) {
        let number = |name: &str, default: i64| schema[name].as_i64().unwrap_or(default);
        let words: Vec<&str> = schema["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fits = match kind {
            Type::Any => true,
            Type::Bool => types.contains(&"boolean"),
            Type::Integer(min, max) => {
                if min > number("minimum", 1) || max < number("maximum", i64::from(i32::MAX)) {
                    self.differs(path, "has other bounds");
                }
                types.contains(&"integer") || types.contains(&"number")
            }
            Type::Text(text) => {
                let known = |word: &&str| text.one_of.contains(word);
                if !words.iter().all(known) || (words.is_empty() && !text.one_of.is_empty()) {
                    self.differs(path, "has other words");
                }
                // an empty string may be refused where the contract says nothing
                let (min, max) = (number("minLength", 1), number("maxLength", 0));
                let length = |count: usize| i64::try_from(count).unwrap();
                if length(text.min) > min || length(text.max) < max {
                    self.differs(path, "has another length");
                }
                types.contains(&"string") || !words.is_empty()
            }
            Type::List(list) => {
                if i64::try_from(list.min).unwrap() > number("minItems", 0) {
                    self.differs(path, "may be shorter");
                }
                let item = resolve(self.contract, &schema["items"]).clone();
                let types: Vec<&str> = item["type"].as_str().into_iter().collect();
                self.kind(&item, list.item, &types, &format!("{path}[]"));
                types.is_empty() || schema["items"].is_object()
            }
            Type::TextOrList(_) => schema["oneOf"].is_array(),
            Type::TextOrObject(_, object) => {
                // the second way is the object
                let schema = schema["oneOf"][1].clone();
                self.object(&schema, object, false, path);
                schema.is_object()
            }
            Type::Object(object) => {
                self.object(schema, object, false, path);
                types.contains(&"object")
            }
        };
        if !fits {
            self.differs(path, &format!("is {types:?}"));
        }
    }
}

#[test]
fn every_member_type_and_word_of_the_contract_is_in_the_tables() {
    let Some(contract) = contract() else { return };
    let mut differences = Vec::new();
    for (path, method, object, mode) in bodies() {
        let content =
            &contract["paths"][path][method]["requestBody"]["content"]["application/json"];
        let schema = resolve(&contract, &content["schema"]);
        let mut comparison = Comparison {
            contract: &contract,
            mode,
            differences: Vec::new(),
        };
        comparison.object(schema, object, true, &format!("{method} {path}"));
        differences.append(&mut comparison.differences);
    }
    for known in ON_PURPOSE {
        assert!(
            differences.iter().any(|differs| differs == known),
            "{known}"
        );
    }
    differences.retain(|differs| !ON_PURPOSE.contains(&differs.as_str()));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A create's body is never empty, since something is required.
fn demanding_members(top: bool, mode: Mode) -> bool {
    !top || mode == Mode::Patch
}

/// A value as the contract describes it: its example, its default, its first word, or one of its
/// type.
fn sample(contract: &Value, schema: &Value) -> Value {
    let schema = resolve(contract, schema);
    for given in [&schema["example"], &schema["default"], &schema["enum"][0]] {
        if !given.is_null() {
            return given.clone();
        }
    }
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    match (kind, schema["format"].as_str()) {
        (Some("boolean"), _) => json!(true),
        (Some("integer" | "number"), _) => schema["minimum"].as_i64().unwrap_or(1).into(),
        (Some("array"), _) => {
            let items = usize::try_from(schema["minItems"].as_u64().unwrap_or(1).max(1));
            vec![sample(contract, &schema["items"]); items.unwrap()].into()
        }
        (Some("object"), _) => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let members = properties.map(|(name, value)| (name.clone(), sample(contract, value)));
            let members: serde_json::Map<String, Value> = members.collect();
            match schema["maxProperties"].as_u64() {
                Some(1) => Value::Object(members.into_iter().take(1).collect()),
                _ => Value::Object(members),
            }
        }
        (_, Some("callback-url")) => json!("https://a.example/callback"),
        (_, Some("organization-id")) => json!("org_0123456789abcdef"),
        (_, Some("credential-id")) => json!("cred_0123456789abcdefABCDEF"),
        (_, Some("user-attribute-profile-id")) => json!("uap_0123456789abcdefABCDEF"),
        (_, Some("connection-profile-id")) => json!("cop_0123456789abcdefABCDEF"),
        (_, Some("date-time")) => json!("2040-02-07T12:40:17.807Z"),
        (_, Some("acr" | "client-id" | "connection-realm" | "session-id")) => json!("abc"),
        (_, Some("email-or-empty" | "email")) => json!("a@b.example"),
        (_, Some("html-color-or-null")) => json!("#0059d6"),
        (_, Some("user-id" | "user-id-with-max-length")) => json!("auth0|abc"),
        (_, Some(_)) => json!("https://a.example"),
        // any string for the contract, which says in words that it is a colour
        (None, None) if schema["oneOf"].is_array() && described(schema, "solid color") => {
            json!("#0059d6")
        }
        (None, None) if schema["oneOf"].is_array() => sample(contract, &schema["oneOf"][0]),
        (None, None) => json!({}),
        _ => match schema["pattern"].as_str() {
            Some("^([A-Za-z0-9+/]){86}==$") => json!("A".repeat(86) + "=="),
            Some("^[A-Z]{2}$") => json!("US"),
            Some("^con_[A-Za-z0-9]{16}$") => json!("con_0123456789abcdef"),
            _ if schema["oneOf"].is_array() => json!("10.0.0.1"),
            _ => json!("a".repeat(
                usize::try_from(schema["minLength"].as_u64().unwrap_or(3).max(3)).unwrap()
            )),
        },
    }
}

fn described(schema: &Value, words: &str) -> bool {
    schema["description"]
        .as_str()
        .is_some_and(|text| text.contains(words))
}

#[test]
fn every_example_of_the_contract_is_accepted() {
    let Some(contract) = contract() else { return };
    let view = World::compat().view();
    let issuer = Issuer::new("https", &view.record.host);
    let caller = Caller {
        client_id: ClientId::parse("c").unwrap(),
        user: None,
        scopes: Scopes::default(),
    };
    for (path, method, object, mode) in bodies() {
        let content =
            &contract["paths"][path][method]["requestBody"]["content"]["application/json"];
        let examples = content["examples"].as_object().into_iter().flatten();
        let mut bodies: Vec<Value> = examples
            .map(|(_, example)| example["value"].clone())
            .collect();
        bodies.extend(content.get("example").cloned());
        bodies.push(sample(&contract, &content["schema"]));
        for body in bodies {
            let call = Call {
                tenant: &view,
                issuer: &issuer,
                scheme: "https",
                path: PathParams::default(),
                query: Query::default(),
                body: Some(body),
                caller: &caller,
                now: super::NOW,
            };
            let result = validate(&call, object, mode).map(|_| ());
            assert_eq!(result, Ok(()), "{method} {path}");
        }
    }
}

#[test]
fn answers_have_the_members_that_the_contract_requires() {
    let Some(contract) = contract() else { return };
    let mut world = World::compat();
    let client = world.client(json!({ "name": "a" }));
    let calls = [
        ("/keys/signing", "get", "/keys/signing".to_owned(), "200"),
        (
            "/keys/signing/{kid}",
            "get",
            "/keys/signing/kid-next".to_owned(),
            "200",
        ),
        (
            "/keys/signing/rotate",
            "post",
            "/keys/signing/rotate".to_owned(),
            "201",
        ),
        (
            "/keys/signing/{kid}/revoke",
            "put",
            "/keys/signing/kid-next/revoke".to_owned(),
            "200",
        ),
        (
            "/clients/{id}/connections",
            "get",
            format!("/clients/{client}/connections"),
            "200",
        ),
    ];
    for (path, method, target, status) in calls {
        let answer = world.ok(&method.to_uppercase(), &target, Value::Null);
        let response = &contract["paths"][path][method]["responses"][status]["content"];
        let schema = resolve(&contract, &response["application/json"]["schema"]);
        let (schema, answer) = match answer.get(0) {
            Some(item) => (resolve(&contract, &schema["items"]), item),
            None => (schema, &answer),
        };
        for name in schema["required"].as_array().unwrap() {
            assert!(
                answer.get(name.as_str().unwrap()).is_some(),
                "{method} {path}: {name}"
            );
        }
    }
}
