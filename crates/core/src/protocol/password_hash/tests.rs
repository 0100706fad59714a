//! Strings in and out; costs that would stop the server.

use serde_json::json;

use super::*;

const COST: HashCost = HashCost {
    memory_kib: 19_456,
    passes: 2,
    lanes: 1,
};
const ARGON: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const BCRYPT: &str = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

#[test]
fn strings_are_read_as_they_are_written() {
    let StoredHash::Argon2(hash) = StoredHash::parse(ARGON).unwrap() else {
        panic!("it is Argon2");
    };
    assert_eq!(hash.to_string(), ARGON);
    assert!(!StoredHash::Argon2(hash.clone()).is_outdated(COST));
    let more = HashCost { passes: 3, ..COST };
    assert!(StoredHash::Argon2(hash).is_outdated(more));
    assert!(StoredHash::parse(BCRYPT).unwrap().is_outdated(COST));
    assert!(
        StoredHash::parse(&ARGON.replace("argon2id", "argon2i"))
            .unwrap()
            .is_outdated(COST)
    );
}

#[test]
fn password_21_costs_that_would_stop_the_server_are_refused() {
    for bad in [
        ARGON.replace("m=19456", "m=4194304"),
        ARGON.replace("t=2", "t=1000"),
        ARGON.replace("p=1", "p=64"),
        ARGON.replace("v=19", "v=20"),
        ARGON.replace("$m=", "$m=1,x="),
        format!("{ARGON}$more"),
        BCRYPT.replace("$10$", "$31$"),
        BCRYPT.replace("$10$", "$3$"),
        BCRYPT.replace("$2b$", "$2x$"),
        "$pbkdf2-sha256$i=2000000$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$pbkdf2-md5$i=1000$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$1$old$crypt".to_owned(),
        "plain text".to_owned(),
        String::new(),
        "{}".to_owned(),
    ] {
        assert_eq!(StoredHash::parse(&bad), None, "{bad}");
        assert!(import(&json!(bad)).is_err(), "{bad}");
    }
    for (name, value) in [("cost", 1 << 24), ("blockSize", 100_000), ("keylen", 4)] {
        let mut hash = json!({"algorithm": "scrypt", "hash": {"value": "00".repeat(32)},
            "salt": {"value": "x"}, "keylen": 32});
        assert!(import(&hash).is_ok());
        hash[name] = value.into();
        assert!(import(&hash).is_err(), "{name}");
    }
}

#[test]
fn imports_become_lines() {
    let sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let line = |value: &serde_json::Value| match import(value) {
        Ok(Imported::Line(line)) => format!("line {}", line.chars().take(4).collect::<String>()),
        Ok(Imported::Weak(custom)) => format!("weak {:?}", custom.method),
        Err(why) => why.to_string(),
    };
    let table = [
        (json!(BCRYPT), "line $2b$"),
        (
            json!({"algorithm": "bcrypt", "hash": {"value": BCRYPT}}),
            "line $2b$",
        ),
        (
            json!({"algorithm": "bcrypt", "hash": {"value": BCRYPT}, "salt": {"value": "s"}}),
            "line {\"al",
        ),
        (
            json!({"algorithm": "argon2", "hash": {"value": ARGON}}),
            "line $arg",
        ),
        (
            json!({"algorithm": "argon2", "hash": {"value": ARGON}, "salt": {"value": "s"}}),
            "salt is not allowed here",
        ),
        (
            json!({"algorithm": "sha256", "hash": {"value": sha}}),
            "weak Sum(Sha256, None)",
        ),
        (
            json!({"algorithm": "sha1", "hash": {"value": sha}}),
            "hash.value does not have the digest's length",
        ),
        (
            json!({"algorithm": "hmac", "hash": {"value": sha, "digest": "sha256",
                "key": {"value": "6b", "encoding": "hex"}}}),
            "weak Hmac(Sha256, [107], None)",
        ),
        (
            json!({"algorithm": "hmac", "hash": {"value": sha, "digest": "whirlpool"}}),
            "hash.digest is not supported",
        ),
        (
            json!({"algorithm": "ldap", "hash": {"value": "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYWx0"}}),
            "weak Sum(Sha1, Some(Salt { value: [115, 97, 108, 116], after: true }))",
        ),
        (
            json!({"algorithm": "ldap", "hash": {"value": "{CRYPT}xyz"}}),
            "hash.value is no LDAP password that is supported",
        ),
        (
            json!({"algorithm": "md4", "hash": {"value": "00"}}),
            "the algorithm is not supported",
        ),
        (json!(7), "the hash is neither a text nor an object"),
    ];
    for (value, expected) in table {
        assert_eq!(line(&value), expected, "{value}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let argon = Argon2Hash::parse(ARGON).unwrap();
    let sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    for value in [
        json!({"algorithm": "sha256", "hash": {"value": sha}, "salt": {"value": "s", "position": "suffix"}}),
        json!({"algorithm": "hmac", "hash": {"value": sha, "digest": "sha256", "key": {"value": "k"}},
            "password": {"encoding": "utf16le"}}),
    ] {
        let Ok(Imported::Weak(custom)) = import(&value) else {
            panic!("{value} is weak");
        };
        // PASSWORD-21: the digest itself is not in the line
        let line = custom.hashed(&argon);
        assert!(
            !line.contains("value\":\"n4bQ") && !line.contains(sha),
            "{line}"
        );
        let StoredHash::Custom(read) = StoredHash::parse(&line).unwrap() else {
            panic!("{line}");
        };
        assert_eq!((&read.method, read.text), (&custom.method, custom.text));
        assert_eq!(read.expected, Expected::Hashed(argon.clone()));
        assert!(!read.is_weak());
        let plain = StoredHash::parse(&custom.line());
        assert_eq!(plain, Some(StoredHash::Custom(custom)));
    }
}

#[test]
fn the_history_is_as_long_as_it_must_be() {
    let first = replaced(None, "a", 3);
    let second = replaced(Some(&first), "b", 3);
    assert_eq!(second.expose(), "b\na");
    assert_eq!(replaced(Some(&second), "c", 1).expose(), "c\nb");
    assert_eq!(replaced(Some(&second), "c", 0).expose(), "c");
    assert_eq!(rehashed(&second, "B").expose(), "B\na");
}

#[test]
fn passwords_become_the_bytes_that_were_hashed_elsewhere() {
    assert_eq!(TextCoding::Utf8.encode("é"), [0xc3, 0xa9]);
    assert_eq!(TextCoding::Latin1.encode("é"), [0xe9]);
    assert_eq!(TextCoding::Utf16le.encode("é"), [0xe9, 0]);
    assert!(TextCoding::parse(Some("ebcdic")).is_err());
}
