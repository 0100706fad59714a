//! What a new password must be, and what is wrong with one, in people's words.

use cardea_core::model::TenantView;
use cardea_core::protocol::password_policy::{Class, Complexity, Demand, PasswordFault, Policy};

use crate::pages::Look;

/// The rules of a connection's passwords.
pub(crate) fn rules(view: &TenantView, connection: &str) -> Option<Complexity> {
    let entry = view.connection(connection)?;
    Some(Policy::of(&entry.document, view.record.profile).complexity)
}

/// The hint beside the field: all rules.
pub(crate) fn hint(look: &Look, rules: Option<&Complexity>) -> String {
    let demands: Vec<Demand<'_>> = rules.into_iter().flat_map(Complexity::demands).collect();
    let mut said: Vec<String> = demands.iter().map(|demand| say(look, *demand)).collect();
    // where length is all that counts, how to get there
    if demands.len() < 2 {
        said.push(look.say("password-advice"));
    }
    said.join(" ")
}

/// Why this one is not taken.
pub(crate) fn problem(
    look: &Look,
    fault: &PasswordFault,
    typed: &str,
    rules: Option<&Complexity>,
) -> String {
    let id = match fault {
        PasswordFault::TooLong => "error-password-long",
        PasswordFault::Weak(_) => {
            let unmet = |demand: &Demand<'_>| !demand.is_met(typed);
            let first = rules.and_then(|rules| rules.demands().find(unmet));
            return first.map_or_else(
                || look.say("error-password-weak"),
                |demand| say(look, demand),
            );
        }
        PasswordFault::Guessable => "error-password-weak",
        PasswordFault::Common => "error-password-common",
        PasswordFault::Personal => "error-password-personal",
        PasswordFault::Reused => "error-password-reused",
    };
    look.say(id)
}

fn say(look: &Look, demand: Demand<'_>) -> String {
    match demand {
        Demand::Length(least) => look.with("password-length", &[("count", &least.to_string())]),
        Demand::Kinds(needed, kinds) => {
            let names: Vec<String> = kinds.iter().map(|kind| look.say(name(*kind))).collect();
            let (needed, names) = (needed.to_string(), names.join(", "));
            if needed == kinds.len().to_string() {
                look.with("password-kinds", &[("kinds", &names)])
            } else {
                look.with(
                    "password-some-kinds",
                    &[("count", &needed), ("kinds", &names)],
                )
            }
        }
        Demand::NoRuns => look.say("password-runs"),
        Demand::NoSequences => look.say("password-sequences"),
    }
}

const fn name(kind: Class) -> &'static str {
    match kind {
        Class::Lower => "kind-lower",
        Class::Upper => "kind-upper",
        Class::Digit => "kind-digit",
        Class::Special => "kind-special",
    }
}
