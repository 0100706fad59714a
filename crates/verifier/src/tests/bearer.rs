use proptest::prelude::*;

use crate::{Refusal, bearer_token};

type Row = (
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
    Result<&'static str, Refusal>,
);

const ROWS: &[Row] = &[
    ("6750-2.1 one header", &["Bearer a.b.c"], None, Ok("a.b.c")),
    (
        "9110-11.1 the scheme's case",
        &["bEaReR a.b.c"],
        None,
        Ok("a.b.c"),
    ),
    (
        "more than one space",
        &["Bearer   a.b.c "],
        None,
        Ok("a.b.c"),
    ),
    (
        "another query",
        &["Bearer a"],
        Some("q=access_token&x"),
        Ok("a"),
    ),
    ("nothing", &[], None, Err(Refusal::Missing)),
    ("empty query", &[], Some(""), Err(Refusal::Missing)),
    (
        "9700-4.3.2 in the query",
        &[],
        Some("a=1&access_token=t"),
        Err(Refusal::NotInHeader),
    ),
    (
        "in the query, encoded",
        &[],
        Some("access%5Ftok%65n=t"),
        Err(Refusal::NotInHeader),
    ),
    (
        "two headers",
        &["Bearer a", "Bearer a"],
        None,
        Err(Refusal::SeveralCredentials),
    ),
    (
        "two schemes",
        &["Bearer a", "Basic b"],
        None,
        Err(Refusal::SeveralCredentials),
    ),
    (
        "header and query",
        &["Bearer a"],
        Some("access_token=a"),
        Err(Refusal::SeveralCredentials),
    ),
    (
        "header and empty query",
        &["Bearer a"],
        Some("access_token"),
        Err(Refusal::SeveralCredentials),
    ),
    ("Basic", &["Basic YTpi"], None, Err(Refusal::NotBearer)),
    (
        "9449-7.1 DPoP",
        &["DPoP a.b.c"],
        None,
        Err(Refusal::NotBearer),
    ),
    ("scheme left out", &["a.b.c"], None, Err(Refusal::NotBearer)),
    ("empty header", &[""], None, Err(Refusal::NotBearer)),
    (
        "scheme glued on",
        &["Bearera"],
        None,
        Err(Refusal::NotBearer),
    ),
    ("no token", &["Bearer"], None, Err(Refusal::MalformedHeader)),
    (
        "only spaces",
        &["Bearer   "],
        None,
        Err(Refusal::MalformedHeader),
    ),
    (
        "two tokens",
        &["Bearer a b"],
        None,
        Err(Refusal::MalformedHeader),
    ),
    (
        "two headers joined by a proxy",
        &["Bearer a, Bearer b"],
        None,
        Err(Refusal::MalformedHeader),
    ),
    (
        "two headers joined without a space",
        &["Bearer a,b"],
        None,
        Err(Refusal::MalformedHeader),
    ),
];

#[test]
fn the_token_stands_in_one_place() {
    for (row, headers, query, expected) in ROWS {
        assert_eq!(
            bearer_token(headers.iter().copied(), *query, None),
            *expected,
            "{row}"
        );
    }
    let form = Some("access_token=b");
    assert_eq!(
        bearer_token::<str>([], None, form),
        Err(Refusal::NotInHeader)
    );
    assert_eq!(
        bearer_token(["Bearer a"], None, form),
        Err(Refusal::SeveralCredentials)
    );
    assert_eq!(
        bearer_token([b"Bearer \xff".as_slice()], None, None),
        Err(Refusal::MalformedHeader)
    );
}

proptest! {
    #[test]
    fn random_requests_never_panic(header in proptest::collection::vec(any::<u8>(), 0..40), query in any::<String>()) {
        let _ = bearer_token([header.as_slice()], Some(&query), Some(&query));
    }
}
