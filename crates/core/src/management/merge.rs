//! What `PATCH` does to a stored body.

use serde_json::{Map, Value};

use super::schema::{Mode, Object};

/// Top-level members replace; null removes; members that the table calls merged are merged one
/// level deep, where null removes again. Arrays are replaced.
pub(super) fn merge(object: &Object, stored: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        let merged = object
            .field(name, Mode::Patch)
            .is_some_and(|field| field.merged);
        match (value, stored.get_mut(name)) {
            (Value::Null, _) => {
                stored.shift_remove(name);
            }
            (Value::Object(new), Some(Value::Object(old))) if merged => put_all(old, new),
            (Value::Object(new), _) if merged => {
                let mut fresh = Map::new();
                put_all(&mut fresh, new);
                stored.insert(name.clone(), Value::Object(fresh));
            }
            _ => {
                stored.insert(name.clone(), value.clone());
            }
        }
    }
}

fn put_all(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (name, value) in from {
        if value.is_null() {
            into.shift_remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}

/// A create's body as it is stored: null means that it was not given.
pub(super) fn given(object: &Object, body: &Map<String, Value>) -> Map<String, Value> {
    let mut stored = Map::new();
    for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
        let merged = object
            .field(name, Mode::Create)
            .is_some_and(|field| field.merged);
        let mut value = value.clone();
        if let Some(members) = value.as_object_mut().filter(|_| merged) {
            members.retain(|_, member| !member.is_null());
        }
        stored.insert(name.clone(), value);
    }
    stored
}
