//! The pool, and the hashes of other systems.

use std::sync::Arc;

use cardea_core::id::UserId;
use cardea_core::protocol::password_hash::{Imported, import};
use cardea_core::random::Seeded;
use cardea_core::time::Timestamp;
use serde_json::{Map, Value, json};

use super::*;
use crate::random::SharedRandom;

const CHEAP: HashCost = HashCost {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};
const PASSWORD: &str = "correct horse";

fn user(stored: Option<&str>) -> User {
    let at = Timestamp::from_seconds(1);
    User {
        id: UserId::parse("auth0|1").unwrap(),
        connection: "db".to_owned(),
        email: None,
        email_verified: false,
        username: None,
        phone_number: None,
        phone_verified: false,
        blocked: false,
        profile: Map::new(),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        created_at: at,
        updated_at: at,
        last_login: None,
        logins_count: 0,
        last_password_reset: None,
        password: stored.map(|stored| Secret::new(stored.to_owned())),
        revision: 1,
    }
}

async fn compare(pool: &Passwords, stored: Option<&str>, password: &str) -> Verdict {
    let password = Secret::new(password.to_owned());
    let user = user(stored);
    let turn = turn(pool, CHEAP).await.unwrap();
    let verdict = pool.verify((CHEAP, turn), Some(&user), &password);
    verdict.await.unwrap()
}

async fn turn(pool: &Passwords, cost: HashCost) -> Result<HashTurn, Busy> {
    pool.turn(pool.queue(cost)?).await
}

#[tokio::test]
async fn password_18_exact_bytes_and_nothing_else() {
    let pool = Passwords::with_threads(2);
    let random = SharedRandom::seeded("hash");
    let long = "x".repeat(100);
    for password in ["pässword", " spaces ", "nul\0inside", "🙂🙂🙂", &long] {
        let secret = Secret::new(password.to_owned());
        let stored = pool.hash(CHEAP, &secret, &random).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"),
            "{stored}"
        );
        let right = compare(&pool, Some(&stored), password).await;
        assert_eq!(right, Verdict::Matches { rehash: false }, "{password}");
        let trimmed = password.trim();
        for other in [
            format!("{password} "),
            format!("{password}\0"),
            password.to_uppercase() + "X",
            password.chars().skip(1).collect(),
            // 72 bytes are not enough
            password.chars().take(72).chain("?".chars()).collect(),
            if trimmed == password {
                "?".to_owned()
            } else {
                trimmed.to_owned()
            },
        ] {
            let wrong = compare(&pool, Some(&stored), &other).await;
            assert_eq!(wrong, Verdict::Wrong, "{password} {other}");
        }
    }
}

#[tokio::test]
async fn nobody_and_nonsense_are_wrong() {
    let pool = Passwords::with_threads(2);
    let password = Secret::new(PASSWORD.to_owned());
    let first = turn(&pool, CHEAP).await.unwrap();
    let nobody = pool.verify((CHEAP, first), None, &password).await;
    assert_eq!(nobody, Ok(Verdict::Wrong));
    for stored in [None, Some(""), Some("plain"), Some(PASSWORD), Some("{}")] {
        assert_eq!(compare(&pool, stored, PASSWORD).await, Verdict::Wrong);
    }
    let endless = "x".repeat(MOST_BYTES + 1);
    assert_eq!(compare(&pool, None, &endless).await, Verdict::Wrong);
}

#[tokio::test]
async fn a_weaker_or_stronger_hash_is_replaced() {
    let pool = Passwords::with_threads(1);
    let password = Secret::new(PASSWORD.to_owned());
    let random = SharedRandom::seeded("rehash");
    let more = HashCost { passes: 2, ..CHEAP };
    let stored = pool.hash(more, &password, &random).await.unwrap();
    let verdict = compare(&pool, Some(&stored), PASSWORD).await;
    assert_eq!(verdict, Verdict::Matches { rehash: true });
}

/// PASSWORD-22: what cannot be looked at in time is refused at once, and who goes away makes room.
#[tokio::test]
async fn overload_is_refused_without_waiting() {
    let pool = Arc::new(Passwords::with_threads(1));
    let cost = HashCost {
        memory_kib: 65_536,
        passes: 3,
        lanes: 1,
    };
    let mut first = Vec::new();
    for _ in 0..2 * TOGETHER {
        first.push(turn(&pool, CHEAP).await.unwrap());
    }
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move {
                let password = Secret::new(PASSWORD.to_owned());
                let turn = turn(&pool, cost).await?;
                pool.verify((cost, turn), None, &password).await
            })
        })
        .collect();
    let mut refused = 0;
    let mut kept = Vec::new();
    for task in waiting {
        tokio::task::yield_now().await;
        if task.is_finished() {
            assert_eq!(task.await.unwrap(), Err(Busy));
            refused += 1;
        } else {
            kept.push(task);
        }
    }
    assert_eq!((kept.len(), refused), (12, 8), "two seconds' worth waits");
    for task in kept {
        task.abort();
        drop(task.await);
    }
    let ready = 2 * TOGETHER as u64 * size(CHEAP);
    assert_eq!(pool.waiting.load(Ordering::Relaxed), ready);
    drop(first);
    let password = Secret::new(PASSWORD.to_owned());
    let next = turn(&pool, CHEAP).await.unwrap();
    let verdict = pool.verify((CHEAP, next), None, &password).await;
    assert_eq!(verdict, Ok(Verdict::Wrong));
    assert_eq!(pool.turns.available_permits(), 2 * TOGETHER);
}

