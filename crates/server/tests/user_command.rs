//! `cardea user`, as a process.
#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and tells one story"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::json;

const KEY: &str = "q7vIfLnJ1m0x4J1kQbEJ3sVX5m9mPV0cYJ3o2bnX0yE=";

/// Runs a command on the installation in this folder.
fn cardea(folder: &Path, line: &[&str], stdin: &str) -> Output {
    let database = folder.join("cardea.db");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cardea"))
        .args(line)
        .current_dir(folder)
        .env_clear()
        .env(
            "CARDEA__DATABASE__URL",
            format!("sqlite:{}", database.display()),
        )
        .env("CARDEA__MASTER_KEY", KEY)
        .env("CARDEA__BEHIND_PROXY", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn said(folder: &Path, line: &[&str], stdin: &str) -> String {
    let output = cardea(folder, line, stdin);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn complaint(folder: &Path, line: &[&str], stdin: &str) -> String {
    let output = cardea(folder, line, stdin);
    assert_eq!(output.status.code(), Some(1), "{line:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn users_are_made_imported_blocked_and_let_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    said(folder, &["migrate"], "");
    said(
        folder,
        &["tenant", "create", "acme", "--host", "acme.example"],
        "",
    );

    let made = said(
        folder,
        &["user", "create", "jane@example.com", "--name", "Jane"],
        "",
    );
    assert!(
        made.starts_with("auth0|") && made.contains("is made"),
        "{made}"
    );
    assert!(
        made.contains("https://acme.example/u/reset-password?ticket="),
        "{made}"
    );
    let again = complaint(folder, &["user", "create", "JANE@example.com"], "");
    assert!(again.contains("exists"), "{again}");

    // the policy counts here too (PASSWORD-16), and the password is in no argument
    let create = [
        "user",
        "create",
        "sam@example.com",
        "--password-stdin",
        "--verified",
    ];
    let weak = complaint(folder, &create, "passwordpassword123\n");
    assert!(weak.contains("too common"), "{weak}");
    let none = complaint(folder, &create, "");
    assert!(none.contains("no password"), "{none}");
    let made = said(folder, &create, "kwq8xz1pab vy 99\n");
    assert!(!made.contains("ticket="), "{made}");

    let link = said(folder, &["user", "reset-password", "sam@example.com"], "");
    assert!(
        link.contains("https://acme.example/u/reset-password?ticket="),
        "{link}"
    );
    let set = [
        "user",
        "reset-password",
        "SAM@example.com",
        "--password-stdin",
    ];
    let set = said(folder, &set, "another kwq8xz1 99\n");
    assert!(set.contains("has a new password"), "{set}");
    let blocked = said(folder, &["user", "block", "sam@example.com"], "");
    assert!(blocked.contains("is blocked"), "{blocked}");
    let lifted = said(folder, &["user", "block", "sam@example.com", "--lift"], "");
    assert!(lifted.contains("may log in again"), "{lifted}");
    let nobody = complaint(folder, &["user", "block", "nobody@example.com"], "");
    assert!(
        nobody.contains("there is no user nobody@example.com"),
        "{nobody}"
    );

    let users = json!([
        {"email": "a@example.com", "user_id": "7", "password_hash":
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
        {"email": "b@example.com", "custom_password_hash":
            {"algorithm": "md5", "hash": {"value": "60aec4ebd7c61b0239953bd3e95a3870"}}},
        {"email": "jane@example.com"},
        {"email": "c@example.com", "password": "plain"},
    ]);
    fs::write(folder.join("users.json"), users.to_string()).unwrap();
    let output = cardea(folder, &["user", "import", "users.json"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "2 imported, 2 failed\n"
    );
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("user 3: DUPLICATED_USER"), "{told}");
    assert!(told.contains("user 4: OBJECT_REQUIRED"), "{told}");
    // PASSWORD-21: neither the digest nor a password lies in the database
    let database = fs::read(folder.join("cardea.db")).unwrap();
    let holds = |text: &str| {
        database
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("b@example.com"));
    assert!(!holds("60aec4ebd7c61b0239953bd3e95a3870") && !holds("kwq8xz1pab"));
}
