//! Wrong passwords are counted, and stopped (security section 7). The figures are Auth0's.
//!
//! An attempt is counted **before** the password is looked at, in one atomic statement of the
//! store that all nodes share: forty attempts at once, and ten are evaluated (attacks
//! PASSWORD-11, -12, -13). The right password takes its count back.

use std::net::IpAddr;

use serde_json::Value;

use crate::model::{Artefact, Document, User, fold};

/// From the last wrong password: a block is lifted then.
const ACCOUNT_WINDOW: i64 = 30 * 86_400;
/// A day.
const DAY: i64 = 86_400;
/// Wrong passwords for an account, from everywhere, in a day, before only addresses that are
/// known go on (attack PASSWORD-08): a step up, not a lock (attack PASSWORD-09).
const MOST_EVERYWHERE: i64 = 100;
/// One more attempt than `most` is forgiven in so many seconds, where nothing else is said.
const NO_LEAK: i64 = 1_000_000_000;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Which: the digest of what it is about, so that no counter's name holds a password that was
    /// typed into the wrong field.
    pub key: [u8; 32],
    /// So many attempts go through.
    pub most: i64,
    /// All is forgotten so many seconds after the last one that went through.
    pub window_s: i64,
    /// One attempt is forgotten every so many seconds.
    pub leak_s: i64,
    /// For people who list and lift blocks.
    pub about: Option<About>,
}

/// What a counter is about, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The account's identifier, folded.
    pub identifier: String,
    /// The connection's name.
    pub connection: String,
    /// The address; [`EVERYWHERE`] for all of them.
    pub ip: String,
}

/// In the place of an address: it is forgotten with the others, and not listed among them.
pub const EVERYWHERE: &str = "*";

/// What became of a counted attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// How many there are with this one.
    pub count: i64,
    /// Whether it is one too many: it must not be evaluated.
    pub blocked: bool,
}

/// `attack-protection`: what the tenant wants counted, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// Wrong passwords for one account.
    pub account: Shield,
    /// Wrong passwords from one address, for whatever accounts.
    pub address: Shield,
    /// Sign-ups from one address.
    pub signup: Shield,
    /// `mode: count_per_identifier`: an account's attempts are counted from everywhere.
    pub account_lockout: bool,
    /// Whether the user is told of a block.
    pub notifies: bool,
}

/// One kind of protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shield {
    /// Whether anything is counted.
    pub enabled: bool,
    /// Whether what is too much is refused; else it is only recorded (monitoring mode).
    pub blocks: bool,
    /// So many go through.
    pub most: i64,
    /// One is forgotten every so many seconds.
    pub leak_s: i64,
    /// Addresses and ranges that are not counted, as they were written.
    pub allowlist: Vec<String>,
}

impl Protection {
    /// Reads `attack_protection` of the tenant's settings; what is absent is Auth0's default.
    pub fn of(settings: &Document, counts_account: bool) -> Self {
        let at = |path: &[&str]| {
            let path: Vec<&str> = ["attack_protection"]
                .into_iter()
                .chain(path.iter().copied())
                .collect();
            settings.nested(&path)
        };
        let shield = |name: &str, stage: Option<&str>, most: i64, leak_s: i64| {
            let flag = at(&[name, "enabled"]).and_then(Value::as_bool);
            let shields = at(&[name, "shields"]).and_then(Value::as_array);
            let blocks = shields.is_none_or(|shields| shields.iter().any(|word| word == "block"));
            let staged = |member: &str| match stage {
                Some(stage) => at(&[name, "stage", stage, member]),
                None => at(&[name, member]),
            };
            let figure = |member: &str| {
                let figure = staged(member).and_then(Value::as_i64);
                figure.filter(|figure| *figure > 0)
            };
            let list = at(&[name, "allowlist"]).and_then(Value::as_array);
            let texts = list.into_iter().flatten().filter_map(Value::as_str);
            Shield {
                enabled: flag.unwrap_or(true),
                blocks,
                most: figure("max_attempts").unwrap_or(most),
                // `rate` is in milliseconds
                leak_s: figure("rate").map_or(leak_s, |rate| (rate / 1000).max(1)),
                allowlist: texts.map(ToOwned::to_owned).collect(),
            }
        };
        let brute = "brute_force_protection";
        let throttling = "suspicious_ip_throttling";
        let mut account = shield(brute, None, 10, NO_LEAK);
        account.enabled &= counts_account;
        account.most = account.most.min(100);
        let shields = at(&[brute, "shields"]).and_then(Value::as_array);
        let mode = at(&[brute, "mode"]).and_then(Value::as_str);
        Self {
            account,
            address: shield(throttling, Some("pre-login"), 100, 864),
            signup: shield(throttling, Some("pre-user-registration"), 50, 1),
            account_lockout: mode == Some("count_per_identifier"),
            notifies: shields
                .is_none_or(|shields| shields.iter().any(|word| word == "user_notification")),
        }
    }
}

/// Who is trying.
#[derive(Debug, Clone)]
pub struct Attacker<'a> {
    /// The connection.
    pub connection: &'a str,
    /// What was typed.
    pub identifier: &'a str,
    /// Whom that is, if it is anybody: then all of the user's names share a counter (attack
    /// PASSWORD-06).
    pub user: Option<&'a User>,
    /// From where.
    pub ip: IpAddr,
}

