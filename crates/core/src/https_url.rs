//! The address of something on the web that a page may name.

use std::fmt;

/// An absolute `https` URL in the characters of RFC 3986, without a user in it. It can stand in an
/// attribute, in a style sheet's string, and its origin in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsUrl(String);

impl HttpsUrl {
    /// Longer than any address that is meant.
    const MAX: usize = 2048;

    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let host = host(text)?;
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let sound = text.len() <= Self::MAX
            && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && host.chars().all(legal)
            && text.chars().all(is_of_a_url);
        sound.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its origin: what a policy names.
    pub fn origin(&self) -> String {
        format!("https://{}", host(&self.0).unwrap_or_default())
    }
}

fn host(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://")?;
    rest.split(['/', '?', '#']).next()
}

/// RFC 3986 2: unreserved, reserved and `%`.
fn is_of_a_url(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_an_address_gets_in() {
        for (text, origin) in [
            (
                "https://cdn.example/logo.png?v=1#x",
                Some("https://cdn.example"),
            ),
            (
                "https://cdn.example:8443/a%20b",
                Some("https://cdn.example:8443"),
            ),
            ("https://[2001:db8::1]/x", Some("https://[2001:db8::1]")),
            ("https://cdn.example", Some("https://cdn.example")),
            ("http://cdn.example/x", None),
            ("//cdn.example/x", None),
            ("https://user@cdn.example/x", None),
            ("https:///x", None),
            ("https://.example/x", None),
            ("https://cdn.example;script-src */x", None),
            ("https://cdn.example/\"><script>", None),
            ("https://cdn.example/a\\b", None),
            ("https://cdn.example/a b", None),
            ("https://cdn.example/\u{e4}", None),
            ("data:image/png;base64,AAAA", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            let read = HttpsUrl::parse(text).map(|url| url.origin());
            assert_eq!(read.as_deref(), origin, "{text}");
        }
        let long = format!("https://cdn.example/{}", "x".repeat(HttpsUrl::MAX));
        assert_eq!(HttpsUrl::parse(&long), None);
    }
}
