//! What is asked on each connection, and what every answer must be. An answer that is not what it
//! claims to be ends the run: it would be counted as work that was not done.

use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::failure::{Context as _, Outcome, fail};
use crate::http::Answer;

/// Requests, one after the other on each connection.
pub(crate) trait Script: Debug + Send {
    /// The next request on a connection.
    fn next(&mut self, slot: usize) -> Outcome<&[u8]>;

    /// Looks at its answer while the clock runs, so it looks at what is quickly seen.
    fn judge(&mut self, slot: usize, answer: &Answer<'_>) -> Outcome;
}

/// The same request again and again.
#[derive(Debug, Clone)]
pub(crate) struct Same {
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) expected: Expected,
}

/// What the body must be.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// Exactly this.
    Body(Vec<u8>),
    /// An answer with a JWT as its access token.
    Jwt,
}

impl Script for Same {
    fn next(&mut self, _: usize) -> Outcome<&[u8]> {
        Ok(&self.request)
    }

    fn judge(&mut self, _: usize, answer: &Answer<'_>) -> Outcome {
        let as_expected = match &self.expected {
            Expected::Body(body) => body == answer.body,
            Expected::Jwt => has_jwt(answer.body, "access_token"),
        };
        if answer.status == self.status && as_expected {
            return Ok(());
        }
        Err(answer.unexpected(&first_line(&self.request), self.status))
    }
}

/// Requests that are good once each.
#[derive(Debug)]
pub(crate) struct Once<J> {
    requests: Vec<Vec<u8>>,
    next: usize,
    pub(crate) judge: J,
}

/// How answers to [`Once`] are looked at.
pub(crate) trait Judge: Debug + Send {
    fn judge(&mut self, answer: &Answer<'_>) -> Outcome;
}

impl<J> Once<J> {
    pub(crate) const fn new(requests: Vec<Vec<u8>>, judge: J) -> Self {
        Self {
            requests,
            next: 0,
            judge,
        }
    }
}

impl<J: Judge> Script for Once<J> {
    fn next(&mut self, _: usize) -> Outcome<&[u8]> {
        let request = self.requests.get(self.next);
        self.next += 1;
        request
            .map(Vec::as_slice)
            .context("a request: all that were made before are used up, and one more")
    }

    fn judge(&mut self, _: usize, answer: &Answer<'_>) -> Outcome {
        self.judge.judge(answer)
    }
}

/// A code exchange's answer: two JWTs. Whether they are good is looked at later.
#[derive(Debug)]
pub(crate) struct TwoTokens;

impl Judge for TwoTokens {
    fn judge(&mut self, answer: &Answer<'_>) -> Outcome {
        let is_jwt = |name| has_jwt(answer.body, name);
        if answer.status == 200 && is_jwt("access_token") && is_jwt("id_token") {
            return Ok(());
        }
        Err(answer.unexpected("a code exchange", 200))
    }
}

/// A login's answer: back to the application with a code, and a session.
#[derive(Debug)]
pub(crate) struct LoggedIn {
    pub(crate) callback: String,
    /// All codes: none comes twice.
    pub(crate) codes: BTreeSet<String>,
}

impl Judge for LoggedIn {
    fn judge(&mut self, answer: &Answer<'_>) -> Outcome {
        let location = answer.header("location").unwrap_or_default();
        let code = location.strip_prefix(&self.callback);
        let code = code
            .and_then(|rest| rest.strip_prefix("?code="))
            .map(|rest| rest.split('&').next().unwrap_or_default());
        let session = answer.header("set-cookie").unwrap_or_default();
        match code {
            Some(code)
                if answer.status == 303
                    && session.starts_with("cardea_session")
                    && self.codes.insert(code.to_owned()) =>
            {
                Ok(())
            }
            Some(_) | None => Err(answer.unexpected("a login", 303)),
        }
    }
}

/// A refresh token on each connection, exchanged for the next one, and so on.
#[derive(Debug)]
pub(crate) struct Rotation {
    /// All of the request but the token; every token has the same length.
    before: Vec<u8>,
    tokens: Vec<String>,
    request: Vec<u8>,
    /// All tokens: none comes twice.
    seen: BTreeSet<String>,
}

impl Rotation {
    /// `before` is a request without the token at its end. There are as many tokens, each of a
    /// family of its own, as connections.
    pub(crate) fn new(before: Vec<u8>, tokens: Vec<String>) -> Self {
        Self {
            before,
            request: Vec::new(),
            seen: tokens.iter().cloned().collect(),
            tokens,
        }
    }

