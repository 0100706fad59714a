//! The Content-Security-Policy of a page: nothing but its own style sheet, and what it names.

use std::sync::LazyLock;

use cardea_core::https_url::HttpsUrl;

use super::brand::source_of;
use super::{Look, origin_of};

static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| source_of(include_str!("../../../../web/pages/style.css")));

/// What one page may do beyond showing itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    /// Where its forms may lead beside this server: browsers hold the redirect that follows a
    /// form to this too, so a page of a login names the callback's origin (attack WEB-05).
    forms: Vec<String>,
    nonce: Option<String>,
    /// The tenant's own style sheet, by its hash.
    style: Option<String>,
    /// The origins of its pictures and of its font (attacks WEB-13, AUTHZ-57: no others).
    images: Vec<String>,
    font: Option<String>,
    /// The one origin that may show it in a frame; nobody for `None` (attack AUTHZ-41).
    framed_by: Option<String>,
}

impl Policy {
    /// What every page of a tenant may load: what its brand names, and nothing by default.
    pub(crate) fn of(look: &Look) -> Self {
        let mut images: Vec<String> = look.pictures().map(HttpsUrl::origin).collect();
        images.sort();
        images.dedup();
        Self {
            style: look.brand_style().map(source_of),
            images,
            font: look.font().map(HttpsUrl::origin),
            ..Self::default()
        }
    }

    /// Forms lead here and to this URL.
    #[must_use]
    pub(crate) fn form_to(mut self, url: &str) -> Self {
        self.forms.extend(form_source(url));
        self
    }

    /// The one script that carries this nonce.
    #[must_use]
    pub(crate) fn script(mut self, nonce: &str) -> Self {
        self.nonce = Some(nonce.to_owned());
        self
    }

    /// May stand in a frame of this origin.
    #[must_use]
    pub(crate) fn framed_by(mut self, origin: &str) -> Self {
        self.framed_by = Some(origin.to_owned());
        self
    }

    /// Whether it may stand in a frame at all.
    pub(crate) const fn can_be_framed(&self) -> bool {
        self.framed_by.is_some()
    }

    /// The header's text.
    pub(crate) fn header(&self) -> String {
        let mut text = format!(
            "default-src 'none'; base-uri 'none'; style-src {}",
            *STYLE_HASH
        );
        if let Some(style) = &self.style {
            text.push(' ');
            text.push_str(style);
        }
        text.push_str("; form-action 'self'");
        for source in &self.forms {
            text.push(' ');
            text.push_str(source);
        }
        if let Some(nonce) = &self.nonce {
            text.push_str("; script-src 'nonce-");
            text.push_str(nonce);
            text.push('\'');
        }
        for (directive, sources) in [
            ("img-src", self.images.as_slice()),
            ("font-src", self.font.as_slice()),
        ] {
            if !sources.is_empty() {
                text = format!("{text}; {directive} {}", sources.join(" "));
            }
        }
        text.push_str("; frame-ancestors ");
        text.push_str(self.framed_by.as_deref().unwrap_or("'none'"));
        text
    }
}

/// A URL as a source expression: its origin, or its scheme where it has none. Nothing that would
/// end the directive gets in.
fn form_source(url: &str) -> Option<String> {
    if let Some(origin) = origin_of(url) {
        return Some(origin);
    }
    let (scheme, _) = url.split_once(':')?;
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let own = !web && !scheme.is_empty() && scheme.chars().all(harmless);
    own.then(|| format!("{scheme}:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_only_what_the_page_needs() {
        let text = Policy::default().header();
        assert!(text.starts_with("default-src 'none'; base-uri 'none'; style-src 'sha256-"));
        assert!(text.ends_with("; form-action 'self'; frame-ancestors 'none'"));
        let policy = Policy::default()
            .form_to("https://app.example:3000/cb?x=1")
            .script("n0nce")
            .framed_by("https://app.example");
        let policy = Policy {
            images: vec![
                "https://cdn.example".to_owned(),
                "https://b.example".to_owned(),
            ],
            font: Some("https://fonts.example".to_owned()),
            style: Some(source_of("p{}")),
            ..policy
        };
        let text = policy.header();
        for part in [
            "form-action 'self' https://app.example:3000;",
            "script-src 'nonce-n0nce';",
            "img-src https://cdn.example https://b.example;",
            "font-src https://fonts.example;",
            "' 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y='; form-action",
            "frame-ancestors https://app.example",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(policy.can_be_framed());
    }

    #[test]
    fn nothing_ends_a_directive() {
        for (url, expected) in [
            ("http://127.0.0.1:4711/cb", Some("http://127.0.0.1:4711")),
            ("http://[::1]:4711/cb", Some("http://[::1]:4711")),
            ("com.example.app:/cb", Some("com.example.app:")),
            ("https://a.example; script-src *", None),
            (
                "https://a.example/x; script-src *",
                Some("https://a.example"),
            ),
            ("a b:c", None),
            ("", None),
        ] {
            assert_eq!(form_source(url).as_deref(), expected, "{url}");
        }
    }
}
