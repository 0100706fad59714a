//! Scopes (RFC 6749 3.3): a set of words that remembers the order in which they were named.

use std::fmt;

/// The longest scope an API may define, in bytes.
pub const MAX_SCOPE_LENGTH: usize = 280;

/// A set of scopes, in the order in which they were first named.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Scopes {
    words: Vec<Box<str>>,
    /// Positions in `words`, sorted by word: `contains` on hundreds of scopes stays cheap.
    sorted: Vec<usize>,
}

impl Scopes {
    /// Reads a `scope` parameter: words between spaces, repeats collapse. A word with a
    /// character that RFC 6749 3.3 does not allow is an error that names it.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut scopes = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if !is_scope_token(word) {
                return Err(InvalidScope);
            }
            scopes.insert(word);
        }
        Ok(scopes)
    }

    /// Adds `word` unless it is there.
    pub fn insert(&mut self, word: &str) {
        if let Err(at) = self.position(word) {
            self.sorted.insert(at, self.words.len());
            self.words.push(word.into());
        }
    }

    /// Whether `word` is one of them.
    pub fn contains(&self, word: &str) -> bool {
        self.position(word).is_ok()
    }

    /// In the order in which they were named.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.words.iter().map(AsRef::as_ref)
    }

    /// Those that `other` has too, in this set's order.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        self.iter().filter(|word| other.contains(word)).collect()
    }

    /// Whether each of them is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|word| other.contains(word))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn position(&self, word: &str) -> Result<usize, usize> {
        self.sorted.binary_search_by(|at| {
            self.words
                .get(*at)
                .map_or(std::cmp::Ordering::Less, |known| (**known).cmp(word))
        })
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        let mut scopes = Self::default();
        words.into_iter().for_each(|word| scopes.insert(word));
        scopes
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, word) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

/// A scope with a character outside of RFC 6749's `scope-token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidScope;

/// RFC 6749 3.3: `%x21 / %x23-5B / %x5D-7E`.
pub fn is_scope_token(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_is_kept_and_repeats_collapse() {
        let scopes = Scopes::parse("write:x read:x  write:x a").unwrap();
        assert_eq!(scopes.to_string(), "write:x read:x a");
        assert!(scopes.contains("a") && !scopes.contains("b"));
        assert_eq!(Scopes::parse("a\"b"), Err(InvalidScope));
        assert_eq!(Scopes::parse("a\tb"), Err(InvalidScope));
    }

    proptest! {
        #[test]
        fn an_intersection_is_a_subset_of_both(a in "[a-d ]{0,12}", b in "[a-d ]{0,12}") {
            let (a, b) = (Scopes::parse(&a).unwrap(), Scopes::parse(&b).unwrap());
            let both = a.intersect(&b);
            prop_assert!(both.is_subset(&a) && both.is_subset(&b));
            for word in a.iter() {
                prop_assert_eq!(both.contains(word), b.contains(word));
            }
        }

        #[test]
        fn writing_and_reading_keeps_a_set(a in "[a-d ]{0,20}") {
            let scopes = Scopes::parse(&a).unwrap();
            prop_assert_eq!(Scopes::parse(&scopes.to_string()).unwrap(), scopes);
        }
    }
}
