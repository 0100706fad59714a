//! A tenant's brand as a style sheet: one short sheet beside ours, under a hash of its own. Every
//! value in it is a colour, a number or an address that was read as one; nothing else gets in.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardea_core::color::Color;
use cardea_core::model::Brand;

use super::palette::{Ground, Palette, Scheme};

/// How a policy names a style sheet that stands in the page.
pub(super) fn source_of(style: &str) -> String {
    let digest = cardea_jose::sha256(style.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}

/// The style sheet of a brand; none where it changes nothing.
pub(super) fn style(brand: &Brand) -> Option<String> {
    let mut css = String::new();
    if let Some(url) = &brand.font {
        let _ = write!(
            css,
            "@font-face{{font-family:\"Brand\";src:url(\"{url}\");font-display:swap}}\
             body{{font-family:\"Brand\",system-ui,sans-serif}}"
        );
    }
    if let Some(primary) = brand.primary {
        let _ = write!(
            css,
            ":root{{{}}}@media (prefers-color-scheme:dark){{:root{{{}}}}}",
            accents(primary, Scheme::Light),
            accents(primary, Scheme::Dark)
        );
    }
    if let Some(background) = brand.background {
        // a narrow screen is all card
        let _ = write!(
            css,
            "@media (min-width:30rem){{{}}}\
             @media (min-width:30rem) and (prefers-color-scheme:dark){{{}}}",
            behind(&Ground::of(background, Scheme::Light)),
            behind(&Ground::of(background, Scheme::Dark))
        );
    }
    (!css.is_empty()).then_some(css)
}

fn accents(primary: Color, scheme: Scheme) -> String {
    let Palette {
        accent,
        accent_strong,
        on_accent,
        edge,
        link,
    } = Palette::of(primary, scheme);
    let edge = edge.map_or_else(|| "transparent".to_owned(), |edge| edge.to_string());
    format!(
        "--accent:{accent};--accent-strong:{accent_strong};--on-accent:{on_accent};\
         --accent-edge:{edge};--link:{link};--focus:{link}"
    )
}

fn behind(ground: &Ground) -> String {
    let under = ground
        .under
        .map_or_else(|| "none".to_owned(), |under| under.to_string());
    format!(
        "body{{background:{}}}footer{{color:{};background:{under}}}",
        ground.css, ground.ink
    )
}

#[cfg(test)]
mod tests {
    use cardea_core::https_url::HttpsUrl;
    use cardea_core::model::Background;

    use super::*;

    #[test]
    fn a_brand_is_written_and_nothing_is_not() {
        assert_eq!(style(&Brand::default()), None);
        let logo = HttpsUrl::parse("https://cdn.example/l.png");
        assert_eq!(
            style(&Brand {
                logo,
                ..Brand::default()
            }),
            None
        );
        let brand = Brand {
            primary: Some(Color::WHITE),
            background: Some(Background::Solid(Color::BLACK)),
            font: HttpsUrl::parse("https://cdn.example/f(1).woff2?a='b';c"),
            ..Brand::default()
        };
        let css = style(&brand).unwrap();
        for part in [
            "src:url(\"https://cdn.example/f(1).woff2?a='b';c\");",
            "--accent:#ffffff;--accent-strong:#",
            "--accent-edge:#757575;",
            "body{background:#000000}footer{color:#ffffff;background:none}",
        ] {
            assert!(css.contains(part), "{part}: {css}");
        }
        assert_eq!(css.matches('{').count(), css.matches('}').count());
        assert!(!css.contains('<'), "WEB-01: it cannot end its element");
    }
}
