//! Colours, and how well one is read on another (WCAG 2.2, 1.4.3).

use std::fmt;

/// A colour on the screen (sRGB), opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

impl Color {
    /// `#000000`.
    pub const BLACK: Self = Self::new(0, 0, 0);
    /// `#ffffff`.
    pub const WHITE: Self = Self::new(255, 255, 255);
    /// The least contrast of text (level AA).
    pub const TEXT: f64 = 4.5;
    /// The least contrast of what is no text, like a frame that shows the focus (1.4.11).
    pub const SHAPE: f64 = 3.0;

    /// From its parts.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Reads `#rgb` and `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Option<Vec<u8>> = text.strip_prefix('#')?.chars().map(digit).collect();
        let digits = digits?;
        let pairs: Vec<(u8, u8)> = match digits.len() {
            3 => digits.iter().map(|digit| (*digit, *digit)).collect(),
            6 => digits.chunks(2).filter_map(pair).collect(),
            _ => return None,
        };
        let parts: Vec<u8> = pairs.iter().map(|(high, low)| high * 16 + low).collect();
        match *parts {
            [red, green, blue] => Some(Self::new(red, green, blue)),
            _ => None,
        }
    }

    /// How bright it is seen, from 0 to 1.
    pub fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// The contrast of the two, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// So many percent of the way to the other one.
    #[must_use]
    pub fn mixed(self, other: Self, percent: u8) -> Self {
        let far = u32::from(percent.min(100));
        let between = |from: u8, to: u8| {
            let sum = u32::from(from) * (100 - far) + u32::from(to) * far + 50;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self::new(
            between(self.red, other.red),
            between(self.green, other.green),
            between(self.blue, other.blue),
        )
    }

    /// White or black: whichever can be read on it. One of them always can.
    #[must_use]
    pub fn text_on(self) -> Self {
        if self.contrast(Self::WHITE) >= Self::TEXT {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// The same colour, as far towards black or white as it takes to be read on this one.
    #[must_use]
    pub fn readable_on(self, ground: Self) -> Self {
        let end = ground.text_on();
        let steps = (0..=100).step_by(2).map(|percent| self.mixed(end, percent));
        let mut readable = steps.filter(|color| color.contrast(ground) >= Self::TEXT);
        readable.next().unwrap_or(end)
    }
}

fn pair(digits: &[u8]) -> Option<(u8, u8)> {
    match *digits {
        [high, low] => Some((high, low)),
        _ => None,
    }
}

fn digit(digit: char) -> Option<u8> {
    digit
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_or_refused() {
        for (text, read) in [
            ("#0059d6", Some("#0059d6")),
            ("#FFF", Some("#ffffff")),
            ("#a1B", Some("#aa11bb")),
            ("0059d6", None),
            ("#0059d", None),
            ("#0059d6ff", None),
            ("#00 9d6", None),
            ("red", None),
            ("", None),
            ("#fff;}body{display:none", None),
        ] {
            let color = Color::parse(text).map(|color| color.to_string());
            assert_eq!(color.as_deref(), read, "{text}");
        }
    }

    #[test]
    fn contrasts_are_those_of_the_standard() {
        for (one, two, contrast) in [
            ("#000", "#fff", 21.0),
            ("#777", "#fff", 4.48),
            ("#767676", "#fff", 4.54),
            ("#0000ff", "#fff", 8.59),
            ("#ffff00", "#fff", 1.07),
            ("#123456", "#123456", 1.0),
        ] {
            let (one, two) = (Color::parse(one).unwrap(), Color::parse(two).unwrap());
            assert!((one.contrast(two) - contrast).abs() < 0.01, "{one} {two}");
            assert!((two.contrast(one) - contrast).abs() < 0.01, "{two} {one}");
        }
    }

    #[test]
    fn text_can_be_read_on_every_colour() {
        let part = || (0..=255).step_by(15);
        for red in part() {
            for green in part() {
                for blue in part() {
                    let ground = Color::new(red, green, blue);
                    let text = ground.text_on();
                    assert!(text.contrast(ground) >= Color::TEXT, "{text} on {ground}");
                    let other = Color::new(blue, red, green).readable_on(ground);
                    assert!(other.contrast(ground) >= Color::TEXT, "{other} on {ground}");
                }
            }
        }
        let good = Color::parse("#0059d6").unwrap();
        assert_eq!(good.readable_on(Color::WHITE), good, "kept as it is");
    }
}
