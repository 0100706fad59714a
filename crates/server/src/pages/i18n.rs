//! What people read, in their language. The texts are Fluent files, compiled in.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// Tag and texts; the first is what everybody gets whose languages are not there.
const FILES: [(&str, &str); 2] = [
    ("en", include_str!("../../../../web/pages/locales/en.ftl")),
    ("de", include_str!("../../../../web/pages/locales/de.ftl")),
];
/// More languages than anybody names.
const MAX_WISHES: usize = 20;

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| FILES.map(Language::new).into());

/// One language with its texts.
pub(crate) struct Language {
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Language").field(&self.tag).finish()
    }
}

impl Language {
    fn new((tag, text): (&'static str, &str)) -> Self {
        let id: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // the isolating marks would go out in titles and attributes; names are cleaned instead
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(text.to_owned());
        let resource = resource.unwrap_or_else(|(readable, _)| readable);
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    /// `en`, `de`: for `<html lang>`.
    pub(crate) const fn tag(&self) -> &'static str {
        self.tag
    }

    /// A text with its values.
    pub(crate) fn text(&self, id: &str, values: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            match value.parse::<u16>() {
                Ok(number) if *name == "count" => args.set(*name, number),
                Ok(_) | Err(_) => args.set(*name, *value),
            }
        }
        self.format(id, &args)
            .or_else(|| LANGUAGES.first()?.format(id, &args))
            .unwrap_or_else(|| id.to_owned())
    }

    fn format(&self, id: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors);
        Some(text.into_owned())
    }
}

/// The language for somebody: the request's `ui_locales`, then the browser's, then the tenant's
/// first; of those that the tenant enabled and that are there.
pub(crate) fn choose(
    ui_locales: Option<&str>,
    accept_language: Option<&str>,
    enabled: &[String],
) -> &'static Language {
    let languages = LANGUAGES.as_slice();
    let there = |tag: &str| {
        let primary = tag.split('-').next().unwrap_or(tag);
        languages
            .iter()
            .find(|known| known.tag.eq_ignore_ascii_case(primary))
    };
    let allowed = |language: &&'static Language| {
        enabled.is_empty()
            || enabled
                .iter()
                .any(|tag| there(tag).is_some_and(|l| l.tag == language.tag))
    };
    let wished = ui_locales
        .unwrap_or_default()
        .split_whitespace()
        .take(MAX_WISHES);
    let accepted = accepted(accept_language.unwrap_or_default());
    let default = || enabled.iter().find_map(|tag| there(tag));
    wished
        .chain(accepted)
        .filter_map(there)
        .find(allowed)
        .or_else(default)
        .unwrap_or_else(|| fallback(languages))
}

fn fallback(languages: &'static [Language]) -> &'static Language {
    static EMPTY: LazyLock<Language> = LazyLock::new(|| Language::new(("en", "")));
    languages.first().unwrap_or_else(|| &EMPTY)
}

/// `Accept-Language`, best first (RFC 9110 12.5.4).
fn accepted(header: &str) -> Vec<&str> {
    let weighed = header.split(',').take(MAX_WISHES).filter_map(|range| {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
        (weight > 0.0).then(|| (tag.trim(), weight))
    });
    let mut weighed: Vec<(&str, f32)> = weighed.collect();
    weighed.sort_by(|a, b| b.1.total_cmp(&a.1));
    weighed.into_iter().map(|(tag, _)| tag).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// `ui_locales`, `Accept-Language`, enabled languages, the language.
    type Row<'a> = (Option<&'a str>, Option<&'a str>, &'a [String], &'a str);

    fn ids(text: &str) -> BTreeSet<&str> {
        let id = |line: &str| line.split_once(" =").map(|(id, _)| id.to_owned());
        let lines = text
            .lines()
            .filter(|line| line.starts_with(char::is_alphabetic));
        lines
            .filter_map(|line| id(line).and_then(|id| line.get(..id.len())))
            .collect()
    }

    #[test]
    fn every_language_has_every_text_and_no_errors() {
        let all = ids(FILES[0].1);
        assert!(all.len() > 80);
        for (tag, text) in FILES {
            FluentResource::try_new(text.to_owned()).unwrap();
            assert_eq!(ids(text), all, "{tag}");
            let names = |text: &str, id: &str| -> BTreeSet<String> {
                let lines = text
                    .lines()
                    .skip_while(|line| !line.starts_with(&format!("{id} =")));
                let message = lines
                    .enumerate()
                    .take_while(|(number, line)| *number == 0 || line.starts_with(' '));
                let values = message.flat_map(|(_, line)| line.split('$').skip(1));
                let name = |value: &str| value.chars().take_while(|c| c.is_alphabetic()).collect();
                values.map(name).collect()
            };
            for id in &all {
                assert_eq!(names(text, id), names(FILES[0].1, id), "{tag} {id}");
            }
        }
    }

    #[test]
    fn the_request_wins_over_the_browser_and_the_tenant_over_both() {
        let both = ["en".to_owned(), "de".to_owned()];
        let table: [Row<'_>; 8] = [
            (Some("de"), Some("en"), &both, "de"),
            (Some("fr de-CH"), None, &both, "de"),
            (None, Some("de-DE,de;q=0.9,en;q=0.8"), &both, "de"),
            (None, Some("de;q=0.1, en-GB"), &both, "en"),
            (None, Some("de;q=0, fr"), &both, "en"),
            (Some("de"), None, &both[..1], "en"),
            (None, None, &both[1..], "de"),
            (Some("<script>"), Some(";;;,=,"), &[], "en"),
        ];
        for (ui, accept, enabled, expected) in table {
            assert_eq!(
                choose(ui, accept, enabled).tag(),
                expected,
                "{ui:?} {accept:?}"
            );
        }
    }

    #[test]
    fn numbers_choose_their_plural_and_values_stay_text() {
        let en = choose(Some("en"), None, &[]);
        assert!(
            en.text("password-length", &[("count", "1")])
                .contains("one character")
        );
        assert!(
            en.text("password-length", &[("count", "12")])
                .contains("12 characters")
        );
        assert_eq!(
            en.text("login-lead-plain", &[("tenant", "{ $x } 007")]),
            "Log in to { $x } 007."
        );
        assert_eq!(en.text("no-such-text", &[]), "no-such-text");
    }
}
