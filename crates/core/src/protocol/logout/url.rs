//! Whether a URL is one of those to which people may be sent after logging out.

/// Longer than any registered one.
const MAX: usize = 2048;

/// Exactly one of `allowed`, its query included (trap T30).
pub(super) fn is_exactly(url: &str, allowed: &[String]) -> bool {
    is_whole(url) && allowed.iter().any(|known| known == url)
}

/// One of `allowed` but for its query and fragment; scheme and host in any case, the path as it
/// is (auth-semantics 1.2).
pub(super) fn is_below(url: &str, allowed: &[String]) -> bool {
    let wanted = is_whole(url).then(|| parts(url)).flatten();
    wanted.is_some_and(|wanted| {
        allowed
            .iter()
            .filter_map(|known| parts(known))
            .any(|known| known == wanted)
    })
}

/// Whether somebody can be sent there as it stands: no wildcard and no placeholder is in it.
pub(super) fn is_whole(url: &str) -> bool {
    is_sound(url) && !url.contains('*') && parts(url).is_some()
}

/// No character that a browser drops, turns or reads as another (attack LOGOUT-02).
fn is_sound(url: &str) -> bool {
    let usual = |b: u8| (0x21..=0x7e).contains(&b) && !b"\\\"<>^`{|}".contains(&b);
    url.len() <= MAX && url.bytes().all(usual)
}

/// Scheme and authority folded, and the path.
fn parts(url: &str) -> Option<(String, String, &str)> {
    let bare = url.split(['?', '#']).next()?;
    let (scheme, rest) = bare.split_once("://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, "/"),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if scheme.is_empty() || !scheme.chars().all(legal) {
        return None;
    }
    let folded = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    Some((folded.0, folded.1, path))
}
