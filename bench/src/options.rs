//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::failure::{Outcome, fail};

pub(crate) const HELP: &str = "cardea-bench [OPTION…]

  --seconds S     how long each point is measured (default 2)
  --rounds N      how often each point is measured (default 5)
  --tokens N      tokens issued before memory is read again (default 1000000; 0 leaves it out)
  --peer          also measure npm's oidc-provider, in the same rounds
  --only WORD     measure only the work whose name holds WORD; `p99` is what others feel while
                  logins saturate. Memory and start are left out
  --json FILE     write everything that was measured
  --server FILE   measure this binary instead of building one
";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) point: Duration,
    pub(crate) rounds: u32,
    pub(crate) tokens: u32,
    pub(crate) peer: bool,
    pub(crate) only: Option<String>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) server: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self {
            point: Duration::from_secs(2),
            rounds: 5,
            tokens: 1_000_000,
            peer: false,
            only: None,
            json: None,
            server: None,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--seconds" => options.point = seconds(value(&word, words.next().as_deref())?)?,
                "--rounds" => options.rounds = value::<u32>(&word, words.next().as_deref())?.max(1),
                "--tokens" => options.tokens = value(&word, words.next().as_deref())?,
                "--only" => options.only = Some(value(&word, words.next().as_deref())?),
                "--peer" => options.peer = true,
                "--json" => options.json = Some(value(&word, words.next().as_deref())?),
                "--server" => options.server = Some(value(&word, words.next().as_deref())?),
                _ => return fail(format!("unknown option {word}\n\n{HELP}")),
            }
        }
        Ok(options)
    }

    /// Whether this work is to be measured.
    pub(crate) fn wants(&self, what: &str) -> bool {
        self.only.as_deref().is_none_or(|only| what.contains(only))
    }
}

fn value<T: FromStr>(option: &str, word: Option<&str>) -> Outcome<T> {
    match word.map(str::parse) {
        Some(Ok(value)) => Ok(value),
        Some(Err(_)) | None => fail(format!("{option} needs a value\n\n{HELP}")),
    }
}

fn seconds(number: f64) -> Outcome<Duration> {
    match Duration::try_from_secs_f64(number) {
        Ok(point) if !point.is_zero() => Ok(point),
        Ok(_) | Err(_) => fail("--seconds needs a number above 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Outcome<Options> {
        Options::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let options = parse(&["--seconds", "0.5", "--rounds", "3", "--peer"]).unwrap();
        assert_eq!(options.point, Duration::from_millis(500));
        assert_eq!(
            (options.rounds, options.tokens, options.peer),
            (3, 1_000_000, true)
        );
        let wrong: [&[&str]; 5] = [
            &["--what"],
            &["--rounds"],
            &["--rounds", "x"],
            &["--seconds", "0"],
            &["--json"],
        ];
        for words in wrong {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
