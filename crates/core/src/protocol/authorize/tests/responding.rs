//! Responses, by each way.

use super::super::{AuthorizeError, Channel, Made, MadeToken, Response, ResponseMode};

fn channel(redirect_uri: &str, mode: ResponseMode) -> Channel {
    Channel {
        redirect_uri: redirect_uri.to_owned(),
        mode,
        state: Some("a=b&c d\u{20ac}".to_owned()),
        iss: Some("https://login.example/".to_owned()),
    }
}

fn code() -> Made {
    Made {
        code: Some("c0de".to_owned()),
        ..Made::default()
    }
}

#[test]
fn a_redirect_keeps_what_the_callback_has() {
    const TAIL: &str = "code=c0de&state=a%3Db%26c%20d%E2%82%AC&iss=https%3A%2F%2Flogin.example%2F";
    #[rustfmt::skip]
    let rows = [
        ("https://app.example/cb", ResponseMode::Query, "https://app.example/cb?"),
        ("https://app.example/cb?a=b", ResponseMode::Query, "https://app.example/cb?a=b&"),
        ("https://app.example/cb?", ResponseMode::Query, "https://app.example/cb?"),
        ("https://app.example/cb?a=b", ResponseMode::Fragment, "https://app.example/cb?a=b#"),
        ("com.example.app:/cb", ResponseMode::Query, "com.example.app:/cb?"),
    ];
    for (uri, mode, start) in rows {
        let location = Response::success(&channel(uri, mode), code()).location();
        assert_eq!(location, Some(format!("{start}{TAIL}")), "{uri}");
    }
}

#[test]
fn a_page_has_no_location_but_an_origin() {
    for mode in [ResponseMode::FormPost, ResponseMode::WebMessage] {
        let response = Response::success(&channel("https://app.example:8443/cb?x", mode), code());
        assert_eq!(response.location(), None);
        assert_eq!(response.origin(), Some("https://app.example:8443"));
    }
    let private = Response::success(&channel("com.example.app:/cb", ResponseMode::Query), code());
    assert_eq!(private.origin(), None);
}

#[test]
fn tokens_and_errors_have_their_members() {
    let made = Made {
        code: Some("c".to_owned()),
        token: Some(MadeToken {
            access_token: "t".to_owned(),
            scope: Some("openid".to_owned()),
            expires_in: 7200,
        }),
        id_token: Some("i".to_owned()),
    };
    let mut way = channel("https://app.example/cb", ResponseMode::Fragment);
    way.iss = None;
    let names = |response: Response| -> Vec<&'static str> {
        response.params.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(
        names(Response::success(&way, made)),
        [
            "code",
            "access_token",
            "scope",
            "expires_in",
            "token_type",
            "id_token",
            "state"
        ]
    );
    way.state = None;
    let error = AuthorizeError {
        error: "login_required",
        description: "Login required".to_owned(),
    };
    assert_eq!(
        names(Response::error(&way, error)),
        ["error", "error_description"]
    );
}
