//! What the letters say. No user's name stands in them: whoever signs up chooses it, and would
//! write to others through us (attack SIGNUP-08).

use cardea_core::protocol::tickets::Purpose;

/// Which letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A link to prove the address.
    VerifyEmail,
    /// A link to choose a new password.
    ResetPassword,
    /// The password was changed.
    PasswordChanged,
    /// Too many wrong passwords, and a link to lift the block.
    Blocked,
    /// Somebody wanted to sign up with an address that has an account.
    AlreadyRegistered,
}

impl Kind {
    /// Seconds for which it is worth sending: as long as its link opens anything.
    pub(super) const fn useful_for_s(self) -> i64 {
        match self {
            Self::VerifyEmail => Purpose::VerifyEmail.lifetime(),
            Self::ResetPassword => Purpose::ResetPassword.lifetime(),
            Self::Blocked => Purpose::Unblock.lifetime(),
            Self::PasswordChanged | Self::AlreadyRegistered => 2 * 86_400,
        }
    }

    #[cfg(test)]
    pub(super) const ALL: [Self; 5] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::PasswordChanged,
        Self::Blocked,
        Self::AlreadyRegistered,
    ];
}

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

impl Language {
    /// The language of a tag, or English.
    pub(super) fn of(tag: &str) -> Self {
        Self::known(tag).unwrap_or(Self::English)
    }

    /// The language of a tag, if there are texts in it.
    pub(super) fn known(tag: &str) -> Option<Self> {
        let tag = tag.split([';', '-', '_']).next().unwrap_or_default().trim();
        match tag.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

/// The texts of one letter.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) subject: String,
    pub(super) title: String,
    pub(super) lead: String,
    /// On the link's button.
    pub(super) button: &'static str,
    /// Above the link's address.
    pub(super) or_copy: &'static str,
    /// What to do if it was not the reader.
    pub(super) otherwise: &'static str,
    /// Why the reader gets this.
    pub(super) because: String,
}

/// The texts of a letter of this tenant.
pub(super) fn texts(kind: Kind, language: Language, tenant: &str) -> Texts {
    let (subject, title, lead, button, otherwise) = match language {
        Language::English => english(kind),
        Language::German => german(kind),
    };
    let with = |text: &str| text.replace("{tenant}", tenant);
    let (or_copy, because) = match language {
        Language::English => (
            "Or copy this address into your browser:",
            "You get this message because of your account at {tenant}.",
        ),
        Language::German => (
            "Oder kopieren Sie diese Adresse in Ihren Browser:",
            "Sie erhalten diese Nachricht wegen Ihres Kontos bei {tenant}.",
        ),
    };
    Texts {
        subject: with(subject),
        title: with(title),
        lead: with(lead),
        button,
        or_copy,
        otherwise,
        because: with(because),
    }
}

type Raw = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const fn english(kind: Kind) -> Raw {
    match kind {
        Kind::VerifyEmail => (
            "Confirm your email address for {tenant}",
            "Confirm your email address",
            "Open the link to confirm that this address is yours. It is good for five days.",
            "Confirm my address",
            "If you did not sign up, you need not do anything.",
        ),
        Kind::ResetPassword => (
            "Choose a new password for {tenant}",
            "Choose a new password",
            "Somebody, probably you, asked for a new password for your account at {tenant}. The \
             link is good for one hour, and once.",
            "Choose a new password",
            "If it was not you, ignore this message: your password stays as it is.",
        ),
        Kind::PasswordChanged => (
            "Your password for {tenant} was changed",
            "Your password was changed",
            "The password of your account at {tenant} was changed. You were logged out everywhere.",
            "",
            "If it was not you, reset your password now and tell those who run the service.",
        ),
        Kind::Blocked => (
            "Your account at {tenant} was blocked",
            "Too many wrong passwords",
            "Somebody tried wrong passwords for your account at {tenant}, too often in a row. So we \
             stopped logins from there. If it was you, lift the block with this link. It is good \
             for one day.",
            "Lift the block",
            "If it was not you, your account is safe: you can go on logging in where you usually do.",
        ),
        Kind::AlreadyRegistered => (
            "You have an account at {tenant}",
            "You have an account already",
            "Somebody, probably you, wanted to sign up at {tenant} with this address. There is an \
             account with it: just log in, or reset your password if you have forgotten it.",
            "",
            "If it was not you, you need not do anything.",
        ),
    }
}

const fn german(kind: Kind) -> Raw {
    match kind {
        Kind::VerifyEmail => (
            "Bestätigen Sie Ihre E-Mail-Adresse für {tenant}",
            "Bestätigen Sie Ihre E-Mail-Adresse",
            "Öffnen Sie den Link, um zu bestätigen, dass diese Adresse Ihnen gehört. Er gilt fünf \
             Tage lang.",
            "Adresse bestätigen",
            "Wenn Sie sich nicht registriert haben, müssen Sie nichts tun.",
        ),
        Kind::ResetPassword => (
            "Wählen Sie ein neues Passwort für {tenant}",
            "Wählen Sie ein neues Passwort",
            "Jemand, wahrscheinlich Sie, hat ein neues Passwort für Ihr Konto bei {tenant} \
             angefordert. Der Link gilt eine Stunde lang und nur einmal.",
            "Neues Passwort wählen",
            "Wenn Sie das nicht waren, können Sie diese Nachricht ignorieren: Ihr Passwort bleibt, \
             wie es ist.",
        ),
        Kind::PasswordChanged => (
            "Ihr Passwort für {tenant} wurde geändert",
            "Ihr Passwort wurde geändert",
            "Das Passwort Ihres Kontos bei {tenant} wurde geändert. Sie wurden überall abgemeldet.",
            "",
            "Wenn Sie das nicht waren, setzen Sie Ihr Passwort jetzt zurück und melden Sie es dem \
             Betreiber.",
        ),
        Kind::Blocked => (
            "Ihr Konto bei {tenant} wurde gesperrt",
            "Zu viele falsche Passwörter",
            "Jemand hat für Ihr Konto bei {tenant} zu oft hintereinander falsche Passwörter \
             eingegeben. Deshalb haben wir Anmeldungen von dort gesperrt. Wenn Sie das waren, heben \
             Sie die Sperre mit diesem Link auf. Er gilt einen Tag lang.",
            "Sperre aufheben",
            "Wenn Sie das nicht waren, ist Ihr Konto sicher: Dort, wo Sie sich sonst anmelden, geht \
             es weiter.",
        ),
        Kind::AlreadyRegistered => (
            "Sie haben ein Konto bei {tenant}",
            "Sie haben schon ein Konto",
            "Jemand, wahrscheinlich Sie, wollte sich bei {tenant} mit dieser Adresse registrieren. \
             Es gibt schon ein Konto damit: Melden Sie sich einfach an, oder setzen Sie Ihr Passwort \
             zurück, wenn Sie es vergessen haben.",
            "",
            "Wenn Sie das nicht waren, müssen Sie nichts tun.",
        ),
    }
}
