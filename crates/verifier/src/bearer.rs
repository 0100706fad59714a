//! Where the token stands in the request (RFC 6750 2).

use crate::Refusal;

const SCHEME: &str = "Bearer";
const PARAMETER: &[u8] = b"access_token";

/// Takes the token out of the request: of every `Authorization` header, the raw query, and the body
/// when it is a form. It is taken from the header only; in the query it would stand in logs and
/// in `Referer` (RFC 9700 4.3.2). More than one is refused: two readers could pick different ones.
///
/// ```
/// use cardea_verifier::{Refusal, bearer_token};
/// assert_eq!(bearer_token(["Bearer abc"], None, None), Ok("abc"));
/// assert_eq!(bearer_token(["Basic YTpi"], None, None), Err(Refusal::NotBearer));
/// assert_eq!(
///     bearer_token(["Bearer abc"], Some("access_token=def"), None),
///     Err(Refusal::SeveralCredentials),
/// );
/// ```
pub fn bearer_token<'a, H: AsRef<[u8]> + ?Sized + 'a>(
    authorization: impl IntoIterator<Item = &'a H>,
    query: Option<&str>,
    form: Option<&str>,
) -> Result<&'a str, Refusal> {
    let mut headers = authorization.into_iter();
    let elsewhere = [query, form].into_iter().flatten().any(has_token);
    match (headers.next(), headers.next(), elsewhere) {
        (None, _, false) => Err(Refusal::Missing),
        (None, _, true) => Err(Refusal::NotInHeader),
        (Some(header), None, false) => of_header(header.as_ref()),
        (Some(_), Some(_), _) | (Some(_), None, true) => Err(Refusal::SeveralCredentials),
    }
}

fn of_header(header: &[u8]) -> Result<&str, Refusal> {
    let text = std::str::from_utf8(header).map_err(|_| Refusal::MalformedHeader)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    // RFC 9110 11.1: the scheme's case does not count
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err(Refusal::NotBearer);
    }
    let token = token.trim_matches(' ');
    // `Bearer a, Bearer b` is what two headers become behind a proxy that joins them
    if token.is_empty() || token.contains([' ', ',']) {
        return Err(Refusal::MalformedHeader);
    }
    Ok(token)
}

/// Whether a form-encoded text has the parameter, be its name percent-encoded.
fn has_token(form: &str) -> bool {
    form.split('&').any(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        decoded(name.as_bytes()).eq(PARAMETER.iter().copied())
    })
}

fn decoded(mut rest: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let hex = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        if let [b'%', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = after;
            return Some(high * 16 + low);
        }
        let (&byte, after) = rest.split_first()?;
        rest = after;
        Some(byte)
    })
}
