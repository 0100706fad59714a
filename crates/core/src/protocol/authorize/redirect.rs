//! Where an authorization response may go (RFC 9700 2.1, RFC 8252 7.3): a registered callback,
//! compared as text, byte for byte. Nothing is parsed, decoded, folded or repaired on the way.

use super::super::profile;
use crate::model::{AppType, Client, ClientFlag, GrantType, Profile};

/// By which comparison a callback was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is registered.
    Exact,
    /// It is registered but for the port (RFC 8252 7.3).
    LoopbackPort,
    /// One of its labels is what a registered wildcard stands for.
    Wildcard,
}

/// Schemes that run or read something in the browser (attack REDIR-10).
const DANGEROUS: [&str; 8] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "view-source",
    "filesystem",
];

/// What an authorization response says by parameters of its own (RFC 6749 4.1.2, OIDC Core 3.2.2.5,
/// JARM). A callback that holds one of them already would be read in its place.
const ANSWERS: [&str; 14] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "response",
    "scope",
    "session_state",
    "state",
    "token_type",
    "refresh_token",
];

const LOOPBACKS: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Whether `uri` is one of the application's callbacks.
pub fn find(client: &Client, uri: &str, profile: Profile) -> Option<Match> {
    if !is_sound(uri) {
        return None;
    }
    if client.callbacks.iter().any(|callback| callback == uri) {
        return Some(Match::Exact);
    }
    let native = client.app_type == AppType::Native;
    if native
        && client
            .callbacks
            .iter()
            .any(|callback| same_but_port(callback, uri))
    {
        return Some(Match::LoopbackPort);
    }
    let wild = takes_wildcards(client, profile)
        && client
            .callbacks
            .iter()
            .any(|callback| covers(callback, uri));
    wild.then_some(Match::Wildcard)
}

/// The callback of an application that has exactly one, for a request that names none.
pub fn only(client: &Client, profile: Profile) -> Option<&str> {
    match client.callbacks.as_slice() {
        [only] if profile::defaults_redirect_uri(profile) && is_sound(only) => Some(only),
        _ => None,
    }
}

/// Whether it is a URI that a browser may be sent to at all: visible ASCII, with a scheme,
/// without a fragment, a user, a backslash or a wildcard.
pub fn is_sound(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return false;
    };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let visible = uri
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'\\' | b'*' | b'<' | b'>' | b'"'));
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest.strip_prefix("//").map(authority);
    let hosted = authority.is_some_and(|authority| !authority.is_empty());
    let user = authority.is_some_and(|authority| authority.contains('@'));
    named && visible && !is_dangerous(scheme) && !user && (hosted || !web) && !answers(uri)
}

/// Whether a URI of this scheme runs or reads something in the browser.
pub fn is_dangerous(scheme: &str) -> bool {
    DANGEROUS.iter().any(|bad| scheme.eq_ignore_ascii_case(bad))
}

/// Whether its query holds a parameter of an authorization response (attack REDIR-19).
pub fn answers(uri: &str) -> bool {
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| ANSWERS.contains(&name.as_ref()))
}

/// Whether it has a scheme of its own that no domain stands for, as RFC 8252 7.1 asks: then any
/// other application may claim it (attack REDIR-14).
pub fn is_undotted(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    !web && !scheme.contains('.')
}

/// The origin of a callback on the web (RFC 6454), as written.
pub fn origin(uri: &str) -> Option<&str> {
    let start = ["https://", "http://"]
        .into_iter()
        .find(|scheme| uri.starts_with(scheme))?;
    let authority = authority(uri.get(start.len()..)?);
    uri.get(..start.len() + authority.len())
}

/// The host of a callback on the web, without its port.
pub fn host(uri: &str) -> Option<&str> {
    let authority = origin(uri)?.split_once("://")?.1;
    Some(match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    })
}

/// Whether only the application's owner can receive what is sent there: no private scheme and
/// no address of the user's own machine (auth-semantics 5.5, RFC 8252 8.6).
pub fn is_verifiable(uri: &str) -> bool {
    host(uri).is_some_and(|host| {
        let local = host == "localhost" || host.ends_with(".localhost");
        !local && !host.starts_with("127.") && host != "[::1]"
    })
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// RFC 8252 7.3: the same loopback address and path; only the port may differ.
fn same_but_port(callback: &str, uri: &str) -> bool {
    LOOPBACKS.into_iter().any(|loopback| {
        let both = callback
            .strip_prefix(loopback)
            .zip(uri.strip_prefix(loopback));
        both.and_then(|(callback, uri)| Some((without_port(callback)?, without_port(uri)?)))
            .is_some_and(|(callback, uri)| callback == uri)
    })
}

/// What follows a host and its port, if that is a port at all.
fn without_port(rest: &str) -> Option<&str> {
    let Some(ported) = rest.strip_prefix(':') else {
        let ends = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
        return ends.then_some(rest);
    };
    let digits = ported.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = ported.split_at_checked(digits)?;
    let plain = !port.starts_with('0') && port.parse::<u16>().is_ok();
    let ends = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
    (plain && ends).then_some(rest)
}

/// Attack REDIR-15: a flag of the application, never beside tokens from this endpoint.
fn takes_wildcards(client: &Client, profile: Profile) -> bool {
    profile::takes_wildcard_callbacks(profile)
        && client.has(ClientFlag::WildcardCallbacks)
        && !client.may_use(GrantType::Implicit)
}

/// Whether `uri` is `callback` with one DNS label in the place of its left-most `*`.
fn covers(callback: &str, uri: &str) -> bool {
    ["https://", "http://"].into_iter().any(|scheme| {
        let tail = callback
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("*."));
        let sent = uri
            .strip_prefix(scheme)
            .and_then(|rest| rest.split_once('.'));
        let (Some(tail), Some((label, rest))) = (tail, sent) else {
            return false;
        };
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_label = (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-');
        // a whole top-level domain is nobody's
        let owned = authority(tail).contains('.') && !tail.contains('*');
        is_label && owned && tail == rest
    })
}
