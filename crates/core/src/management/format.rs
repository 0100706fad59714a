//! Patterns and formats of strings. Each says its name in the error's text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::color::Color;
use crate::https_url::HttpsUrl;
use crate::protocol::authorize::redirect;
use crate::protocol::database::{is_email, is_phone};
use crate::scope::is_scope_token;
use crate::time::Timestamp;

/// A named check of a string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// Whether the contract calls it a pattern (and `name` is that) or a format.
    pub(super) pattern: bool,
    pub(super) name: &'static str,
    pub(super) check: fn(&str) -> bool,
}

const fn format(name: &'static str, check: fn(&str) -> bool) -> Rule {
    Rule {
        pattern: false,
        name,
        check,
    }
}

const fn pattern(name: &'static str, check: fn(&str) -> bool) -> Rule {
    Rule {
        pattern: true,
        name,
        check,
    }
}

pub(super) const NAME: Rule = pattern("^[^<>]+$", |text| {
    !text.is_empty() && !text.contains(['<', '>'])
});
pub(super) const SCOPE: Rule = pattern("^[\\x21\\x23-\\x5B\\x5D-\\x7E]+$", is_scope_token);
pub(super) const KID: Rule = pattern("^([0-9a-zA-Z-_]{10,64})$", |text| {
    (10..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
});
pub(super) const COUNTRY: Rule = pattern("^[A-Z]{2}$", |text| {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
});
pub(super) const AZURE_ACCOUNT: Rule = pattern("^([a-z0-9]){3,24}$", |text| {
    (3..=24).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
});
pub(super) const AZURE_KEY: Rule = pattern("^([A-Za-z0-9+/]){86}==$", |text| {
    text.len() == 88
        && text.ends_with("==")
        && text
            .bytes()
            .take(86)
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
});
pub(super) const AZURE_CONTAINER: Rule = pattern("^([a-z0-9]){1}([a-z0-9-]){2,62}$", |text| {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (3..=63).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(legal)
});
pub(super) const AZURE_BLOB: Rule = pattern("^(.){1,1024}$", |text| {
    (1..=1024).contains(&text.chars().count())
});

pub(super) const DATE_TIME: Rule = format("date-time", |text| Timestamp::parse(text).is_some());
pub(super) const CALLBACK: Rule = format("callback-url", |text| {
    is_callback(text) && !redirect::answers(text)
});
pub(super) const URL: Rule = format("url", |text| is_url(text, &["http", "https"]));
pub(super) const URL_OR_NULL: Rule = format("url-or-null", |text| is_url(text, &["http", "https"]));
pub(super) const URI_OR_EMPTY: Rule = format("absolute-uri-or-empty", |text| {
    text.is_empty() || is_url(text, &["http", "https"])
});
pub(super) const HTTPS_OR_EMPTY: Rule = format("absolute-https-uri-or-empty", |text| {
    text.is_empty() || is_url(text, &["https"])
});
pub(super) const HTTPS_PLACEHOLDERS_OR_EMPTY: Rule =
    format("absolute-https-uri-with-placeholders-or-empty", |text| {
        text.is_empty() || is_url(text, &["https"])
    });
/// Origins and logout addresses; a native application's may have a scheme of its own.
pub(super) const URL_PLACEHOLDERS: Rule = format("url-with-placeholders", is_callback);
pub(super) const LOGIN_TEMPLATE: Rule = format("ec-initiate-login-uri-template-url", |text| {
    is_url(text, &["https"])
});
pub(super) const EMAIL_OR_EMPTY: Rule = format("email-or-empty", |text| {
    text.is_empty()
        || text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
            && !text.contains(char::is_whitespace)
});
pub(super) const EMAIL: Rule = format("email", is_email);
pub(super) const PHONE: Rule = pattern("^\\+[0-9]{1,15}$", is_phone);
pub(super) const STRICT_URI: Rule = format("strict-uri", |text| is_url(text, &["http", "https"]));
pub(super) const STRICT_HTTPS: Rule = format("strict-https-uri-or-null", |text| {
    HttpsUrl::parse(text).is_some()
});
pub(super) const COLOR: Rule = format("html-color-or-null", |text| Color::parse(text).is_some());
pub(super) const NO_SPACE: Rule = pattern("^\\S*$", |text| {
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
});
pub(super) const USER_ID: Rule = format("user-id", |text| crate::id::UserId::parse(text).is_some());
pub(super) const CONNECTION_ID: Rule = pattern("^con_[A-Za-z0-9]{16}$", |text| {
    is_prefixed(text, "con_", 16)
});
pub(super) const CONNECTION_NAME: Rule =
    pattern("^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$", |text| {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        text.split('-').all(word)
    });
pub(super) const DEVICE_ID: Rule = pattern("^[-A-Fa-f0-9]+$", |text| {
    !text.is_empty() && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
});
pub(super) const ACR: Rule = format("acr", |text| {
    !text.is_empty() && !text.contains(char::is_whitespace)
});
pub(super) const CLIENT_ID: Rule = format("client-id", |text| {
    crate::id::ClientId::parse(text).is_some()
});
pub(super) const CREDENTIAL_ID: Rule =
    format("credential-id", |text| is_prefixed(text, "cred_", 22));
pub(super) const ORGANIZATION_ID: Rule =
    format("organization-id", |text| is_prefixed(text, "org_", 16));
pub(super) const USER_ATTRIBUTE_PROFILE_ID: Rule = format("user-attribute-profile-id", |text| {
    is_prefixed(text, "uap_", 22)
});
pub(super) const CONNECTION_PROFILE_ID: Rule = format("connection-profile-id", |text| {
    is_prefixed(text, "cop_", 22)
});
pub(super) const IP_OR_CIDR: Rule = format("ip-or-cidr", is_ip_or_cidr);

fn is_prefixed(text: &str, prefix: &str, length: usize) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == length && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// `scheme://host…` without spaces and control characters.
fn is_url(text: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    schemes
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
        && !host.is_empty()
        && !host.contains('@')
        && is_clean(text)
}

/// An absolute URI in visible ASCII, of any scheme but those that run in the page that names them,
/// without a user and without a fragment (RFC 6749 3.1.2). The authorization endpoint takes no
/// other (attacks REDIR-03, -09, -10, -16, -17), so none is registered.
fn is_callback(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(legal)
        && !redirect::is_dangerous(scheme)
        && !rest.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'#' && b != b'"')
        && !authority.contains('@')
        && is_clean(text)
        && (!web || is_url(text, &["http", "https"]))
}

