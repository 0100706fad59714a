//! `fields` and `include_fields`.

use serde_json::{Map, Value};

use super::error::ApiError;
use super::schema::{BOOL, Type, text};
use super::validate::{Param, Params, param};

/// The two parameters.
pub(super) const FIELDS: &[Param] = &[param("fields", FIELD_LIST), param("include_fields", BOOL)];
const FIELD_LIST: Type = text(0, 2000);

/// Which members an answer shows.
#[derive(Debug)]
pub(super) struct Projection {
    names: Vec<String>,
    include: bool,
}

impl Projection {
    /// Reads the parameters. A name that no answer has is refused (attack MGMT-15).
    pub(super) fn read(params: &Params, known: impl Fn(&str) -> bool) -> Result<Self, ApiError> {
        let names: Vec<String> = params
            .text("fields")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        if let Some(unknown) = names.iter().find(|name| !known(&first(name))) {
            let what = format!("Invalid value \"{unknown}\"");
            return Err(ApiError::query(&what, "fields"));
        }
        Ok(Self {
            names,
            include: params.flag("include_fields").unwrap_or(true),
        })
    }

    /// The members that are asked for by name.
    pub(super) fn asked(&self) -> impl Iterator<Item = &str> {
        self.names
            .iter()
            .filter(|_| self.include)
            .map(String::as_str)
    }

    /// The answer, cut to what was asked for.
    pub(super) fn apply(&self, mut shown: Map<String, Value>) -> Map<String, Value> {
        if self.names.is_empty() {
            return shown;
        }
        if !self.include {
            for name in &self.names {
                remove(&mut shown, name);
            }
            return shown;
        }
        let mut cut = Map::new();
        for (name, value) in shown {
            let whole = self.names.contains(&name);
            let parts: Vec<_> = self
                .names
                .iter()
                .filter_map(|wanted| wanted.strip_prefix(&name)?.strip_prefix('.'))
                .collect();
            if whole {
                cut.insert(name, value);
            } else if let (Value::Object(mut inner), false) = (value, parts.is_empty()) {
                inner.retain(|member, _| parts.contains(&member.as_str()));
                cut.insert(name, Value::Object(inner));
            }
        }
        cut
    }
}

fn remove(shown: &mut Map<String, Value>, name: &str) {
    match name.split_once('.') {
        None => {
            shown.shift_remove(name);
        }
        Some((outer, inner)) => {
            if let Some(Value::Object(members)) = shown.get_mut(outer) {
                members.shift_remove(inner);
            }
        }
    }
}
