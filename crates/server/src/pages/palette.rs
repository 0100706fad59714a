//! The colours of a page that follow from a tenant's one colour, and what stands behind the page.
//! Whatever the tenant chose, text can be read (WCAG 2.2 AA).

use cardea_core::color::Color;
use cardea_core::model::Background;

/// Whether the browser asks for light or dark pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Light,
    Dark,
}

/// Less bright is too dark for a button that gets darker under the pointer.
const NEARLY_BLACK: f64 = 0.02;
/// Brighter is too bright for one that gets brighter.
const NEARLY_WHITE: f64 = 0.8;
/// A background in the dark is not brighter: hardly more than the card on it.
const CALM: f64 = 0.025;
/// How far a button changes under the pointer.
const HOVER: u8 = 18;

impl Scheme {
    /// `--card` of the style sheet: what text stands on.
    pub(super) const fn card(self) -> Color {
        match self {
            Self::Light => Color::WHITE,
            Self::Dark => Color::new(0x17, 0x1b, 0x22),
        }
    }

    /// `--ground` of the style sheet: what stands behind the card.
    pub(super) const fn ground(self) -> Color {
        match self {
            Self::Light => Color::new(0xf4, 0xf5, 0xf7),
            Self::Dark => Color::new(0x0e, 0x11, 0x16),
        }
    }

    /// `--soft` of the style sheet: the text below the card.
    pub(super) const fn soft(self) -> Color {
        match self {
            Self::Light => Color::new(0x54, 0x5c, 0x69),
            Self::Dark => Color::new(0xa5, 0xaf, 0xbd),
        }
    }
}

/// What a primary colour becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Palette {
    /// Buttons and the monogram.
    pub(super) accent: Color,
    /// The button under the pointer.
    pub(super) accent_strong: Color,
    /// The text on either.
    pub(super) on_accent: Color,
    /// The edge of a button that would not be seen without one.
    pub(super) edge: Option<Color>,
    /// Links, and the frame around what has the focus.
    pub(super) link: Color,
}

impl Palette {
    /// In the light the tenant's colour is the button's, as it is; in the dark it is brightened
    /// until it stands out.
    pub(super) fn of(primary: Color, scheme: Scheme) -> Self {
        let card = scheme.card();
        let link = primary.readable_on(card);
        let accent = match scheme {
            Scheme::Light => primary,
            Scheme::Dark => link,
        };
        let on_accent = accent.text_on();
        let away = match on_accent {
            Color::WHITE if accent.luminance() > NEARLY_BLACK => Color::BLACK,
            Color::BLACK if accent.luminance() > NEARLY_WHITE => Color::BLACK,
            _ => Color::WHITE,
        };
        Self {
            accent,
            accent_strong: accent.mixed(away, HOVER),
            on_accent,
            edge: (accent.contrast(card) < Color::SHAPE).then_some(link),
            link,
        }
    }
}

/// What stands behind the card, and how the text below the card is read on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ground {
    /// As a style sheet writes it.
    pub(super) css: String,
    /// The text's colour.
    pub(super) ink: Color,
    /// What is put under the text: on a gradient no one colour is read everywhere.
    pub(super) under: Option<Color>,
}

impl Ground {
    /// In the dark, a background is darkened until it is calm.
    pub(super) fn of(background: Background, scheme: Scheme) -> Self {
        let fit = |color| match scheme {
            Scheme::Light => color,
            Scheme::Dark => darkened(color),
        };
        match background {
            Background::Solid(color) => {
                let color = fit(color);
                let soft = scheme.soft();
                Self {
                    css: color.to_string(),
                    ink: if soft.contrast(color) >= Color::TEXT {
                        soft
                    } else {
                        color.text_on()
                    },
                    under: None,
                }
            }
            Background::Gradient {
                start,
                end,
                degrees,
            } => Self {
                css: format!("linear-gradient({degrees}deg,{},{})", fit(start), fit(end)),
                ink: scheme.soft(),
                under: Some(scheme.card()),
            },
        }
    }
}

