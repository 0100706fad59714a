//! People and what they let applications have: users, a session, codes, tokens, logins that are
//! ready for their password. All of it is made before the clock runs, by the ways that browsers
//! and applications go.

use serde_json::{Value, json};

use crate::failure::{Context as _, Outcome, fail};
use crate::http::{self, Connection};
use crate::script::{LoggedIn, Once};
use crate::subject::{FORM, Subject, form};
use crate::token::text;

pub(crate) const SCOPE: &str = "openid profile email read:patients";
const CONNECTION: &str = "Username-Password-Authentication";
const PASSWORD: &str = "Pw7-in-a-bench-everybody-has-it";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Characters of a refresh token.
const REFRESH_TOKEN: usize = 46;

/// An application that people use.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) id: String,
    /// `None` for one that cannot keep a secret.
    pub(crate) secret: Option<String>,
    pub(crate) callback: &'static str,
}

/// What is asked for at `/authorize`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) application: &'a Application,
    pub(crate) scope: &'a str,
    /// Without one the access token is opaque.
    pub(crate) audience: Option<&'a str>,
}

/// A browser in which somebody has logged in, and users who have not.
#[derive(Debug)]
pub(crate) struct People {
    host: String,
    port: u16,
    cookie: String,
    emails: Vec<String>,
}

/// Who logs in, and by which password.
type Credentials<'a> = (&'a str, &'a str);

