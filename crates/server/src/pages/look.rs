//! How a tenant's pages look: its name, its picture, the language.

use std::sync::Arc;

use cardea_core::https_url::HttpsUrl;
use cardea_core::model::{Entry, Settings, TenantView};
use http::{HeaderMap, header};
use serde_json::Value;

use super::brand;
use super::i18n::{self, Language};
use super::words::Screen;

const STYLE: &str = include_str!("../../../../web/pages/style.css");
/// The longest name that is shown (attack AUTHZ-47).
const MAX_NAME: usize = 100;

/// What every page of one request shares.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    language: &'static Language,
    tenant: String,
    logo: Option<HttpsUrl>,
    favicon: Option<HttpsUrl>,
    font: Option<HttpsUrl>,
    brand_style: Option<String>,
    settings: Arc<Entry<Settings>>,
    screen: Option<Screen>,
}

impl Look {
    /// The look of a tenant for somebody with these languages.
    pub(crate) fn of(view: &TenantView, headers: &HeaderMap, ui_locales: Option<&str>) -> Self {
        let accept = headers.get(header::ACCEPT_LANGUAGE);
        let accept = accept.and_then(|value| value.to_str().ok());
        let settings = &view.settings;
        let brand = &settings.parsed.brand;
        let member = |name: &str| {
            let text = settings.document.body.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        let tenant = member("friendly_name").unwrap_or(&view.record.name);
        Self {
            language: i18n::choose(ui_locales, accept, &settings.parsed.login.locales),
            tenant: shown(tenant),
            logo: brand
                .logo
                .clone()
                .or_else(|| member("picture_url").and_then(HttpsUrl::parse)),
            favicon: brand.favicon.clone(),
            font: brand.font.clone(),
            brand_style: brand::style(brand),
            settings: Arc::clone(settings),
            screen: None,
        }
    }

    /// On a page whose words the tenant can choose.
    #[must_use]
    pub(crate) const fn on(mut self, screen: Screen) -> Self {
        self.screen = Some(screen);
        self
    }

    /// `<html lang>`.
    pub(crate) const fn lang(&self) -> &'static str {
        self.language.tag()
    }

    /// The tenant's name.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Its picture.
    pub(crate) fn logo(&self) -> Option<&str> {
        self.logo.as_ref().map(HttpsUrl::as_str)
    }

    /// The picture beside the page's title.
    pub(crate) fn favicon(&self) -> Option<&str> {
        self.favicon.as_ref().map(HttpsUrl::as_str)
    }

    /// Every picture that a page shows.
    pub(super) fn pictures(&self) -> impl Iterator<Item = &HttpsUrl> {
        self.logo.iter().chain(&self.favicon)
    }

    /// The font, where it is not the system's.
    pub(super) const fn font(&self) -> Option<&HttpsUrl> {
        self.font.as_ref()
    }

    /// The brand's style sheet, which stands after ours.
    pub(crate) fn brand_style(&self) -> Option<&str> {
        self.brand_style.as_deref()
    }

    /// What stands in the picture's place where there is none.
    pub(crate) fn initial(&self) -> String {
        let first = self.tenant.chars().find(|c| c.is_alphanumeric());
        first.map_or_else(String::new, |first| first.to_uppercase().collect())
    }

    /// The style sheet.
    #[expect(clippy::unused_self, reason = "templates ask the look for everything")]
    pub(crate) const fn style(&self) -> &'static str {
        STYLE
    }

    /// A text.
    pub(crate) fn say(&self, id: &str) -> String {
        self.with(id, &[])
    }

    /// A text with values. The tenant's name is always among them.
    pub(crate) fn with(&self, id: &str, values: &[(&str, &str)]) -> String {
        let mut all = vec![("tenant", self.tenant.as_str())];
        all.extend_from_slice(values);
        let settings = &self.settings.document;
        let own = |screen: Screen| screen.words(settings, self.language.tag(), id, &all);
        self.screen
            .and_then(own)
            .unwrap_or_else(|| self.language.text(id, &all))
    }
}

/// A name as it may be shown: without control characters and marks that turn text around, and not
/// without end (attacks AUTHZ-47, WEB-15).
pub(crate) fn shown(name: &str) -> String {
    cleaned(name, MAX_NAME)
}

/// The same for a text of at most so many characters.
pub(super) fn cleaned(text: &str, most: usize) -> String {
    let harmless = |c: &char| {
        let turns = matches!(
            *c,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        );
        !c.is_control() && !turns
    };
    let clean: String = text.chars().filter(harmless).collect();
    let words: Vec<&str> = clean.split_whitespace().collect();
    words.join(" ").chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_turn_the_text_around() {
        assert_eq!(shown("  Health\u{202e} \n SPA\u{0} "), "Health SPA");
        assert_eq!(shown(&"x".repeat(4000)).len(), MAX_NAME);
    }
}