/// PASSWORD-22: who goes away while its password is hashed gives its turn back, and its place.
#[tokio::test]
async fn who_goes_away_leaves_nothing_behind() {
    let pool = Passwords::with_threads(1);
    let password = Secret::new(PASSWORD.to_owned());
    let gone = turn(&pool, CHEAP).await.unwrap();
    tokio::select! {
        biased;
        _ = pool.verify((CHEAP, gone), None, &password) => {}
        () = std::future::ready(()) => {} // begun, and given up
    }
    let mut all = Vec::new();
    for _ in 0..2 * TOGETHER {
        all.push(turn(&pool, CHEAP).await.unwrap());
    }
    drop(all);
    assert_eq!(pool.waiting.load(Ordering::Relaxed), 0);
}

/// PASSWORD-22: where others want all of the processor, nobody waits for ever.
#[tokio::test(start_paused = true)]
async fn a_turn_that_does_not_come_is_refused() {
    let pool = Passwords::with_threads(1);
    let mut all = Vec::new();
    for _ in 0..2 * TOGETHER {
        all.push(turn(&pool, CHEAP).await.unwrap());
    }
    assert_eq!(turn(&pool, CHEAP).await.err(), Some(Busy));
    drop(all);
    assert_eq!(pool.waiting.load(Ordering::Relaxed), 0);
    assert!(turn(&pool, CHEAP).await.is_ok());
}

#[tokio::test]
async fn password_memory_is_used_again() {
    let pool = Passwords::with_threads(2);
    for _ in 0..5 {
        compare(&pool, None, PASSWORD).await;
    }
    assert_eq!(pool.buffers.idle(), 1, "one at a time needs one buffer");
}

#[tokio::test]
async fn the_history_is_compared_as_far_as_it_goes() {
    let pool = Passwords::with_threads(2);
    let random = SharedRandom::seeded("history");
    let mut stored = None;
    for password in ["first", "second", "third"] {
        let hash = pool
            .hash(CHEAP, &Secret::new(password.to_owned()), &random)
            .await
            .unwrap();
        stored = Some(password_hash::replaced(stored.as_ref(), &hash, 5));
    }
    let stored = stored.unwrap();
    for (password, history, reused) in [
        ("third", 1, true),
        ("second", 1, false),
        ("second", 2, true),
        ("first", 3, true),
        ("other", 3, false),
    ] {
        let password = Secret::new(password.to_owned());
        let found = pool.is_reused(CHEAP, (&stored, history), &password).await;
        assert_eq!(found, Ok(reused));
    }
}

/// What would be stored for an imported hash.
fn line(hash: &Value) -> String {
    match import(hash).unwrap() {
        Imported::Line(line) => line,
        Imported::Weak(custom) => hidden(CHEAP, &custom, &mut Seeded::new("hidden")).unwrap(),
    }
}

