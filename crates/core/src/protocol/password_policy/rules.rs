//! Length and characters, and the report that Auth0's clients show (auth-semantics 8.4).

use serde_json::{Map, Value, json};

use crate::model::Document;

/// A kind of character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `a` to `z`.
    Lower,
    /// `A` to `Z`.
    Upper,
    /// `0` to `9`.
    Digit,
    /// Anything else.
    Special,
}

impl Class {
    const ALL: [Self; 4] = [Self::Lower, Self::Upper, Self::Digit, Self::Special];

    const fn code(self) -> &'static str {
        match self {
            Self::Lower => "lowerCase",
            Self::Upper => "upperCase",
            Self::Digit => "numbers",
            Self::Special => "specialCharacters",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Lower => "lower case letters (a-z)",
            Self::Upper => "upper case letters (A-Z)",
            Self::Digit => "numbers (i.e. 0-9)",
            Self::Special => "special characters (e.g. !@#$%^&*)",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "lowercase" => Some(Self::Lower),
            "uppercase" => Some(Self::Upper),
            "number" => Some(Self::Digit),
            "special" => Some(Self::Special),
            _ => None,
        }
    }

    fn stands_in(self, password: &str) -> bool {
        password.chars().any(|letter| self.holds(letter))
    }

    fn holds(self, letter: char) -> bool {
        match self {
            Self::Lower => letter.is_ascii_lowercase(),
            Self::Upper => letter.is_ascii_uppercase(),
            Self::Digit => letter.is_ascii_digit(),
            Self::Special => !letter.is_ascii_alphanumeric(),
        }
    }
}

/// The rules of length and characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complexity {
    /// The fewest characters.
    pub least_length: usize,
    classes: Vec<Class>,
    /// How many of the classes.
    needed: usize,
    /// No more than two of the same in a row.
    no_runs: bool,
    /// No more than two neighbours of the alphabet or of the digits in a row.
    no_sequences: bool,
}

impl Complexity {
    /// Reads `password_options.complexity`, else the older `passwordPolicy`.
    pub(super) fn of(connection: &Document, floor: usize) -> Self {
        let at =
            |name: &str| connection.nested(&["options", "password_options", "complexity", name]);
        if connection
            .nested(&["options", "password_options", "complexity"])
            .is_some()
        {
            let word = |name: &str| at(name).and_then(Value::as_str);
            let classes: Vec<Class> = at("character_types")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .filter_map(Class::parse)
                .collect();
            let three = word("character_type_rule") == Some("three_of_four");
            let classes = if three { Class::ALL.to_vec() } else { classes };
            return Self {
                least_length: length(at("min_length")).unwrap_or(15).max(floor),
                needed: if three { 3 } else { classes.len() },
                classes,
                no_runs: word("identical_characters") == Some("block"),
                no_sequences: word("sequential_characters") == Some("block"),
            };
        }
        Self::of_policy(connection, floor)
    }

    fn of_policy(connection: &Document, floor: usize) -> Self {
        let named = connection.nested(&["options", "passwordPolicy"]);
        let named = named.and_then(Value::as_str);
        let (classes, needed, least): (&[Class], usize, usize) = match named {
            Some("none") => (&[], 0, 1),
            Some("low") => (&[], 0, 6),
            Some("fair") => (&[Class::Lower, Class::Upper, Class::Digit], 3, 8),
            Some("good") => (&Class::ALL, 3, 8),
            Some("excellent") => (&Class::ALL, 3, 10),
            Some(_) | None => (&[], 0, 8),
        };
        let own = connection.nested(&["options", "password_complexity_options", "min_length"]);
        Self {
            least_length: length(own).unwrap_or(least).max(floor),
            classes: classes.to_vec(),
            needed,
            no_runs: named == Some("excellent"),
            no_sequences: false,
        }
    }
}

fn length(value: Option<&Value>) -> Option<usize> {
    let length = value.and_then(Value::as_u64)?;
    usize::try_from(length).ok().filter(|length| *length <= 72)
}

/// How a password meets the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    rules: Vec<Line>,
    /// Whether it meets all.
    pub verified: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    message: &'static str,
    code: &'static str,
    format: Vec<Value>,
    items: Vec<(Class, bool)>,
    verified: bool,
}

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand<'a> {
    /// At least so many characters.
    Length(usize),
    /// Characters of at least so many of these kinds.
    Kinds(usize, &'a [Class]),
    /// No more than two of the same in a row.
    NoRuns,
    /// No more than two neighbours in a row.
    NoSequences,
}

