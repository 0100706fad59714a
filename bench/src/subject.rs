//! A server under measurement, and the requests that it is sent.

use serde_json::Value;

use crate::failure::{Context as _, Outcome};
use crate::http::{self, Connection};
use crate::load::Work;
use crate::process::Process;
use crate::raw::Algorithm;
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
    /// The ready file's `management`.
    pub(crate) management: Option<Value>,
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
            200,
        )
    }

    pub(crate) fn document(&self, document: Document) -> Work {
        self.work(
            http::request("GET", &self.host(), self.path(document), "", ""),
            200,
        )
    }

    /// A reader who has the document already.
    pub(crate) fn known_document(&self, document: Document) -> Outcome<Work> {
        let path = self.path(document);
        let mut connection = Connection::open(self.port)?;
        connection.send(&http::request("GET", &self.host(), path, "", ""))?;
        let answer = connection.answer()?;
        let etag = answer.header("etag").context("the document's ETag")?;
        let known = format!("if-none-match: {etag}\r\n");
        Ok(self.work(http::request("GET", &self.host(), path, &known, ""), 304))
    }

    pub(crate) fn jwks(&self) -> Outcome<Value> {
        http::call(self.port, &self.document(Document::Jwks).request)
    }

    const fn path(&self, document: Document) -> &'static str {
        match document {
            Document::Discovery => DISCOVERY,
            Document::Jwks => self.jwks_path,
        }
    }

    fn work(&self, request: Vec<u8>, status: u16) -> Work {
        Work {
            port: self.port,
            pid: self.process.id(),
            request,
            status,
        }
    }
}

pub(crate) fn form(members: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(members)
        .finish()
}