#[expect(clippy::too_many_lines, reason = "a table is long")]
/// PASSWORD-21: all but the first two were computed with Python's hashlib, those are the test
/// vectors of the reference implementations.
#[tokio::test]
async fn hashes_of_other_systems_are_verified() {
    let pool = Passwords::with_threads(2);
    let custom = |algorithm: &str, value: &str| json!({"algorithm": algorithm, "hash": {"value": value, "encoding": "hex"}});
    let hmac = |digest: &str, key: &str, value: &str| {
        json!({"algorithm": "hmac", "hash": {"value": value, "encoding": "hex", "digest": digest,
            "key": {"value": key}}})
    };
    let salted = |algorithm: &str, value: &str, salt: &str, position: &str| {
        json!({"algorithm": algorithm, "hash": {"value": value, "encoding": "hex"},
            "salt": {"value": salt, "position": position}})
    };
    let ldap = |value: &str| json!({"algorithm": "ldap", "hash": {"value": value}});
    let mut utf16 = custom(
        "sha256",
        "1fcd2d87248f44b4acd2fa1bee47c74bf0ca28657d4b07be0f00643f5e953d5b",
    );
    utf16["password"] = json!({"encoding": "utf16le"});
    let mut latin1 = custom(
        "sha256",
        "6ab86517aa0430e737562980c63c8276b0925613d3293a2924db2d7ce122f6ea",
    );
    latin1["password"] = json!({"encoding": "latin1"});
    let table = [
        (
            json!({"algorithm": "argon2", "hash": {"value":
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"}}),
            "password",
        ),
        (
            json!("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            "U*U",
        ),
        (
            json!({"algorithm": "pbkdf2", "hash": {"value":
                "$pbkdf2-sha1$i=1000,l=20$c2FsdHNhbHQ$wQoBU7GXMNo2CJC+raijrf6key4"}}),
            PASSWORD,
        ),
        (
            json!({"algorithm": "pbkdf2", "hash": {"value":
                "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHQ$qQDPSZa3Ormyy9oK1Pu0ZLLwP2Svzmx3yu8OvDdq/J0"}}),
            PASSWORD,
        ),
        (
            json!({"algorithm": "pbkdf2", "hash": {"value":
                "$pbkdf2-sha512$i=1000,l=64$c2FsdHNhbHQ$+sUSD8jw4f8ns7m9b7kj8PeJLe8lJXO8Am09BLgO79kST9D/Ija5aKINGF5Xg7hkKXw1+fNhBzzJP3eIXcWXww"}}),
            PASSWORD,
        ),
        (
            json!({"algorithm": "scrypt", "keylen": 32, "salt": {"value": "NaCl"}, "hash": {"encoding": "hex",
                "value": "36a301d76faac5e6fa7061d2cfdc2fa30f32ac762d09b18a25583c5705eb6060"}}),
            PASSWORD,
        ),
        (
            salted("md5", "60aec4ebd7c61b0239953bd3e95a3870", "pre", "prefix"),
            PASSWORD,
        ),
        (
            salted("md5", "b4003cf9fcdfd8e3489bb3aaf83b0b59", "post", "suffix"),
            PASSWORD,
        ),
        (
            salted(
                "sha1",
                "6bb4168a8b4cd310566dd3dd1fa536b5d5d36ba8",
                "pre",
                "prefix",
            ),
            PASSWORD,
        ),
        (
            salted(
                "sha256",
                "80bd26f37294b29f7afb94365c49f04fef0a1eb7a0348ce368be5dbb75bed91b",
                "post",
                "suffix",
            ),
            PASSWORD,
        ),
        (
            hmac("md5", "key", "9bc6103e5cc88c81ea9da4da252d8b3e"),
            PASSWORD,
        ),
        (
            hmac("md5", &"k".repeat(100), "1d0a054b93a7e64691bea55028e8a715"),
            PASSWORD,
        ),
        (
            hmac("sha1", "key", "b36b944f5033f0fa9767b6bb20bf9f7b075f4eba"),
            PASSWORD,
        ),
        (
            hmac(
                "sha224",
                "key",
                "4f93cb1a5d7042d9def6b1cb6431fb26967db20608c634841a7f2f18",
            ),
            PASSWORD,
        ),
        (
            hmac(
                "sha256",
                "key",
                "955ca3bd5be9681f0de4e366f1d33a17f77dde1ef64f2394b5f939aad39dbe26",
            ),
            PASSWORD,
        ),
        (ldap("{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0"), PASSWORD),
        (ldap("{SMD5}D4rOOyuX/Dgg3vClp5z5OnNhbHQ="), PASSWORD),
        (ldap("{MD5}PLTnMmMfR+brlh80VUt83g=="), PASSWORD),
        (
            ldap(
                "{SSHA512}MObRFvUHqU5pLIXjc0HkeJH+PKVdEQk34oSyXkDftCxTU6Fk9rWjilWA553MtCFyazGhAOPiDyO1Rv1hndA96XNhbHQ=",
            ),
            PASSWORD,
        ),
        (utf16, "correct hörse"),
        (latin1, "correct hörse"),
    ];
    for (hash, password) in table {
        let stored = line(&hash);
        let right = compare(&pool, Some(&stored), password).await;
        assert_eq!(right, Verdict::Matches { rehash: true }, "{hash}");
        let wrong = compare(&pool, Some(&stored), &format!("{password}!")).await;
        assert_eq!(wrong, Verdict::Wrong, "{hash}");
        // a weak digest is not in what is stored
        let value = hash["hash"]["value"].as_str().unwrap_or_default();
        let weak = ["md5", "sha1", "sha256", "hmac", "ldap"];
        if weak.iter().any(|name| hash["algorithm"] == **name) {
            assert!(!stored.contains(value), "{stored}");
        }
    }
}

#[tokio::test]
async fn password_18_bcrypt_looks_at_72_bytes_and_is_not_made_to_look_at_more() {
    let pool = Passwords::with_threads(1);
    let long = "x".repeat(80);
    let stored = bcrypt::hash(&long, 4).unwrap();
    // as in the system that it comes from; but which of them is the user's is not known, so none
    // of them becomes the new one
    let cut = compare(&pool, Some(&stored), &long).await;
    assert_eq!(cut, Verdict::Matches { rehash: false });
    let short = compare(&pool, Some(&stored), &"x".repeat(72)).await;
    assert_eq!(short, Verdict::Matches { rehash: true });
    assert_eq!(
        compare(&pool, Some(&stored), &"x".repeat(71)).await,
        Verdict::Wrong
    );
}
