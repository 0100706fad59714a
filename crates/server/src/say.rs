//! What a command prints. A reader that went away (`cardea … | head`) is no error.

use std::fmt::{self, Write as _};
use std::io::{Write as _, stderr, stdout};

/// A line on standard output: what was asked for.
pub fn line(text: impl AsRef<str>) {
    let mut out = stdout().lock();
    drop(writeln!(out, "{}", Harmless(text.as_ref())).and_then(|()| out.flush()));
}

/// A line on standard error: what went wrong, or what to know.
pub fn note(text: impl AsRef<str>) {
    drop(writeln!(stderr().lock(), "{}", Harmless(text.as_ref())));
}

/// Text that may hold what a stranger sent: nothing in it steers the terminal or turns the
/// direction of writing around (attack LOG-01). Lines and tabs stay.
struct Harmless<'a>(&'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            let steers = c.is_control() && !matches!(c, '\n' | '\t');
            let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if steers || turns {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_01_nothing_steers_the_terminal() {
        let sent = "a\u{1b}[31mb\r\u{7}\u{202e}c\n\td\u{e9}";
        let shown = Harmless(sent).to_string();
        assert_eq!(shown, "a\\u{1b}[31mb\\u{d}\\u{7}\\u{202e}c\n\td\u{e9}");
    }
}
