//! Bodies and queries against their tables, with the texts of the reference.

use serde_json::{Map, Value};

use super::call::{Call, Query};
use super::error::ApiError;
use super::schema::{Field, List, Mode, Object, Rest, Text, Type};

/// Attack MGMT-19: free data is bounded in depth and in size.
const MAX_DEPTH: usize = 10;
const MAX_FREE_BYTES: usize = 16 * 1024;
/// How much of a refused value an error repeats.
const MAX_ECHO: usize = 200;

/// What is wrong, and where.
#[derive(Debug)]
struct Flaw {
    what: String,
    property: String,
}

/// The call's body, if it is a list that keeps to the table.
pub(super) fn list_body<'a>(call: &'a Call<'_>, list: &List) -> Result<&'a [Value], ApiError> {
    let checker = Checker {
        mode: Mode::Create,
        top: false,
    };
    let Some(Value::Array(items)) = &call.body else {
        let found = call.body.as_ref().map_or("undefined", type_name);
        return Err(ApiError::payload(&wrong_type("array", found), ""));
    };
    checker
        .list(items, list, "")
        .map_err(|flaw| ApiError::payload(&flaw.what, &flaw.property))?;
    Ok(items)
}

/// The call's body, if it keeps to the table.
pub(super) fn body<'a>(
    call: &'a Call<'_>,
    object: &Object,
    mode: Mode,
) -> Result<&'a Map<String, Value>, ApiError> {
    let body = match &call.body {
        Some(Value::Object(members)) => members,
        other => {
            let found = other.as_ref().map_or("undefined", type_name);
            return Err(ApiError::payload(&wrong_type("object", found), ""));
        }
    };
    let checker = Checker { mode, top: true };
    checker
        .object(body, object, "")
        .map_err(|flaw| ApiError::payload(&flaw.what, &flaw.property))?;
    Ok(body)
}

#[derive(Debug, Clone, Copy)]
struct Checker {
    mode: Mode,
    /// At the top of the body, required members are required on create alone.
    top: bool,
}

impl Checker {
    fn object(self, members: &Map<String, Value>, object: &Object, path: &str) -> Result<(), Flaw> {
        let demanding = !self.top || self.mode == Mode::Create;
        let missing = object.fields.iter().find(|field| {
            demanding
                && field.required
                && field.is_in(self.mode)
                && !members.contains_key(field.name)
        });
        if let Some(field) = missing {
            return flaw(format!("Missing required property: {}", field.name), path);
        }
        self.unknown(members, object, path)?;
        let count = members.len();
        if count < object.min {
            let min = object.min;
            return flaw(
                format!("Too few properties defined ({count}), minimum {min}"),
                path,
            );
        }
        if count > object.max {
            let max = object.max;
            return flaw(
                format!("Too many properties defined ({count}), maximum {max}"),
                path,
            );
        }
        for (name, value) in members {
            let path = join(path, name);
            match (object.field(name, self.mode), object.rest) {
                (Some(field), _) => self.field(value, field, &path)?,
                // null removes the member where the object is merged
                (None, Rest::Each(kind)) => self.nested().value(value, kind, true, &path)?,
                (None, Rest::Open | Rest::Closed) => free(value, &path)?,
            }
        }
        Ok(())
    }

    fn unknown(
        self,
        members: &Map<String, Value>,
        object: &Object,
        path: &str,
    ) -> Result<(), Flaw> {
        if !matches!(object.rest, Rest::Closed) {
            return Ok(());
        }
        let unknown: Vec<_> = members
            .keys()
            .filter(|name| object.field(name, self.mode).is_none())
            .map(|name| echo(name))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        flaw(
            format!("Additional properties not allowed: {}", unknown.join(",")),
            path,
        )
    }

    const fn nested(self) -> Self {
        Self { top: false, ..self }
    }

    fn field(self, value: &Value, field: &Field, path: &str) -> Result<(), Flaw> {
        self.nested()
            .value(value, field.kind, field.may_be_null(self.mode), path)
    }

    fn value(self, value: &Value, kind: Type, null: bool, path: &str) -> Result<(), Flaw> {
        match (kind, value) {
            (_, Value::Null) if null => Ok(()),
            (Type::Any, _) => free(value, path),
            (Type::Bool, Value::Bool(_)) => Ok(()),
            (Type::Integer(min, max), Value::Number(number)) if !number.is_f64() => {
                integer(number, min, max, path)
            }
            (Type::Text(text) | Type::TextOrObject(text, _), Value::String(given)) => {
                string(given, &text, path)
            }
            (Type::List(list) | Type::TextOrList(list), Value::Array(items)) => {
                self.list(items, list, path)
            }
            (Type::TextOrList(list), Value::String(_)) => self.value(value, list.item, null, path),
            (Type::Object(object) | Type::TextOrObject(_, object), Value::Object(members)) => {
                self.object(members, object, path)
            }
            (expected, _) => {
                let null = if null { ",null" } else { "" };
                let expected = format!("{}{null}", expected.name());
                flaw(wrong_type(&expected, type_name(value)), path)
            }
        }
    }

    fn list(self, items: &[Value], list: &List, path: &str) -> Result<(), Flaw> {
        let (count, min, max) = (items.len(), list.min, list.max);
        if count < min {
            return flaw(format!("Array is too short ({count}), minimum {min}"), path);
        }
        if count > max {
            return flaw(format!("Array is too long ({count}), maximum {max}"), path);
        }
        for (position, item) in items.iter().enumerate() {
            self.value(item, list.item, false, &format!("{path}[{position}]"))?;
            let first = items.iter().take(position).position(|known| known == item);
            if let Some(first) = first.filter(|_| list.unique) {
                let what = format!("Array items are not unique (indexes {first} and {position})");
                return flaw(what, path);
            }
        }
        Ok(())
    }
}

