//! What is wrong with a new password, in people's words.

use cardea_core::model::TenantView;
use cardea_core::protocol::password_policy::{PasswordFault, Policy};

use crate::pages::Look;

/// The fewest characters of a connection's passwords.
pub(crate) fn least(view: &TenantView, connection: &str) -> usize {
    let entry = view.connection(connection);
    entry.map_or(8, |entry| {
        let policy = Policy::of(&entry.document, view.record.profile);
        policy.complexity.least_length
    })
}

/// The hint beside the field.
pub(crate) fn hint(look: &Look, least: usize) -> String {
    look.with("password-hint", &[("count", &least.to_string())])
}

/// Why this one is not taken.
pub(crate) fn problem(look: &Look, fault: &PasswordFault, typed: &str, least: usize) -> String {
    let id = match fault {
        PasswordFault::TooLong => "error-password-long",
        PasswordFault::Weak(_) if typed.chars().count() < least => {
            return look.with("error-password-short", &[("count", &least.to_string())]);
        }
        PasswordFault::Weak(_) | PasswordFault::Guessable => "error-password-weak",
        PasswordFault::Common => "error-password-common",
        PasswordFault::Personal => "error-password-personal",
        PasswordFault::Reused => "error-password-reused",
    };
    look.say(id)
}
