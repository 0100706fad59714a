//! Where the database is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::postgres::Address;

/// A database's address.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL connection URL, password included.
    Postgres(String),
}

/// A text that is no database's address. It does not repeat the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadUrl(String);

impl fmt::Display for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadUrl {}

impl FromStr for DatabaseUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() {
                return Err(BadUrl("sqlite: needs the path of a file".to_owned()));
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Address::parse(text).map_err(BadUrl)?;
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(BadUrl(
            "a database is sqlite:PATH or postgres://USER@HOST/NAME".to_owned(),
        ))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Drops the password, which stands in the user's part or in the query. What is doubtful is
/// dropped with it.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    // a password may hold any character, so the last `@` ends it
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (user.split([':', '/', '?']).next(), place),
        None => (None, rest),
    };
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.to_ascii_lowercase().contains("password"))
        .collect();
    let user = user.map_or_else(String::new, |user| format!("{user}@"));
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{scheme}://{user}{place}{mark}{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let sqlite = |path: &str| Ok(DatabaseUrl::Sqlite(path.into()));
        assert_eq!("sqlite:data/a.db".parse(), sqlite("data/a.db"));
        assert_eq!("sqlite:///var/a.db".parse(), sqlite("/var/a.db"));
        assert_eq!("sqlite:/var/a.db".parse(), sqlite("/var/a.db"));
        let url = "postgresql://cardea@db.example/cardea";
        assert_eq!(url.parse(), Ok(DatabaseUrl::Postgres(url.to_owned())));
        for bad in [
            "",
            "sqlite:",
            "mysql://x",
            "postgres",
            "postgres://h:port/x",
        ] {
            assert!(bad.parse::<DatabaseUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            ("postgres://u:pa?s@h/d", None),
            (
                "postgres://u:p%40ss@h:5432/d",
                Some("postgres://u@h:5432/d"),
            ),
            (
                "postgres://u@h/d?password=pass&x=y",
                Some("postgres://u@h/d?x=y"),
            ),
            (
                "postgres://u:pass@a,b/d?connect_timeout=1",
                Some("postgres://u@a,b/d?connect_timeout=1"),
            ),
        ] {
            let url = DatabaseUrl::Postgres(url.to_owned());
            if let Some(shown) = shown {
                assert_eq!(url.to_string(), shown);
            }
            for text in [url.to_string(), format!("{url:?}")] {
                assert!(!text.contains("pass") && !text.contains("s@"), "{text}");
            }
        }
    }
}
