//! A server under measurement, and the requests that it is sent.

use serde_json::Value;

use crate::failure::{Context as _, Outcome};
use crate::http::{self, Connection};
use crate::load::{Target, Work};
use crate::process::Process;
use crate::raw::Algorithm;
use crate::script::{Expected, Same};
use crate::token::Wanted;

pub(crate) const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// An application that acts as itself.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) process: Process,
    pub(crate) port: u16,
    pub(crate) issuer: String,
    pub(crate) client: Client,
    pub(crate) token_path: &'static str,
    pub(crate) jwks_path: &'static str,
    /// How a request names the API.
    pub(crate) api_parameter: &'static str,
    pub(crate) scope: &'static str,
    /// The ready file.
    pub(crate) ready: Value,
}

/// A document that everybody may read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Document {
    Discovery,
    Jwks,
}

impl Subject {
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    pub(crate) fn wanted(&self, algorithm: Algorithm, audience: &str) -> Wanted {
        Wanted {
            algorithm,
            issuer: self.issuer.clone(),
            audience: audience.to_owned(),
            client: self.client.id.clone(),
            scope: self.scope.to_owned(),
        }
    }

    /// A token request with the secret in the body.
    pub(crate) fn token(&self, wanted: &Wanted) -> Work {
        let body = form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &self.client.id),
            ("client_secret", &self.client.secret),
            (self.api_parameter, &wanted.audience),
            ("scope", self.scope),
        ]);
        self.work(
            http::request("POST", &self.host(), self.token_path, FORM, &body),
            (200, Expected::Jwt),
        )
    }

    pub(crate) fn document(&self, document: Document) -> Vec<u8> {
        http::request("GET", &self.host(), self.path(document), "", "")
    }

    /// What is answered the same each time: the first answer is what later ones must be.
    pub(crate) fn constant(&self, request: Vec<u8>) -> Outcome<Work> {
        let mut connection = Connection::open(self.port)?;
        connection.send(&request)?;
        let answer = connection.answer()?;
        if answer.status != 200 || answer.body.is_empty() {
            return Err(answer.unexpected("a request of the set-up", 200));
        }
        let body = answer.body.to_vec();
        Ok(self.work(request, (200, Expected::Body(body))))
    }

    /// A reader who has the document already.
    pub(crate) fn known_document(&self, document: Document) -> Outcome<Work> {
        let path = self.path(document);
        let mut connection = Connection::open(self.port)?;
        connection.send(&http::request("GET", &self.host(), path, "", ""))?;
        let answer = connection.answer()?;
        let etag = answer.header("etag").context("the document's ETag")?;
        let known = format!("if-none-match: {etag}\r\n");
        let request = http::request("GET", &self.host(), path, &known, "");
        Ok(self.work(request, (304, Expected::Body(Vec::new()))))
    }

    pub(crate) fn jwks(&self) -> Outcome<Value> {
        http::call(self.port, &self.document(Document::Jwks))
    }

    const fn path(&self, document: Document) -> &'static str {
        match document {
            Document::Discovery => DISCOVERY,
            Document::Jwks => self.jwks_path,
        }
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            port: self.port,
            pid: self.process.id(),
        }
    }

    fn work(&self, request: Vec<u8>, (status, expected): (u16, Expected)) -> Work {
        Work {
            at: self.target(),
            same: Same {
                request,
                status,
                expected,
            },
        }
    }
}

pub(crate) fn form(members: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(members)
        .finish()
}