impl People {
    /// Makes `count` users who may read patients at `api`, and logs `somebody` in.
    pub(crate) fn make(
        subject: &Subject,
        (bearer, api): (&str, &str),
        count: usize,
        (application, somebody): (&Application, Credentials<'_>),
    ) -> Outcome<Self> {
        let mut people = Self {
            host: subject.host(),
            port: subject.port,
            cookie: String::new(),
            emails: (0..count)
                .map(|n| format!("bench-{n}@example.com"))
                .collect(),
        };
        let mut management = Connection::open(people.port)?;
        let mut post = |path: &str, body: Value| {
            let request = http::request("POST", &people.host, path, bearer, &body.to_string());
            management.call(&request)
        };
        let permission = json!({
            "permission_name": "read:patients",
            "resource_server_identifier": api,
        });
        for email in &people.emails {
            let (name, _) = email.split_once('@').context("an address")?;
            let user = json!({
                "connection": CONNECTION,
                "email": email,
                "email_verified": true,
                "password": PASSWORD,
                "name": name,
                "given_name": "Jane",
                "family_name": "Doe",
                "picture": "https://example.com/janedoe/me.jpg",
            });
            let made = post("/api/v2/users", user)?;
            let id = text(&made, "user_id")?.replace('|', "%7C");
            post(
                &format!("/api/v2/users/{id}/permissions"),
                json!({ "permissions": [permission] }),
            )?;
        }
        people.cookie = people.log_in(application, somebody)?;
        Ok(people)
    }

    /// The cookie of a session.
    fn log_in(&self, application: &Application, somebody: Credentials<'_>) -> Outcome<String> {
        let ask = Ask {
            application,
            scope: SCOPE,
            audience: None,
        };
        let mut browser = Connection::open(self.port)?;
        let login = self.login(&mut browser, ask, somebody)?;
        browser.send(&login)?;
        let answer = browser.answer()?;
        let cookie = answer.header("set-cookie").unwrap_or_default();
        match cookie.split(';').next() {
            Some(pair) if answer.status == 303 && pair.starts_with("cardea_session") => {
                Ok(pair.to_owned())
            }
            Some(_) | None => Err(answer.unexpected("the first login", 303)),
        }
    }

    /// The post of a login page: begun at `/authorize`, and all but sent.
    fn login(
        &self,
        browser: &mut Connection,
        ask: Ask<'_>,
        (email, password): Credentials<'_>,
    ) -> Outcome<Vec<u8>> {
        browser.send(&self.authorize(ask, ""))?;
        let answer = browser.answer()?;
        let location = answer.header("location").unwrap_or_default();
        let cookie = answer.header("set-cookie").unwrap_or_default();
        let state = location.strip_prefix("/u/login?state=");
        let (Some(state), Some(cookie)) = (state, cookie.split(';').next()) else {
            return Err(answer.unexpected("/authorize without a session", 302));
        };
        let fields = format!("{FORM}origin: http://{}\r\ncookie: {cookie}\r\n", self.host);
        let body = form(&[
            ("state", state),
            ("username", email),
            ("password", password),
            ("action", "default"),
        ]);
        Ok(http::request(
            "POST", &self.host, "/u/login", &fields, &body,
        ))
    }

    /// `count` logins that are ready for their password, of one user after the other.
    pub(crate) fn logins(&self, ask: Ask<'_>, users: usize, count: usize) -> Outcome<Vec<Vec<u8>>> {
        let mut browser = Connection::open(self.port)?;
        let emails = self.emails.iter().take(users).cycle().take(count);
        emails
            .map(|email| self.login(&mut browser, ask, (email, PASSWORD)))
            .collect()
    }

    fn authorize(&self, ask: Ask<'_>, fields: &str) -> Vec<u8> {
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &ask.application.id),
            ("redirect_uri", ask.application.callback),
            ("scope", ask.scope),
            ("state", "bench"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let audience = ask
            .audience
            .map(|name| format!("&{}", form(&[("audience", name)])));
        let path = format!("/authorize?{query}{}", audience.unwrap_or_default());
        http::request("GET", &self.host, &path, fields, "")
    }

    /// `count` exchanges of fresh codes of the session, all but sent.
    pub(crate) fn exchanges(&self, ask: Ask<'_>, count: usize) -> Outcome<Vec<Vec<u8>>> {
        let mut browser = Connection::open(self.port)?;
        let request = self.authorize(ask, &format!("cookie: {}\r\n", self.cookie));
        let mut exchanges = Vec::with_capacity(count);
        for _ in 0..count {
            browser.send(&request)?;
            let answer = browser.answer()?;
            let code = answer.header("location").and_then(|to| {
                let rest = to.strip_prefix(ask.application.callback)?;
                rest.strip_prefix("?code=")?.split('&').next()
            });
            let Some(code) = code else {
                return Err(answer.unexpected("/authorize with a session", 302));
            };
            exchanges.push(self.exchange(ask.application, code));
        }
        Ok(exchanges)
    }

    fn exchange(&self, application: &Application, code: &str) -> Vec<u8> {
        let mut members = vec![
            ("grant_type", "authorization_code"),
            ("client_id", application.id.as_str()),
            ("code", code),
            ("redirect_uri", application.callback),
            ("code_verifier", VERIFIER),
        ];
        let secret = application.secret.as_deref();
        members.extend(secret.map(|secret| ("client_secret", secret)));
        http::request("POST", &self.host, "/oauth/token", FORM, &form(&members))
    }

    /// Tokens of `count` grants of the session.
    pub(crate) fn tokens(&self, ask: Ask<'_>, count: usize) -> Outcome<Vec<Value>> {
        let mut application = Connection::open(self.port)?;
        let exchanges = self.exchanges(ask, count)?;
        exchanges
            .iter()
            .map(|request| application.call(request))
            .collect()
    }

    /// Refresh tokens of as many families, and the request that each of them completes.
    pub(crate) fn families(&self, ask: Ask<'_>, count: usize) -> Outcome<(Vec<u8>, Vec<String>)> {
        let tokens = self.tokens(ask, count)?;
        let tokens = tokens
            .iter()
            .map(|answer| text(answer, "refresh_token").map(ToOwned::to_owned))
            .collect::<Outcome<Vec<_>>>()?;
        if tokens.iter().any(|token| token.len() != REFRESH_TOKEN) {
            return fail("refresh tokens are not as long as they were");
        }
        let body = form(&[
            ("grant_type", "refresh_token"),
            ("client_id", &ask.application.id),
            ("refresh_token", &"x".repeat(REFRESH_TOKEN)),
        ]);
        let mut request = http::request("POST", &self.host, "/oauth/token", FORM, &body);
        request.truncate(request.len() - REFRESH_TOKEN);
        Ok((request, tokens))
    }

    /// A login that was counted is one whose code is good: one of them is exchanged.
    pub(crate) fn redeem(&self, ask: Ask<'_>, logins: &Once<LoggedIn>) -> Outcome {
        let codes = &logins.judge.codes;
        let code = codes.iter().next().context("the code of a login")?;
        let mut application = Connection::open(self.port)?;
        let answer = application.call(&self.exchange(ask.application, code))?;
        text(&answer, "id_token").map(drop)
    }
}
