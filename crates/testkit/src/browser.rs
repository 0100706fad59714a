//! A browser: keeps cookies, follows redirects within the server, fills in forms. It runs no
//! scripts.

use std::collections::BTreeMap;

use crate::Answer;
use crate::world::{HOST, Sent, World, encode};

/// Where a browser is.
#[derive(Debug)]
pub struct Page {
    /// The path and query at which it ended.
    pub path: String,
    /// The last answer.
    pub answer: Answer,
    /// Where a redirect led to, if that is another host.
    pub left_to: Option<String>,
}

/// A browser of the test.
pub struct Browser<'w> {
    world: &'w World,
    host: String,
    /// Name and value.
    pub cookies: BTreeMap<String, String>,
    /// Headers that go along with each request.
    pub headers: Vec<(&'static str, String)>,
}

impl std::fmt::Debug for Browser<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").finish_non_exhaustive()
    }
}

impl World {
    /// A browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            host: HOST.to_owned(),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
        }
    }
}

impl Browser<'_> {
    /// At another host from now on.
    #[must_use]
    pub fn at(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Opens a path.
    pub async fn get(&mut self, path: &str) -> Page {
        let answer = self.once("GET", path, None).await;
        self.follow(path.to_owned(), answer).await
    }

    /// Posts a form as a page of this server would.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let answer = self.once("POST", path, Some(encode(form))).await;
        self.follow(path.to_owned(), answer).await
    }

    /// Fills in the page's form and presses the button with this `action`.
    pub async fn submit(&mut self, page: &Page, fields: &[(&str, &str)], action: &str) -> Page {
        let (target, hidden) = page.form();
        let mut form: Vec<(&str, &str)> = hidden
            .iter()
            .filter(|(name, _)| !fields.iter().any(|(given, _)| given == name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.extend_from_slice(fields);
        form.push(("action", action));
        self.post(&target, &form).await
    }

    /// One request; its cookies are kept.
    pub async fn once(&mut self, method: &str, path: &str, form: Option<String>) -> Answer {
        let mut headers = self.headers.clone();
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter();
            let pairs: Vec<String> = pairs
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            headers.push(("cookie", pairs.join("; ")));
        }
        if form.is_some() {
            let kind = "application/x-www-form-urlencoded".to_owned();
            headers.push(("content-type", kind));
            if !headers.iter().any(|(name, _)| *name == "origin") {
                headers.push(("origin", format!("https://{}", self.host)));
            }
        }
        let host = self.host.clone();
        let answer = self
            .world
            .send(Sent {
                method,
                path,
                headers,
                body: form.unwrap_or_default().into_bytes(),
                host: &host,
            })
            .await;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn follow(&mut self, mut path: String, mut answer: Answer) -> Page {
        for _ in 0..10 {
            if !answer.status.is_redirection() {
                break;
            }
            let location = answer.header("location").to_owned();
            let own = format!("https://{}/", self.host);
            path = match location.strip_prefix(&own) {
                Some(rest) => format!("/{rest}"),
                None if location.starts_with('/') => location,
                None => {
                    return Page {
                        path,
                        answer,
                        left_to: Some(location),
                    };
                }
            };
            answer = self.once("GET", &path, None).await;
        }
        Page {
            path,
            answer,
            left_to: None,
        }
    }
}

impl Page {
    /// The page's text.
    pub fn html(&self) -> String {
        String::from_utf8_lossy(&self.answer.body).into_owned()
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.answer.status.as_u16()
    }

    /// The target of the page's form and the fields that nobody fills in: hidden and fixed ones.
    pub fn form(&self) -> (String, Vec<(String, String)>) {
        let html = self.html();
        let form = html.split("<form ").nth(1).unwrap_or_default();
        let form = form.split("</form>").next().unwrap_or_default();
        let target = attribute(form, "action");
        let inputs = form.split("<input ").skip(1);
        let hidden = inputs
            .map(|input| input.split('>').next().unwrap_or_default())
            .filter(|input| input.contains("type=\"hidden\"") || input.contains(" readonly"))
            .map(|input| (attribute(input, "name"), attribute(input, "value")));
        (target, hidden.collect())
    }

    /// A parameter of the URL that it led to: of the query or the fragment.
    pub fn param(&self, name: &str) -> Option<String> {
        let url = self.left_to.as_deref()?;
        let (_, params) = url.split_once(['?', '#'])?;
        let params = params.split('#').next()?;
        let pair = params.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then_some(value)
        });
        pair.map(decode)
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let start = format!("{name}=\"");
    let value = tag.split(&start).nth(1).unwrap_or_default();
    unescape(value.split('"').next().unwrap_or_default())
}

/// The entities that the server writes.
fn unescape(text: &str) -> String {
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
        ("&#38;", "&"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (entity, plain)| {
        text.replace(entity, plain)
    })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, code.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
