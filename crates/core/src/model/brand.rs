//! A tenant's brand: how its pages look.

use serde_json::Value;

use super::{Corrupt, Document};
use crate::color::Color;
use crate::https_url::HttpsUrl;

/// What stands behind the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// One colour.
    Solid(Color),
    /// From one colour to another, in this direction.
    Gradient {
        /// Where it begins.
        start: Color,
        /// Where it ends.
        end: Color,
        /// The direction, in degrees.
        degrees: i64,
    },
}

/// The member `branding` of the settings: `GET /branding`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brand {
    /// `colors.primary`: buttons and links.
    pub primary: Option<Color>,
    /// `colors.page_background`.
    pub background: Option<Background>,
    /// `logo_url`.
    pub logo: Option<HttpsUrl>,
    /// `favicon_url`.
    pub favicon: Option<HttpsUrl>,
    /// `font.url`.
    pub font: Option<HttpsUrl>,
}

/// The member of the settings that holds the tenant's own words: by prompt, language, screen and
/// name.
pub const CUSTOM_TEXT: &str = "custom_text";

/// The tenant's own words for a text of a screen, if its settings have any in this language.
pub fn own_words<'d>(
    settings: &'d Document,
    (prompt, screen): (&str, &str),
    language: &str,
    name: &str,
) -> Option<&'d str> {
    let found = settings.nested(&[CUSTOM_TEXT, prompt, language, screen, name]);
    found?.as_str().filter(|text| !text.trim().is_empty())
}

impl Brand {
    /// The member of the settings that holds it.
    pub const MEMBER: &'static str = "branding";

    pub(super) fn from_settings(document: &Document) -> Result<Self, Corrupt> {
        let corrupt = || document.corrupt(Self::MEMBER);
        let at = |path: &[&str]| {
            let path: Vec<&str> = [Self::MEMBER].iter().chain(path).copied().collect();
            document.nested(&path).filter(|value| !value.is_null())
        };
        let url = |path: &[&str]| {
            at(path)
                .map(|value| value.as_str().and_then(HttpsUrl::parse).ok_or_else(corrupt))
                .transpose()
        };
        Ok(Self {
            primary: at(&["colors", "primary"])
                .map(|value| color(value).ok_or_else(corrupt))
                .transpose()?,
            background: at(&["colors", "page_background"])
                .map(|value| background(value).ok_or_else(corrupt))
                .transpose()?,
            logo: url(&["logo_url"])?,
            favicon: url(&["favicon_url"])?,
            font: url(&["font", "url"])?,
        })
    }
}

fn color(value: &Value) -> Option<Color> {
    value.as_str().and_then(Color::parse)
}

fn background(value: &Value) -> Option<Background> {
    let Some(gradient) = value.as_object() else {
        return color(value).map(Background::Solid);
    };
    Some(Background::Gradient {
        start: gradient.get("start").and_then(color)?,
        end: gradient.get("end").and_then(color)?,
        degrees: match gradient.get("angle_deg") {
            None => 0,
            Some(angle) => angle.as_i64()?,
        },
    })
}
