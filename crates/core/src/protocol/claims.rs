//! Claims of a token or of an answer about a user, and the standard ones among them (OIDC Core
//! 5.1, 5.4; auth-semantics 3.1): which scope gives which.

use serde::Serialize;
use serde::ser::Serializer;
use serde_json::Value;

use super::profile;
use crate::model::{Body, Profile, User, Writer};
use crate::scope::Scopes;

/// Claims, in the order in which they were first put. They borrow what they tell: an answer has
/// two dozen, and each would be two allocations.
#[derive(Debug)]
pub struct Claims<'a>(Vec<(&'static str, Claim<'a>)>);

/// The value of a claim.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Claim<'a> {
    /// Text.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// As it is stored.
    Stored(&'a Value),
    /// Made for this.
    Made(Value),
}

impl<'a> From<&'a str> for Claim<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Claim<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Value> for Claim<'_> {
    fn from(value: Value) -> Self {
        Self::Made(value)
    }
}

impl<'a> Claims<'a> {
    /// None yet, and room for what there usually is.
    pub fn new() -> Self {
        Self(Vec::with_capacity(24))
    }

    /// Puts a claim: the last one of a name counts.
    pub fn put(&mut self, name: &'static str, value: impl Into<Claim<'a>>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Claims<'_> {
    /// As a token says them.
    pub fn to_body(&self) -> Body {
        const USUAL: usize = 1024;
        let writer = Writer::with_room_for(USUAL);
        let claims = self.0.iter();
        let all = claims.fold(writer, |writer, (name, claim)| match claim {
            Claim::Text(text) => writer.string(name, text),
            Claim::Stored(Value::String(text)) | Claim::Made(Value::String(text)) => {
                writer.string(name, text)
            }
            Claim::Number(_) | Claim::Flag(_) | Claim::Stored(_) | Claim::Made(_) => {
                writer.put(name, claim)
            }
        });
        all.finish()
    }
}

impl Default for Claims<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// What `profile` gives, of what the user has. `updated_at` comes after them.
const PROFILE: [&str; 13] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
];

/// The other standard claims.
const OTHERS: [&str; 6] = [
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "address",
];

/// Adds the claims that the scopes give. `sub` is not among them.
pub fn standard<'a>(claims: &mut Claims<'a>, user: &'a User, scopes: &Scopes, wire: Profile) {
    let mut give = |name: &'static str| {
        if let Some(value) = claim(user, name, wire) {
            claims.put(name, value);
        }
    };
    if scopes.contains("profile") {
        PROFILE.into_iter().for_each(&mut give);
        give("updated_at");
    }
    if scopes.contains("email") {
        ["email", "email_verified"].into_iter().for_each(&mut give);
    }
    if scopes.contains("phone") {
        ["phone_number", "phone_number_verified"]
            .into_iter()
            .for_each(&mut give);
    }
    if scopes.contains("address") {
        give("address");
    }
}

/// Adds claims that were asked for one by one (OIDC Core 5.5), whatever the scopes. No other name
/// than a standard claim's gives anything (attack JWT-31).
pub fn asked<'a>(claims: &mut Claims<'a>, user: &'a User, names: &[String], wire: Profile) {
    for name in names {
        let known = PROFILE
            .into_iter()
            .chain(OTHERS)
            .find(|known| known == name);
        if let Some(name) = known
            && let Some(value) = claim(user, name, wire)
        {
            claims.put(name, value);
        }
    }
}

/// One standard claim, if the user has it.
fn claim<'a>(user: &'a User, name: &'static str, wire: Profile) -> Option<Claim<'a>> {
    match name {
        "email" => user.email.as_deref().map(Claim::Text),
        "email_verified" => user
            .email
            .as_ref()
            .map(|_| Claim::Flag(user.email_verified)),
        "phone_number" => user.phone_number.as_deref().map(Claim::Text),
        "phone_number_verified" => user
            .phone_number
            .as_ref()
            .map(|_| Claim::Flag(user.phone_verified)),
        "updated_at" => Some(profile::updated_at(user.updated_at, wire).into()),
        _ => {
            // a handful: to look through them is faster than to hash every name that there may be
            let mut attributes = user.profile.iter();
            let (_, value) = attributes.find(|(known, _)| *known == name)?;
            Some(Claim::Stored(value)).filter(|_| !value.is_null())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_says_what_an_answer_says() {
        let stored = [json!(null), json!("s\"t"), json!({"a": [1]})];
        let mut claims = Claims::new();
        claims.put("text", "a\"b");
        claims.put("number", -1_i64);
        claims.put("flag", Claim::Flag(true));
        for (name, value) in ["null", "string", "object"].into_iter().zip(&stored) {
            claims.put(name, Claim::Stored(value));
        }
        claims.put("made", json!("m"));
        claims.put("text", "last");
        let text = serde_json::to_string(&claims).unwrap();
        assert_eq!(claims.to_body().as_str(), text);
        assert!(text.starts_with(r#"{"text":"last","number":-1,"flag":true,"null":null,"#));
    }
}
