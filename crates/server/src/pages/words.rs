//! A tenant's own words on the pages of a login: which of ours each of Auth0's names stands for.

use cardea_core::model::{Document, own_words};

use super::look::cleaned;

/// A page whose words a tenant can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// Identifier and password on one page.
    Login,
    /// The identifier, on a page of its own.
    Identifier,
    /// And the password after it.
    Password,
    /// A new account.
    Signup,
}

type Names = &'static [(&'static str, &'static str)];

const LOGIN: Names = &[
    ("login-title", "title"),
    ("login-lead", "description"),
    ("log-in", "buttonText"),
    ("forgot-password", "forgotPasswordText"),
    ("no-account", "footerText"),
    ("sign-up", "footerLinkText"),
];
const IDENTIFIER: Names = &[
    ("login-title", "title"),
    ("login-lead", "description"),
    ("continue", "buttonText"),
    ("no-account", "footerText"),
    ("sign-up", "footerLinkText"),
];
const PASSWORD: Names = &[
    ("password-title", "title"),
    ("login-lead", "description"),
    ("log-in", "buttonText"),
    ("forgot-password", "forgotPasswordText"),
    ("change-identifier", "editEmailText"),
    ("no-account", "footerText"),
    ("sign-up", "footerLinkText"),
];
const SIGNUP: Names = &[
    ("signup-title", "title"),
    ("signup-lead", "description"),
    ("sign-up", "buttonText"),
    ("have-account", "loginActionText"),
    ("log-in", "loginActionLinkText"),
];

/// What follows `${` in Auth0's placeholders, and our value for the same thing.
const PLACEHOLDERS: [(&str, &str); 3] = [
    ("clientName}", "app"),
    ("companyName}", "tenant"),
    ("email}", "user"),
];
/// The longest text that is shown.
const MAX_TEXT: usize = 500;

impl Screen {
    const fn place(self) -> ((&'static str, &'static str), Names) {
        match self {
            Self::Login => (("login", "login"), LOGIN),
            Self::Identifier => (("login-id", "login-id"), IDENTIFIER),
            Self::Password => (("login-password", "login-password"), PASSWORD),
            Self::Signup => (("signup", "signup"), SIGNUP),
        }
    }

    /// The tenant's own words for this text of ours, with its values.
    pub(super) fn words(
        self,
        settings: &Document,
        language: &str,
        id: &str,
        values: &[(&str, &str)],
    ) -> Option<String> {
        let (place, names) = self.place();
        let (_, name) = names.iter().find(|(known, _)| *known == id)?;
        let text = own_words(settings, place, language, name)?;
        Some(cleaned(&filled(text, values), MAX_TEXT))
    }
}

/// Once through the text, so that a value that looks like a placeholder stays what it is.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let known = PLACEHOLDERS.iter().find_map(|(placeholder, ours)| {
            let (_, value) = values.iter().find(|(name, _)| name == ours)?;
            Some((*value, after.strip_prefix(placeholder)?))
        });
        let (shown, from) = known.unwrap_or(("${", after));
        out.push_str(shown);
        rest = from;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let values = [("app", "${companyName}"), ("tenant", "Acme")];
        for (text, expected) in [
            (
                "To ${clientName} at ${companyName}.",
                "To ${companyName} at Acme.",
            ),
            ("${email} ${unknown} $ {", "${email} ${unknown} $ {"),
            ("${", "${"),
            ("\u{e4}${companyName}\u{e4}", "\u{e4}Acme\u{e4}"),
            ("", ""),
        ] {
            assert_eq!(filled(text, &values), expected);
        }
    }

    #[test]
    fn every_name_stands_for_a_text_of_ours() {
        let ours = include_str!("../../../../web/pages/locales/en.ftl");
        for screen in [
            Screen::Login,
            Screen::Identifier,
            Screen::Password,
            Screen::Signup,
        ] {
            for (id, _) in screen.place().1 {
                assert!(ours.contains(&format!("\n{id} = ")), "{id}");
            }
        }
    }
}
