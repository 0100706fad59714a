use clap::CommandFactory as _;

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    for line in [
        &["cardea", "dev", "--ephemeral", "--data", "x"][..],
        &["cardea", "dev", "--profile", "lax"],
        &["cardea", "dev", "--port", "65536"],
        &["cardea", "dev", "--database", "mysql://x"],
        &["cardea", "keys", "list", "--config", "a", "--data", "b"],
        &["cardea", "keys", "revoke"],
        &["cardea", "tenant", "create", "acme"],
        &["cardea"],
    ] {
        assert!(Cli::try_parse_from(line).is_err(), "{line:?}");
    }
    Cli::try_parse_from(["cardea", "dev", "--ephemeral", "--port", "0"]).unwrap();
    // base64url begins with a dash once in 64 times
    Cli::try_parse_from(["cardea", "keys", "revoke", "--kid", "-_K34uaTUGxXUnJWYaEA6"]).unwrap();
    Cli::try_parse_from([
        "cardea", "keys", "rotate", "--alg", "ES256", "--tenant", "a",
    ])
    .unwrap();
}
