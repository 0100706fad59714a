//! How hard a password is to guess.

use cardea_jose::Secret;

/// The estimate's cost grows fast with the length: the rest of a longer password is a bonus that
/// it does not need.
const MOST_CHARACTERS: usize = 100;

/// 0 (too guessable) to 4 (very unguessable), by zxcvbn; `known` are words of the user and the
/// place. Half a millisecond of work for what people type.
fn score(password: &Secret<String>, known: &[&str]) -> u8 {
    let head: String = password.expose().chars().take(MOST_CHARACTERS).collect();
    let head = Secret::new(head);
    u8::from(zxcvbn::zxcvbn(head.expose(), known).score())
}

/// The same, beside the threads that answer requests.
pub(crate) async fn score_aside(password: &Secret<String>, known: Vec<String>) -> Option<u8> {
    let password = password.clone();
    let scored = tokio::task::spawn_blocking(move || {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        score(&password, &known)
    });
    scored.await.ok()
}