fn is_clean(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '\\'))
}

fn is_ip_or_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return text.parse::<IpAddr>().is_ok();
    };
    let bits = bits
        .parse::<u8>()
        .ok()
        .filter(|_| bits.len() <= 3 && !bits.starts_with('+'));
    bits.is_some_and(|bits| {
        (address.parse::<Ipv4Addr>().is_ok() && bits <= 32)
            || (address.parse::<Ipv6Addr>().is_ok() && bits <= 128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_tricks() {
        for good in [
            "https://localhost:3000",
            "http://127.0.0.1/callback",
            "com.example.app://login/callback",
            "https://*.example.com/cb",
            "https://{organization_name}.example.com/cb?a=b",
        ] {
            assert!(is_callback(good), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "/callback",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "view-source:https://app.example/cb",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "https:/app.example/cb",
            // REDIR-03
            "https://user@evil.example/",
            "https://app.example@evil.test/cb",
            "https://app.example:443@evil.test/cb",
            "com.example.app://user@login/cb",
            // REDIR-09
            "https://example.com/#fragment",
            "com.example.app:/cb#x",
            // REDIR-04, REDIR-17
            "https://example.com\\@evil.example",
            "https:\\\\app.example",
            "https://example.com/ x",
            "https://example.com/\r\nSet-Cookie:x=1",
            "https://example.com/\0",
            " https://example.com/",
            // REDIR-16: registered in ASCII or not at all
            "https://b\u{fc}cher.example/cb",
            "https://app\u{3002}example/cb",
            "https://app\u{ad}.example/cb",
            "https://app.example\u{200d}/cb",
            "1a://x",
        ] {
            assert!(!is_callback(bad), "{bad}");
        }
        // REDIR-19
        for bad in [
            "code",
            "state",
            "iss",
            "error",
            "error_description",
            "id_token",
        ]
        .into_iter()
        .chain([
            "access_token",
            "response",
            "session_state",
            "c%6fde",
            "a=b&code",
        ]) {
            let callback = format!("https://app.example/cb?{bad}=x");
            assert!(!(CALLBACK.check)(&callback), "{callback}");
        }
        assert!((CALLBACK.check)("https://app.example/cb?tenant=a&codes=b"));
        assert!((HTTPS_OR_EMPTY.check)("") && !(HTTPS_OR_EMPTY.check)("http://a.example/"));
        assert!((URI_OR_EMPTY.check)("http://a.example/x.png"));
    }

    #[test]
    fn ids_and_networks() {
        assert!((CREDENTIAL_ID.check)("cred_gekrTRyhtchHhs399o7bsV"));
        assert!(!(CREDENTIAL_ID.check)("cred_short"));
        for good in ["10.0.0.1", "10.0.0.0/8", "::1", "fe80::/10"] {
            assert!(is_ip_or_cidr(good), "{good}");
        }
        for bad in ["10.0.0.0/33", "::1/129", "a", "10.0.0.1/+8", "10.0.0.1/"] {
            assert!(!is_ip_or_cidr(bad), "{bad}");
        }
        assert!((EMAIL_OR_EMPTY.check)("a@b.example") && !(EMAIL_OR_EMPTY.check)("a@"));
    }
}
