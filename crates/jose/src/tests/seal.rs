use proptest::prelude::*;

use crate::{SealError, SealingKey, Secret};

type Break = fn(&mut Vec<u8>);

const REFUSALS: &[(&str, Break, SealError)] = &[
    ("empty", Vec::clear, SealError::NotSealed),
    ("unknown version", |s| s[0] = 2, SealError::NotSealed),
    (
        "cut within the nonce",
        |s| s.truncate(20),
        SealError::NotSealed,
    ),
    (
        "cut within the tag",
        |s| s.truncate(36),
        SealError::NotSealed,
    ),
    ("nonce altered", |s| s[9] ^= 1, SealError::Altered),
    ("ciphertext altered", |s| s[21] ^= 1, SealError::Altered),
    (
        "tag altered",
        |s| *s.last_mut().unwrap() ^= 1,
        SealError::Altered,
    ),
    ("a byte too much", |s| s.push(0), SealError::Altered),
];

#[test]
fn every_altered_value_is_refused() {
    let key = SealingKey::from_bytes(&[1; 32]);
    for (row, break_it, error) in REFUSALS {
        let mut sealed = key.seal(b"secret", b"place").unwrap();
        break_it(&mut sealed);
        assert_eq!(key.open(&sealed, b"place"), Err(*error), "{row}");
    }
}

#[test]
fn key_and_place_must_be_the_same() {
    let key = SealingKey::from_bytes(&[1; 32]);
    let sealed = key.seal(b"secret", b"place").unwrap();
    assert_eq!(key.open(&sealed, b"place").unwrap().expose(), b"secret");
    assert_eq!(key.open(&sealed, b"other"), Err(SealError::Altered));

    let other = SealingKey::from_bytes(&[2; 32]);
    assert_eq!(
        other.open(&sealed, b"place"),
        Err(SealError::OtherKey(key.key_id()))
    );
    // the id is authenticated as well: a renamed value does not open
    let mut renamed = sealed;
    renamed.splice(1..9, other.key_id());
    assert_eq!(other.open(&renamed, b"place"), Err(SealError::Altered));
}

#[test]
fn values_and_keys_are_random_and_not_shown() {
    let key = SealingKey::generate();
    assert_ne!(key.seal(b"x", b"").unwrap(), key.seal(b"x", b"").unwrap());
    assert_ne!(key.to_bytes(), SealingKey::generate().to_bytes());
    let again = SealingKey::from_bytes(key.to_bytes().expose());
    assert_eq!(again.key_id(), key.key_id());
    assert!(!format!("{:?}", SealingKey::from_bytes(&[9; 32])).contains("9, 9"));
    assert_eq!(Secret::new(vec![1, 2]), Secret::from(vec![1, 2]));
    assert_ne!(Secret::new(vec![1, 2]), Secret::new(vec![1, 2, 3]));
}

proptest! {
    #[test]
    fn any_value_comes_back(
        plain in proptest::collection::vec(any::<u8>(), 0..300),
        aad in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let key = SealingKey::from_bytes(&[3; 32]);
        let opened = key.open(&key.seal(&plain, &aad).unwrap(), &aad).unwrap();
        prop_assert_eq!(opened.expose(), &plain);
    }

    #[test]
    fn random_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(SealingKey::from_bytes(&[3; 32]).open(&bytes, b"").is_err());
    }
}