fn darkened(color: Color) -> Color {
    let ground = Scheme::Dark.ground();
    let steps = (0..=100).step_by(5);
    let mut dark = steps
        .map(|percent| color.mixed(ground, percent))
        .filter(|dark| dark.luminance() <= CALM);
    dark.next().unwrap_or(ground)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        Color::parse(text).unwrap()
    }

    #[test]
    fn the_colours_here_are_those_of_the_style_sheet() {
        let style = include_str!("../../../../web/pages/style.css");
        let (light, dark) = style.split_once("(prefers-color-scheme: dark)").unwrap();
        for (part, scheme) in [(light, Scheme::Light), (dark, Scheme::Dark)] {
            for (name, known) in [
                ("card", scheme.card()),
                ("ground", scheme.ground()),
                ("soft", scheme.soft()),
            ] {
                let value = part.split(&format!("--{name}: ")).nth(1).unwrap();
                let value = value.split(';').next().unwrap();
                assert_eq!(Color::parse(value), Some(known), "{name} {scheme:?}");
            }
        }
    }

    /// Primary colour; in the light: button, its text, whether it has an edge, link; in the dark:
    /// button, its text.
    const TABLE: &[(&str, [&str; 3], bool, [&str; 2])] = &[
        (
            "#0059d6",
            ["#0059d6", "#ffffff", "#0059d6"],
            false,
            ["#4284e1", "#000000"],
        ),
        (
            "#000000",
            ["#000000", "#ffffff", "#000000"],
            false,
            ["#858585", "#000000"],
        ),
        (
            "#ffffff",
            ["#ffffff", "#000000", "#757575"],
            true,
            ["#ffffff", "#000000"],
        ),
        (
            "#ffdd00",
            ["#ffdd00", "#000000", "#857300"],
            true,
            ["#ffdd00", "#000000"],
        ),
        (
            "#ff0000",
            ["#ff0000", "#000000", "#eb0000"],
            false,
            ["#ff2424", "#000000"],
        ),
    ];

    #[test]
    fn a_colour_becomes_a_readable_page() {
        for (primary, [button, text, link], edge, [dark, on_dark]) in TABLE {
            let light = Palette::of(color(primary), Scheme::Light);
            let shown = [light.accent, light.on_accent, light.link].map(|c| c.to_string());
            assert_eq!(shown, [*button, *text, *link], "{primary}");
            assert_eq!(light.edge.is_some(), *edge, "{primary}");
            let night = Palette::of(color(primary), Scheme::Dark);
            let shown = [night.accent, night.on_accent].map(|c| c.to_string());
            assert_eq!(shown, [*dark, *on_dark], "{primary}");
            assert_eq!((night.accent, night.edge), (night.link, None), "{primary}");
        }
    }

    #[test]
    fn whatever_the_colour_is_its_text_can_be_read() {
        let part = || (0..=255).step_by(17);
        for red in part() {
            for green in part() {
                for blue in part() {
                    let primary = Color::new(red, green, blue);
                    for scheme in [Scheme::Light, Scheme::Dark] {
                        readable(primary, scheme);
                    }
                }
            }
        }
    }

    fn readable(primary: Color, scheme: Scheme) {
        let palette = Palette::of(primary, scheme);
        let about = format!("{primary} {scheme:?} {palette:?}");
        for ground in [palette.accent, palette.accent_strong] {
            assert!(palette.on_accent.contrast(ground) >= Color::TEXT, "{about}");
        }
        assert!(
            palette.link.contrast(scheme.card()) >= Color::TEXT,
            "{about}"
        );
        assert_ne!(palette.accent, palette.accent_strong, "{about}");
        let edge = palette.edge.unwrap_or(palette.accent);
        assert!(edge.contrast(scheme.card()) >= Color::SHAPE, "{about}");
    }

    #[test]
    fn the_text_below_the_card_can_be_read_on_every_background() {
        let part = || (0..=255).step_by(17);
        for red in part() {
            for green in part() {
                for blue in part() {
                    let color = Color::new(red, green, blue);
                    let light = Ground::of(Background::Solid(color), Scheme::Light);
                    assert!(
                        light.ink.contrast(color) >= Color::TEXT,
                        "{color} {light:?}"
                    );
                    let dark = Ground::of(Background::Solid(color), Scheme::Dark);
                    let seen = Color::parse(&dark.css).unwrap();
                    assert!(dark.ink.contrast(seen) >= Color::TEXT, "{color} {dark:?}");
                    assert!(seen.luminance() <= CALM, "{color} {dark:?}");
                }
            }
        }
        let gradient = Background::Gradient {
            start: Color::WHITE,
            end: Color::BLACK,
            degrees: 90,
        };
        for (scheme, css) in [
            (Scheme::Light, "linear-gradient(90deg,#ffffff,#000000)"),
            (Scheme::Dark, "linear-gradient(90deg,#26292d,#000000)"),
        ] {
            let ground = Ground::of(gradient, scheme);
            assert_eq!(
                (ground.css.as_str(), ground.under),
                (css, Some(scheme.card()))
            );
            assert!(ground.ink.contrast(scheme.card()) >= Color::TEXT);
        }
    }
}
