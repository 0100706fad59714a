//! Which server, and how it proves who it is. `sslmode` and `sslrootcert` are read here, since
//! they mean more than the driver knows: with TLS the certificate and its name are always
//! verified, and there is no mode that an attacker on the way can talk down.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

use super::CONNECT;
use super::tls::Tls;
use crate::error::OpenError;

/// Who is believed when it vouches for the server.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Authority {
    /// The public certificate authorities.
    Public,
    /// Those of this file, in PEM.
    File(PathBuf),
}

/// A connection URL, taken apart. Nothing was read or connected.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    config: Config,
    /// `None`: without TLS.
    authority: Option<Authority>,
}

/// A server that can be connected to.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(super) tls: Tls,
}

impl Address {
    /// `postgres://USER:PASSWORD@HOST/NAME?sslmode=verify-full&sslrootcert=FILE`. Without
    /// `sslmode`, and with `disable`, there is no TLS; `require` and `verify-ca` verify as
    /// `verify-full` does.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let (place, query) = split(url);
        let mut mode = None;
        let mut file = None;
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => file = Some(decoded(value)?),
                Some(_) | None => kept.push(pair),
            }
        }
        let mark = if kept.is_empty() { "" } else { "?" };
        let rest = format!("{place}{mark}{}", kept.join("&"));
        let mut config = Config::from_str(&rest).map_err(|error| error.to_string())?;
        let tls = match mode {
            None | Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some("allow" | "prefer") => {
                return Err(
                    "sslmode=allow and prefer let anybody on the way switch TLS off: \
                            say verify-full, or disable"
                        .to_owned(),
                );
            }
            Some(_) => return Err("sslmode is disable, require or verify-full".to_owned()),
        };
        let authority = match (tls, file) {
            (false, None) => None,
            (false, Some(_)) => return Err("sslrootcert needs sslmode=verify-full".to_owned()),
            (true, None) => Some(Authority::Public),
            (true, Some(file)) if file == "system" => Some(Authority::Public),
            (true, Some(file)) => Some(Authority::File(file.into())),
        };
        config.ssl_mode(if tls {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self { config, authority })
    }

    /// Reads the authorities, and adds what every connection needs.
    pub(crate) fn open(self) -> Result<Server, OpenError> {
        let tls = match &self.authority {
            None => Tls::none(),
            Some(Authority::Public) => Tls::public().map_err(OpenError::unreachable)?,
            Some(Authority::File(file)) => Tls::of_file(file).map_err(OpenError::Unsupported)?,
        };
        let mut config = self.config;
        if config.get_application_name().is_none() {
            config.application_name("cardea");
        }
        // a server that dies without a word is noticed within seconds
        config
            .connect_timeout(CONNECT)
            .tcp_user_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3)
            // after a failover the old primary may still answer, but only read
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(Server { config, tls })
    }
}

/// The query begins after the server's name; a password may hold a question mark.
fn split(url: &str) -> (&str, &str) {
    let place = url.rfind('@').unwrap_or(0);
    let (before, after) = url.split_at(place);
    match after.split_once('?') {
        Some((rest, query)) => {
            let end = before.len() + rest.len();
            (url.get(..end).unwrap_or(url), query)
        }
        None => (url, ""),
    }
}

fn decoded(value: &str) -> Result<String, String> {
    let text = percent_decode_str(value).decode_utf8();
    text.map(String::from)
        .map_err(|_| "sslrootcert is no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_verified_or_off() {
        let file = |path: &str| Some(Authority::File(path.into()));
        let table = [
            ("postgres://u@h/d", None),
            ("postgres://u@h/d?sslmode=disable", None),
            ("postgres://u@h/d?sslmode=require", Some(Authority::Public)),
            (
                "postgres://u:p?w@h/d?sslmode=verify-full&sslrootcert=system",
                Some(Authority::Public),
            ),
            (
                "postgres://h/d?connect_timeout=1&sslrootcert=/ca%20s/a.pem&sslmode=verify-ca",
                file("/ca s/a.pem"),
            ),
        ];
        for (url, authority) in table {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.authority, authority, "{url}");
            let mode = address.config.get_ssl_mode();
            assert_eq!(mode == SslMode::Require, authority.is_some(), "{url}");
        }
        for bad in [
            "postgres://u@h/d?sslmode=prefer",
            "postgres://u@h/d?sslmode=allow",
            "postgres://u@h/d?sslmode=verify",
            "postgres://u@h/d?sslmode=",
            "postgres://u@h/d?sslrootcert=a.pem",
            "postgres://u@h/d?sslmode=require&sslrootcert=%ff",
            "postgres://u@h/d?nonsense=1",
            // what hides the mode from us is not understood either
            "postgres://u@h/d?sslmode=verify-full&application_name=a@b",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}