    /// The live tokens: the next point goes on from here.
    pub(crate) fn into_tokens(self) -> Vec<String> {
        self.tokens
    }
}

impl Script for Rotation {
    fn next(&mut self, slot: usize) -> Outcome<&[u8]> {
        let token = self.tokens.get(slot).context("a refresh token")?;
        self.request.clone_from(&self.before);
        self.request.extend_from_slice(token.as_bytes());
        Ok(&self.request)
    }

    fn judge(&mut self, slot: usize, answer: &Answer<'_>) -> Outcome {
        let signed = has_jwt(answer.body, "access_token");
        let fresh = text_member(answer.body, "refresh_token");
        let fresh = fresh.filter(|token| answer.status == 200 && signed && !token.is_empty());
        let Some(fresh) = fresh.map(ToOwned::to_owned) else {
            return Err(answer.unexpected("a refresh", 200));
        };
        if !self.seen.insert(fresh.clone()) {
            return fail("a refresh token came twice");
        }
        let token = self.tokens.get_mut(slot).context("a refresh token")?;
        *token = fresh;
        Ok(())
    }
}

/// A member of an answer's JSON whose text needs no escapes, without reading all of it.
pub(crate) fn text_member<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let body = str::from_utf8(body).ok()?;
    let (_, rest) = body.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(text, _)| text)
}

fn has_jwt(body: &[u8], name: &str) -> bool {
    let token = text_member(body, name);
    token.is_some_and(|token| token.bytes().filter(|byte| *byte == b'.').count() == 2)
}

fn first_line(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, head: &'static str, body: &'static str) -> Answer<'static> {
        Answer {
            status,
            head,
            body: body.as_bytes(),
        }
    }

    #[test]
    fn what_is_not_what_it_claims_to_be_is_no_answer() {
        let both = r#"{"access_token":"a.b.c","id_token":"d.e.f"}"#;
        let mut two = TwoTokens;
        assert!(two.judge(&answer(200, "", both)).is_ok());
        assert!(two.judge(&answer(400, "", both)).is_err());
        let opaque = r#"{"access_token":"abc","id_token":"d.e.f"}"#;
        assert!(two.judge(&answer(200, "", opaque)).is_err());

        let mut same = Same {
            request: b"GET / HTTP/1.1\r\n".to_vec(),
            status: 200,
            expected: Expected::Body(b"{}".to_vec()),
        };
        assert!(same.judge(0, &answer(200, "", "{}")).is_ok());
        assert!(same.judge(0, &answer(200, "", "{\"error\":1}")).is_err());
        assert!(same.judge(0, &answer(304, "", "{}")).is_err());
    }

    #[test]
    fn a_login_brings_a_new_code_and_a_session() {
        let mut logged_in = LoggedIn {
            callback: "http://app.example/".to_owned(),
            codes: BTreeSet::new(),
        };
        let head = "HTTP/1.1 303 See Other\r\nlocation: http://app.example/?code=c1&state=s\r\n\
                    set-cookie: cardea_session_1=x; Path=/\r\n\r\n";
        assert!(logged_in.judge(&answer(303, head, "")).is_ok());
        assert!(logged_in.judge(&answer(303, head, "")).is_err(), "twice");
        let page = "HTTP/1.1 400 Bad Request\r\n\r\n";
        assert!(logged_in.judge(&answer(400, page, "")).is_err());
    }

    #[test]
    fn a_refresh_goes_on_with_the_token_that_came() {
        let mut rotation = Rotation::new(b"token=".to_vec(), vec!["v1".to_owned()]);
        assert_eq!(rotation.next(0).unwrap(), b"token=v1");
        let body = r#"{"access_token":"a.b.c","refresh_token":"v2"}"#;
        assert!(rotation.judge(0, &answer(200, "", body)).is_ok());
        assert_eq!(rotation.next(0).unwrap(), b"token=v2");
        assert!(rotation.judge(0, &answer(200, "", body)).is_err(), "twice");
    }

    #[test]
    fn what_was_made_before_can_run_out() {
        let mut once = Once::new(vec![b"a".to_vec()], TwoTokens);
        assert!(once.next(0).is_ok());
        assert!(once.next(0).is_err());
    }
}