impl Complexity {
    /// All rules, in the order in which they are looked at.
    pub fn demands(&self) -> impl Iterator<Item = Demand<'_>> {
        let kinds = !self.classes.is_empty();
        let all = [
            Some(Demand::Length(self.least_length)),
            kinds.then_some(Demand::Kinds(self.needed, &self.classes)),
            self.no_runs.then_some(Demand::NoRuns),
            self.no_sequences.then_some(Demand::NoSequences),
        ];
        all.into_iter().flatten()
    }
}

impl Demand<'_> {
    /// Whether a password meets it.
    pub fn is_met(self, password: &str) -> bool {
        match self {
            Self::Length(least) => password.chars().count() >= least,
            Self::Kinds(needed, kinds) => {
                let held = kinds.iter().filter(|kind| kind.stands_in(password));
                held.count() >= needed
            }
            Self::NoRuns => !has_run(password, |step| step == 0),
            Self::NoSequences => {
                !has_run(password, |step| step == 1) && !has_run(password, |step| step == -1)
            }
        }
    }

    fn line(self, password: &str) -> Line {
        let (message, code, format) = match self {
            Self::Length(least) => (
                "At least %d characters in length",
                "lengthAtLeast",
                vec![least.into()],
            ),
            Self::Kinds(needed, kinds) if needed < kinds.len() => (
                "Contain at least %d of the following %d types of characters:",
                "containsAtLeast",
                vec![needed.into(), kinds.len().into()],
            ),
            Self::Kinds(..) => ("Should contain:", "shouldContain", Vec::new()),
            Self::NoRuns => (
                "No more than %d identical characters in a row (e.g., \"%s\" not allowed)",
                "identicalChars",
                vec![2.into(), "aaa".into()],
            ),
            Self::NoSequences => (
                "No more than %d sequential characters in a row (e.g., \"%s\" not allowed)",
                "sequentialChars",
                vec![2.into(), "abc".into()],
            ),
        };
        let kinds = match self {
            Self::Kinds(_, kinds) => kinds,
            Self::Length(_) | Self::NoRuns | Self::NoSequences => &[],
        };
        Line {
            message,
            code,
            format,
            items: kinds
                .iter()
                .map(|kind| (*kind, kind.stands_in(password)))
                .collect(),
            verified: self.is_met(password),
        }
    }
}

/// Looks at a password.
pub fn report(rules: &Complexity, password: &str) -> Report {
    let lines: Vec<Line> = rules.demands().map(|rule| rule.line(password)).collect();
    Report {
        verified: lines.iter().all(|line| line.verified),
        rules: lines,
    }
}

/// Three in a row, each such a step from the one before.
fn has_run(password: &str, is_step: impl Fn(i64) -> bool) -> bool {
    let letters: Vec<char> = password.chars().collect();
    letters.windows(3).any(|three| match three {
        [a, b, c] => {
            let step = |from: char, to: char| i64::from(u32::from(to)) - i64::from(u32::from(from));
            is_step(step(*a, *b)) && is_step(step(*b, *c))
        }
        _ => false,
    })
}

impl Report {
    /// `description` of the error: `{rules, verified}`.
    pub fn to_json(&self) -> Value {
        let rules: Vec<Value> = self.rules.iter().map(Line::to_json).collect();
        json!({"rules": rules, "verified": self.verified})
    }

    /// `policy` of the error: the rules as a list for people.
    pub fn policy(&self) -> String {
        let mut lines = Vec::new();
        for rule in &self.rules {
            lines.push(format!("* {}", rule.sentence()));
            let items = rule.items.iter();
            lines.extend(items.map(|(class, _)| format!("  * {}", class.text())));
        }
        lines.join("\n")
    }
}

impl Line {
    fn to_json(&self) -> Value {
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
        put("message", self.message.into());
        if !self.format.is_empty() {
            put("format", self.format.clone().into());
        }
        put("code", self.code.into());
        if !self.items.is_empty() {
            let items = self.items.iter().map(|(class, verified)| {
                json!({"message": class.text(), "code": class.code(), "verified": verified})
            });
            put("items", items.collect());
        }
        put("verified", self.verified.into());
        Value::Object(line)
    }

    fn sentence(&self) -> String {
        let mut sentence = self.message.to_owned();
        for value in &self.format {
            let shown = value
                .as_str()
                .map_or_else(|| value.to_string(), ToOwned::to_owned);
            let mark = if value.is_string() { "%s" } else { "%d" };
            sentence = sentence.replacen(mark, &shown, 1);
        }
        sentence
    }
}