impl Attacker<'_> {
    /// Wrong passwords for this account from this address.
    pub fn account(&self, protection: &Protection) -> Counter {
        let from = if protection.account_lockout {
            String::new()
        } else {
            network(self.ip)
        };
        Counter {
            key: Artefact::name(&["login", self.connection, &self.who(), &from]),
            most: protection.account.most,
            window_s: ACCOUNT_WINDOW,
            leak_s: protection.account.leak_s,
            about: Some(About {
                identifier: self.name(),
                connection: self.connection.to_owned(),
                ip: if from.is_empty() {
                    from
                } else {
                    self.ip.to_string()
                },
            }),
        }
    }

    /// Wrong passwords for this account from everywhere.
    pub fn everywhere(&self) -> Counter {
        Counter {
            key: Artefact::name(&["everywhere", self.connection, &self.who()]),
            most: MOST_EVERYWHERE,
            window_s: DAY,
            leak_s: DAY / MOST_EVERYWHERE,
            about: Some(About {
                identifier: self.name(),
                connection: self.connection.to_owned(),
                ip: EVERYWHERE.to_owned(),
            }),
        }
    }

    /// Wrong passwords from this address (attack PASSWORD-10).
    pub fn address(&self, protection: &Protection) -> Counter {
        Counter {
            key: Artefact::name(&["address", &network(self.ip)]),
            most: protection.address.most,
            window_s: DAY,
            leak_s: protection.address.leak_s,
            about: None,
        }
    }

    /// Mails about a block of this account: one an hour.
    pub fn notice(&self) -> Counter {
        Counter {
            key: Artefact::name(&["notice", self.connection, &self.who()]),
            most: 1,
            window_s: 3_600,
            leak_s: NO_LEAK,
            about: None,
        }
    }

    /// Words about a block of this address: one an hour.
    pub fn address_notice(&self) -> Counter {
        Counter {
            key: Artefact::name(&["notice", &network(self.ip)]),
            ..self.notice()
        }
    }

    /// Whether the user logged in from here last: then attempts of others do not lock it out.
    pub fn is_known_here(&self) -> bool {
        let last = self.user.and_then(|user| user.last_login.as_ref());
        let last = last.and_then(|(_, ip)| ip.parse::<IpAddr>().ok());
        last.is_some_and(|last| network(last) == network(self.ip))
    }

    fn who(&self) -> String {
        match self.user {
            Some(user) => format!("user {}", user.id),
            None => format!("name {}", canonical(self.identifier)),
        }
    }

    fn name(&self) -> String {
        let named = self.user.and_then(|user| {
            let names = [&user.email, &user.username, &user.phone_number];
            names.into_iter().flatten().next()
        });
        match named {
            Some(name) => fold(name),
            None => canonical(self.identifier).chars().take(255).collect(),
        }
    }
}

/// Mails to one address for one purpose: five an hour, and one more every twelve minutes (attack
/// PASSWORD-30). Whether there is such a user makes no difference.
pub fn mails(connection: &str, identifier: &str) -> Counter {
    Counter {
        key: Artefact::name(&["mail", connection, &canonical(identifier)]),
        most: 5,
        window_s: 3_600,
        leak_s: 720,
        about: None,
    }
}

/// Sign-ups from one address (attack SIGNUP-01).
pub fn signups(protection: &Protection, ip: IpAddr) -> Counter {
    Counter {
        key: Artefact::name(&["signup", &network(ip)]),
        most: protection.signup.most,
        window_s: 3_600,
        leak_s: protection.signup.leak_s,
        about: None,
    }
}

/// User codes that were typed at `/activate` and led nowhere (RFC 8628 5.1, attack TOKEN-37): five in
/// one browser, thirty from one address, and then none for ten minutes. Codes have 34 bits, so
/// those who guess from everywhere find none in the time that one lives.
pub fn user_codes(browser: Option<&str>, ip: IpAddr) -> Vec<Counter> {
    let counter = |of: [&str; 2], most| Counter {
        key: Artefact::name(&["user code", of[0], of[1]]),
        most,
        window_s: 600,
        leak_s: NO_LEAK,
        about: None,
    };
    let here = network(ip);
    let address = counter(["address", &here], 30);
    // a thirtieth of the time for each, so that the typing errors of a whole house pass
    let address = Counter {
        leak_s: 20,
        ..address
    };
    let browser = browser.map(|browser| counter(["browser", browser], 5));
    [Some(address), browser].into_iter().flatten().collect()
}

/// Words about such a block: one in its ten minutes.
pub fn user_codes_notice(blocked: &Counter) -> Counter {
    Counter {
        key: Artefact::name(&["notice", &cardea_jose::b64::encode(&blocked.key)]),
        most: 1,
        ..blocked.clone()
    }
}

/// What whoever has an address has too: an IPv6 user has a network of 64 bits to try from (attack
/// PASSWORD-14).
pub fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// A name that nobody has, as it is counted.
fn canonical(identifier: &str) -> String {
    fold(identifier).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
