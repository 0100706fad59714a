//! What a refresh token looks like: a handle that finds its family, which all tokens of a family
//! share, and a secret of its own. So a family is one row, however often its tokens rotate.

use cardea_jose::{Secret, sha256};

use crate::model::Artefact;
use crate::random::{self, Random};

const PREFIX: &str = "v1.";
/// Characters of a handle: 126 bits after the prefix.
const HANDLE: usize = PREFIX.len() + 21;
/// Characters of the secret: 132 bits.
const SECRET: usize = 22;

/// A refresh token as it was presented or is handed out. Only digests of it are stored.
#[derive(Debug, Clone)]
pub struct RefreshValue {
    handle: Secret<String>,
    /// The digest that finds the family, made of the handle.
    pub family: [u8; 32],
    /// SHA-256 of the whole.
    pub token: [u8; 32],
}

impl RefreshValue {
    /// Any text: what is no refresh token of ours finds nothing.
    pub fn of(text: &str) -> Self {
        let is_ours = text.len() == HANDLE + SECRET && text.starts_with(PREFIX);
        let handle = text.get(..HANDLE).filter(|_| is_ours);
        let token = sha256(text.as_bytes());
        Self {
            handle: Secret::new(handle.unwrap_or(text).to_owned()),
            // a handle that stands alone is not found as one
            family: handle.map_or(token, |handle| Artefact::name(&["family", handle])),
            token,
        }
    }

    /// The first token of a family, and what of it is stored.
    pub(super) fn first(random: &mut dyn Random) -> (Self, String) {
        let handle = random::url_safe(random, HANDLE - PREFIX.len());
        Self::drawn(&format!("{PREFIX}{handle}"), random)
    }

    /// The next token of the same family.
    pub(super) fn next(&self, random: &mut dyn Random) -> (Self, String) {
        Self::drawn(self.handle.expose(), random)
    }

    fn drawn(handle: &str, random: &mut dyn Random) -> (Self, String) {
        let text = format!("{handle}{}", random::url_safe(random, SECRET));
        (Self::of(&text), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn tokens_of_a_family_share_its_handle_and_nothing_else() {
        let mut random = Seeded::new("refresh values");
        let (first, text) = RefreshValue::first(&mut random);
        let (second, next) = RefreshValue::of(&text).next(&mut random);
        assert_eq!((text.len(), next.len()), (46, 46));
        assert_eq!(first.family, second.family);
        assert_ne!(first.token, second.token);
        let (handle, secret) = text.split_at(HANDLE);
        assert_eq!(
            next.strip_prefix(handle).map(|next| next == secret),
            Some(false)
        );
        let (other, _) = RefreshValue::first(&mut random);
        assert_ne!(other.family, first.family);
    }

    #[test]
    fn what_is_not_whole_finds_no_family() {
        let (first, text) = RefreshValue::first(&mut Seeded::new("refresh values"));
        let longer = format!("{text}A");
        let other = text.replace("v1.", "v2.");
        let (handle, shorter) = (text.split_at(HANDLE).0, text.split_at(45).0);
        let umlaut = format!("{}ü", text.split_at(44).0);
        for broken in ["", "v1.", handle, shorter, &longer, &other] {
            assert_ne!(RefreshValue::of(broken).family, first.family, "{broken:?}");
        }
        // of the right length and handle: it is a token of this family, but not a live one
        assert_eq!(RefreshValue::of(&umlaut).family, first.family);
        assert_ne!(RefreshValue::of(&umlaut).token, first.token);
    }
}
