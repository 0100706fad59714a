//! A letter: which, to whom, in whose name, in which language.

use askama::Template;
use cardea_core::model::TenantView;

use super::Written;
use super::texts::{Kind, Language, Texts, texts};

/// A letter to be written.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    kind: Kind,
    to: String,
    tenant: String,
    colour: Option<String>,
    language: Language,
    link: Option<String>,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    texts: &'a Texts,
    tenant: &'a str,
    language: &'a str,
    colour: &'a str,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Plain<'a> {
    texts: &'a Texts,
    tenant: &'a str,
    link: Option<&'a str>,
}

const COLOUR: &str = "#1f5f8b";

impl Letter {
    /// A letter in the tenant's name and first language.
    pub(crate) fn new(kind: Kind, to: &str, tenant: &TenantView) -> Self {
        let settings = &tenant.settings.document;
        let text = |path: &[&str]| {
            let value = settings.nested(path).and_then(serde_json::Value::as_str);
            value.filter(|text| !text.trim().is_empty())
        };
        let first = tenant.settings.parsed.login.locales.first();
        Self {
            kind,
            to: to.to_owned(),
            tenant: one_line(text(&["friendly_name"]).unwrap_or(&tenant.record.name)),
            colour: text(&["branding", "colors", "primary"])
                .filter(|colour| is_colour(colour))
                .map(ToOwned::to_owned),
            language: Language::of(first.map_or("en", String::as_str)),
            link: None,
        }
    }

    /// With the link that it is about.
    #[must_use]
    pub(crate) fn link(mut self, link: String) -> Self {
        self.link = Some(link);
        self
    }

    /// In the language that the user reads: a tag of BCP 47, or several, best first.
    #[must_use]
    pub(crate) fn in_language(mut self, tags: &str) -> Self {
        let known = tags.split(',').find_map(Language::known);
        self.language = known.unwrap_or(self.language);
        self
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn write(&self) -> Result<Written, askama::Error> {
        let texts = texts(self.kind, self.language, &self.tenant);
        let link = self.link.as_deref();
        let html = Html {
            texts: &texts,
            tenant: &self.tenant,
            language: self.language.tag(),
            colour: self.colour.as_deref().unwrap_or(COLOUR),
            link,
        };
        let plain = Plain {
            texts: &texts,
            tenant: &self.tenant,
            link,
        };
        Ok(Written {
            to: self.to.clone(),
            html: html.render()?,
            text: plain.render()?,
            subject: texts.subject,
            links: self.link.iter().cloned().collect(),
        })
    }
}

/// What stands in a header and in a sentence: no end of line, no control (attack SIGNUP-07).
fn one_line(text: &str) -> String {
    let line: String = text.chars().filter(|letter| !letter.is_control()).collect();
    line.trim().chars().take(100).collect()
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