impl Type {
    const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Bool => "boolean",
            Self::Integer(..) => "integer",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::TextOrList(_) => "array,string",
            Self::TextOrObject(..) => "string,object",
            Self::Object(_) => "object",
        }
    }
}

fn flaw<T>(what: String, property: &str) -> Result<T, Flaw> {
    Err(Flaw {
        what,
        property: property.to_owned(),
    })
}

fn wrong_type(expected: &str, found: &str) -> String {
    format!("Expected type {expected} but found type {found}")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        echo(name)
    } else {
        format!("{path}.{}", echo(name))
    }
}

fn echo(text: &str) -> String {
    text.chars().take(MAX_ECHO).collect()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A number beyond 64 bits is beyond the maximum, not a wrap-around (attack MGMT-33).
fn integer(number: &serde_json::Number, min: i64, max: i64, path: &str) -> Result<(), Flaw> {
    match number.as_i64() {
        Some(given) if given < min => {
            flaw(format!("Value {given} is less than minimum {min}"), path)
        }
        Some(given) if given <= max => Ok(()),
        Some(_) | None => flaw(
            format!("Value {number} is greater than maximum {max}"),
            path,
        ),
    }
}

fn string(given: &str, text: &Text, path: &str) -> Result<(), Flaw> {
    if !text.one_of.is_empty() && !text.one_of.contains(&given) {
        return flaw(format!("No enum match for: {}", echo(given)), path);
    }
    let (length, min, max) = (given.chars().count(), text.min, text.max);
    if length < min {
        return flaw(
            format!("String is too short ({length} chars), minimum {min}"),
            path,
        );
    }
    if length > max {
        return flaw(
            format!("String is too long ({length} chars), maximum {max}"),
            path,
        );
    }
    match text.rule.filter(|rule| !(rule.check)(given)) {
        None => Ok(()),
        Some(rule) if rule.pattern => flaw(
            format!(
                "String does not match pattern {}: {}",
                rule.name,
                echo(given)
            ),
            path,
        ),
        Some(rule) => {
            let (name, given) = (rule.name, echo(given));
            flaw(
                format!("Object didn't pass validation for format {name}: {given}"),
                path,
            )
        }
    }
}

/// Free data that was put together from several bodies: the same limits (attack MGMT-19).
pub(super) fn free_data(members: &Map<String, Value>, property: &str) -> Result<(), ApiError> {
    free(&Value::Object(members.clone()), property)
        .map_err(|flaw| ApiError::payload(&flaw.what, &flaw.property))
}

/// Data that the table says nothing about is stored as it is; `__proto__` is a name like others.
fn free(value: &Value, path: &str) -> Result<(), Flaw> {
    if depth(value) > MAX_DEPTH {
        return flaw(
            format!("Object is nested too deeply, maximum {MAX_DEPTH}"),
            path,
        );
    }
    let bytes = value.to_string().len();
    if bytes > MAX_FREE_BYTES {
        return flaw(
            format!("Object is too large ({bytes} bytes), maximum {MAX_FREE_BYTES}"),
            path,
        );
    }
    Ok(())
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// A query parameter. A list may be repeated; anything else may not.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) kind: Type,
}

pub(super) const fn param(name: &'static str, kind: Type) -> Param {
    Param { name, kind }
}

/// A query that keeps to its table.
#[derive(Debug)]
pub(super) struct Params(Map<String, Value>);

impl Params {
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        let items = self.0.get(name)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str).collect())
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, ApiError> {
        let missing = || ApiError::query(&format!("Missing required property: {name}"), "");
        self.text(name).ok_or_else(missing)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The query, if each of its parameters is known, of its type, and named once.
pub(super) fn query(query: &Query, tables: &[&[Param]]) -> Result<Params, ApiError> {
    let mut params = Map::new();
    for (name, text) in &query.0 {
        let Some(known) = tables
            .iter()
            .copied()
            .flatten()
            .find(|known| known.name == name)
        else {
            let what = format!("Additional properties not allowed: {}", echo(name));
            return Err(ApiError::query(&what, ""));
        };
        let value = read(text, known.kind);
        match (known.kind, params.get_mut(name)) {
            (Type::List(_), Some(Value::Array(items))) => items.push(value),
            (Type::List(_), _) => {
                params.insert(name.clone(), Value::Array(vec![value]));
            }
            (kind, Some(_)) => {
                return Err(ApiError::query(&wrong_type(kind.name(), "array"), name));
            }
            (_, None) => {
                params.insert(name.clone(), value);
            }
        }
    }
    let checker = Checker {
        mode: Mode::Create,
        top: false,
    };
    for known in tables.iter().copied().flatten() {
        if let Some(value) = params.get(known.name) {
            checker
                .value(value, known.kind, false, known.name)
                .map_err(|flaw| ApiError::query(&flaw.what, &flaw.property))?;
        }
    }
    Ok(Params(params))
}

/// A query has only strings; one that does not read as its type stays one and is refused.
fn read(text: &str, kind: Type) -> Value {
    match (kind, text) {
        (Type::Bool, "true") => true.into(),
        (Type::Bool, "false") => false.into(),
        (Type::Integer(..), digits) => digits
            .parse::<i64>()
            .map_or_else(|_| text.into(), Into::into),
        _ => text.into(),
    }
}
