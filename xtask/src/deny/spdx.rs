//! Licence expressions (SPDX 2.3 annex D): `OR`, `AND`, `WITH` and brackets, and the old `MIT/Apache-2.0`.

use crate::failure::{Outcome, fail};

/// Whether the terms can be met by allowed licences alone: one side of an `OR`, both sides of an `AND`.
pub(crate) fn is_allowed(
    expression: &str,
    allowed: &dyn Fn(&str) -> bool,
    excepted: &dyn Fn(&str) -> bool,
) -> Outcome<bool> {
    let words = words(expression);
    let mut parser = Parser {
        words: &words,
        allowed,
        excepted,
    };
    let verdict = parser.either()?;
    match parser.words.first() {
        None => Ok(verdict),
        Some(word) => fail(format!("`{word}` is not expected in `{expression}`")),
    }
}

fn words(expression: &str) -> Vec<String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

struct Parser<'a> {
    words: &'a [String],
    allowed: &'a dyn Fn(&str) -> bool,
    excepted: &'a dyn Fn(&str) -> bool,
}

impl<'a> Parser<'a> {
    fn either(&mut self) -> Outcome<bool> {
        let mut verdict = self.both()?;
        while self.takes("OR") {
            // Evaluated first: the right side must be read whatever the left side says.
            verdict = self.both()? || verdict;
        }
        Ok(verdict)
    }

    fn both(&mut self) -> Outcome<bool> {
        let mut verdict = self.one()?;
        while self.takes("AND") {
            verdict = self.one()? && verdict;
        }
        Ok(verdict)
    }

    fn one(&mut self) -> Outcome<bool> {
        if self.takes("(") {
            let verdict = self.either()?;
            return if self.takes(")") {
                Ok(verdict)
            } else {
                fail("a bracket is not closed")
            };
        }
        let licence = self.name()?;
        let mut verdict = (self.allowed)(licence);
        if self.takes("WITH") {
            let exception = self.name()?;
            verdict = verdict && (self.excepted)(exception);
        }
        Ok(verdict)
    }

    fn name(&mut self) -> Outcome<&'a str> {
        match self.words.split_first() {
            Some((word, rest)) if !matches!(word.as_str(), "OR" | "AND" | "WITH" | "(" | ")") => {
                self.words = rest;
                Ok(word)
            }
            Some((word, _)) => fail(format!("`{word}` stands where a licence is expected")),
            None => fail("the expression ends where a licence is expected"),
        }
    }

    fn takes(&mut self, expected: &str) -> bool {
        match self.words.split_first() {
            Some((word, rest)) if word == expected => {
                self.words = rest;
                true
            }
            Some(_) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    fn judged(expression: &str) -> Option<bool> {
        let allowed = |name: &str| ["MIT", "Apache-2.0", "ISC"].contains(&name);
        is_allowed(expression, &allowed, &|name| name == "LLVM-exception").ok()
    }

    #[test]
    fn expressions_are_judged_as_they_bind() {
        let rows = [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("GPL-3.0-only OR MIT", true),
            ("MIT AND GPL-3.0-only", false),
            ("MIT/Apache-2.0", true),
            // AND binds tighter than OR
            ("MIT OR ISC AND GPL-3.0-only", true),
            ("GPL-3.0-only OR ISC AND GPL-3.0-only", false),
            ("(MIT OR ISC) AND GPL-3.0-only", false),
            ("(MIT OR GPL-3.0-only) AND (Apache-2.0 OR ISC)", true),
            ("ISC AND (Apache-2.0 OR ISC) AND MIT", true),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0 WITH Other-exception", false),
            ("GPL-3.0-only WITH LLVM-exception", false),
        ];
        for (expression, verdict) in rows {
            assert_eq!(judged(expression), Some(verdict), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_an_error_and_not_a_verdict() {
        for expression in [
            "",
            "MIT OR",
            "AND MIT",
            "(MIT",
            "MIT)",
            "MIT ISC",
            "MIT WITH",
            "MIT WITH OR ISC",
        ] {
            assert_eq!(judged(expression), None, "{expression}");
        }
    }
}
