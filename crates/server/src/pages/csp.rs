//! The Content-Security-Policy of a page: nothing but its own style sheet, and what it names.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::origin_of;

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| {
    let digest = cardea_jose::sha256(include_bytes!("../../../../web/pages/style.css"));
    format!("'sha256-{}'", STANDARD.encode(digest))
});

/// What one page may do beyond showing itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    /// Where its forms may lead beside this server: browsers hold the redirect that follows a
    /// form to this too, so a page of a login names the callback's origin (attack WEB-05).
    forms: Vec<String>,
    nonce: Option<String>,
    image: Option<String>,
    /// The one origin that may show it in a frame; nobody for `None` (attack AUTHZ-41).
    framed_by: Option<String>,
}

impl Policy {
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

    /// The picture at this URL.
    #[must_use]
    pub(crate) fn image(mut self, url: Option<&str>) -> Self {
        self.image = url.and_then(origin_of);
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
            "default-src 'none'; base-uri 'none'; style-src {}; form-action 'self'",
            *STYLE_HASH
        );
        for source in &self.forms {
            text.push(' ');
            text.push_str(source);
        }
        if let Some(nonce) = &self.nonce {
            text.push_str("; script-src 'nonce-");
            text.push_str(nonce);
            text.push('\'');
        }
        if let Some(image) = &self.image {
            text.push_str("; img-src ");
            text.push_str(image);
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
            .image(Some("https://cdn.example/logo.png"))
            .framed_by("https://app.example");
        let text = policy.header();
        for part in [
            "form-action 'self' https://app.example:3000;",
            "script-src 'nonce-n0nce';",
            "img-src https://cdn.example;",
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
