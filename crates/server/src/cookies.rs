//! The two cookies: the session, and the browser in which logins were begun.

use cardea_core::id::Host;
use cardea_core::model::Profile;
use cardea_core::protocol::profile;
use http::{HeaderMap, HeaderValue, header};

use crate::app::Scheme;

/// Characters of a value: 258 bits (attack SESSION-03).
pub(crate) const SECRET_LENGTH: usize = 43;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Finds the session.
    Session,
    /// Says that it is the browser in which a login was begun (attack AUTHZ-39).
    Browser,
}

/// The cookies of one host.
#[derive(Debug, Clone)]
pub(crate) struct Jar<'a> {
    scheme: Scheme,
    host: &'a Host,
    profile: Profile,
}

impl<'a> Jar<'a> {
    pub(crate) const fn new(scheme: Scheme, host: &'a Host, profile: Profile) -> Self {
        Self {
            scheme,
            host,
            profile,
        }
    }

    /// Browsers keep cookies by host and ignore the port, so the name carries it.
    fn name(&self, cookie: Cookie) -> String {
        let prefix = match self.scheme {
            Scheme::Https => "__Host-",
            Scheme::Http => "",
        };
        let base = match cookie {
            Cookie::Session => "cardea_session",
            Cookie::Browser => "cardea_browser",
        };
        let port = self.host.as_str().strip_prefix(self.host.name());
        match port.and_then(|rest| rest.strip_prefix(':')) {
            Some(port) => format!("{prefix}{base}_{port}"),
            None => format!("{prefix}{base}"),
        }
    }

    /// The cookie's value. Two of the same name are a trick of a neighbouring host, and neither
    /// counts (attack SESSION-04).
    pub(crate) fn read(&self, headers: &HeaderMap, cookie: Cookie) -> Option<String> {
        let name = self.name(cookie);
        let lines = headers.get_all(header::COOKIE).iter();
        let pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value);
        let value = found.next()?;
        let url_safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let well_formed = value.len() == SECRET_LENGTH && value.bytes().all(url_safe);
        (found.next().is_none() && well_formed).then(|| value.to_owned())
    }

    /// Sets it, for so many seconds, or until the browser ends.
    pub(crate) fn set(&self, cookie: Cookie, value: &str, seconds: Option<i64>) -> HeaderValue {
        let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        self.header(cookie, value, &age)
    }

    /// Takes it back.
    pub(crate) fn clear(&self, cookie: Cookie) -> HeaderValue {
        self.header(cookie, "", "; Max-Age=0")
    }

    fn header(&self, cookie: Cookie, value: &str, age: &str) -> HeaderValue {
        let name = self.name(cookie);
        let secure = match self.scheme {
            Scheme::Https => "; Secure",
            Scheme::Http => "",
        };
        let foreign = cookie == Cookie::Session
            && self.scheme == Scheme::Https
            && profile::session_cookie_goes_everywhere(self.profile);
        let same_site = if foreign { "None" } else { "Lax" };
        let text = format!("{name}={value}; Path=/{age}{secure}; HttpOnly; SameSite={same_site}");
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn session_02_flags_and_names_follow_scheme_port_and_profile() {
        let value = "x".repeat(SECRET_LENGTH);
        let table = [
            (
                Scheme::Https,
                "a.example",
                Profile::Compat,
                "__Host-cardea_session=",
                "SameSite=None",
            ),
            (
                Scheme::Https,
                "a.example:8443",
                Profile::Strict,
                "__Host-cardea_session_8443=",
                "SameSite=Lax",
            ),
            (
                Scheme::Http,
                "localhost:8080",
                Profile::Compat,
                "cardea_session_8080=",
                "SameSite=Lax",
            ),
        ];
        for (scheme, host, profile, name, same_site) in table {
            let host = Host::parse(host).unwrap();
            let jar = Jar::new(scheme, &host, profile);
            let set = jar.set(Cookie::Session, &value, Some(60));
            let set = set.to_str().unwrap();
            assert!(set.starts_with(name), "{set}");
            assert!(set.contains(same_site) && set.contains("HttpOnly") && set.contains("Path=/;"));
            assert!(set.contains("Max-Age=60") && !set.contains("Domain"));
            assert_eq!(set.contains("; Secure"), scheme == Scheme::Https);
            let pair = set.split(';').next().unwrap();
            assert_eq!(
                jar.read(&headers(&[pair]), Cookie::Session),
                Some(value.clone())
            );
            assert_eq!(jar.read(&headers(&[pair]), Cookie::Browser), None);
            let browser = jar.set(Cookie::Browser, &value, None);
            assert!(browser.to_str().unwrap().ends_with("SameSite=Lax"));
        }
    }

    #[test]
    fn session_04_two_of_the_same_name_are_none() {
        let host = Host::parse("a.example").unwrap();
        let jar = Jar::new(Scheme::Https, &host, Profile::Strict);
        let pair = format!("__Host-cardea_session={}", "x".repeat(SECRET_LENGTH));
        let read = |lines: &[&str]| jar.read(&headers(lines), Cookie::Session);
        assert!(read(&[&format!("a=b; {pair}; c=d")]).is_some());
        assert_eq!(read(&[&format!("{pair}; {pair}")]), None);
        assert_eq!(read(&[&pair, &pair]), None);
        assert_eq!(read(&["__Host-cardea_session=short"]), None);
        assert_eq!(read(&["cardea_session=x"]), None);
    }
}
