//! Roles and users of a seed.

use cardea_core::id::{RoleId, UserId};
use cardea_core::management::Method;
use cardea_core::protocol::profile;
use cardea_core::random::{self, Random};
use cardea_core::write::{UserWrite, Write};
use serde_json::{Map, Value, json};

use super::{CONNECTION, Planting, generator, said, text, text_of};
use crate::dev::secrets::User;

/// Claims of a user that the Management API does not take.
const CLAIMS: [&str; 8] = [
    "gender",
    "birthdate",
    "middle_name",
    "preferred_username",
    "profile",
    "website",
    "zoneinfo",
    "locale",
];

impl Planting<'_> {
    pub(super) fn role(&mut self, role: &Map<String, Value>) {
        let name = text(role, "name").to_owned();
        let mut body = role.clone();
        let permissions = body.remove("permissions");
        let what = ("role", name.as_str());
        let Some(made) = self.run(what, (Method::Post, "/roles"), Value::Object(body)) else {
            return;
        };
        let id = text_of(&made, "id");
        if let Some(permissions) = permissions {
            let path = format!("/roles/{id}/permissions");
            let body = json!({ "permissions": permissions });
            self.run(what, (Method::Post, &path), body);
        }
        self.role_ids
            .extend(RoleId::parse(&id).map(|id| (name, id)));
    }

    pub(super) fn user(&mut self, user: &Map<String, Value>) {
        let email = text(user, "email");
        if !email.contains('@') {
            self.problems
                .push(format!("user {email:?}: needs an email"));
            return;
        }
        if self.entries.users.iter().any(|known| known.email == email) {
            self.problems.push(format!("user {email:?}: occurs twice"));
            return;
        }
        let mut random = generator(self.label, "user", email);
        let id = random::hex(&mut random, 24);
        let password = match text(user, "password") {
            // the letters, the digit and the dash satisfy every password policy
            "" => format!("Pw7-{}", random::base62(&mut random, 20)),
            given => given.to_owned(),
        };
        let entry = User {
            email: email.to_owned(),
            password,
            id: format!("auth0|{id}"),
            connection: match text(user, "connection") {
                "" => CONNECTION.to_owned(),
                given => given.to_owned(),
            },
        };
        match self.stored_user(user, &entry, &id, &mut random) {
            Ok(writes) => self.users.extend(writes),
            Err(why) => self.problems.push(format!("user {email:?}: {why}")),
        }
        self.entries.users.push(entry);
    }

    /// Made by the API's own operation, but for its hash, its roles, and the claims that the
    /// operation does not take.
    fn stored_user(
        &self,
        user: &Map<String, Value>,
        entry: &User,
        id: &str,
        random: &mut dyn Random,
    ) -> Result<Vec<Write>, String> {
        let mut body = user.clone();
        let extra: Vec<(String, Value)> = CLAIMS
            .into_iter()
            .filter_map(|claim| Some((claim.to_owned(), body.remove(claim)?)))
            .collect();
        let roles = body.remove("roles");
        body.insert("user_id".to_owned(), id.into());
        body.insert("connection".to_owned(), entry.connection.as_str().into());
        // the rules for passwords are for people: a seed may choose a short one
        let fits = format!("Pw7-{}", random::base62(random, 20));
        body.insert("password".to_owned(), fits.into());
        let operation = (Method::Post, "/users");
        let reply = self
            .operator
            .call_for_nobody(operation, Some(Value::Object(body)), random);
        let mut reply = reply.map_err(|error| said(&error))?;
        let cost = profile::password_cost(self.operator.view.record.profile);
        let hash = self.hasher.hash(cost, &entry.password, random);
        if !reply.set_password_hash(&hash) {
            return Err("has no password".to_owned());
        }
        let mut writes = reply.writes;
        for write in &mut writes {
            if let Write::User(UserWrite::Insert(user)) = write {
                user.profile.extend(extra.iter().cloned());
            }
        }
        let user = UserId::parse(&entry.id).ok_or("has no id")?;
        for name in roles
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let known = name.as_str().and_then(|name| self.role_ids.get(name));
            let role = known.ok_or_else(|| format!("there is no role {name}"))?;
            let now = self.operator.now();
            writes.push(Write::User(UserWrite::AddRole(
                user.clone(),
                role.clone(),
                now,
            )));
        }
        Ok(writes)
    }
}
