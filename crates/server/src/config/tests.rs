use std::os::unix::fs::PermissionsExt as _;

use super::settings::{SETTINGS, variable};
use super::*;

const KEY: &str = "q7vIfLnJ1m0x4J1kQbEJ3sVX5m9mPV0cYJ3o2bnX0yE=";

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn read(text: &str, pairs: &[(&str, &str)]) -> Result<Config, Problems> {
    Config::read(text, env(pairs))
}

#[test]
fn a_whole_file_is_read() {
    let text = r#"
        listen = ["0.0.0.0:8443", "[::1]:9443"]
        trusted_proxies = ["10.0.0.0/8", "::1"]
        rate_limits = false
        master_key_file = "/etc/cardea/master.key"
        [tls]
        cert_file = "/etc/cardea/tls.pem"
        key_file = "/etc/cardea/tls.key"
        [database]
        url = "sqlite:/var/lib/cardea/cardea.db"
        [log]
        level = "info,cardea_store=debug"
        format = "json"
        retention_days = 7
        relaxed = true
    "#;
    let config = read(text, &[]).unwrap();
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.scheme(), Scheme::Https);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert!(!config.rate_limits && config.log.relaxed);
    assert_eq!(
        (config.log.retention_days, config.log.format),
        (7, Format::Json)
    );
    assert_eq!(
        config.tls.unwrap().key_file,
        PathBuf::from("/etc/cardea/tls.key")
    );
}

#[test]
fn the_environment_says_everything_the_file_can_and_wins() {
    let config = read(
        "rate_limits = false\n[database]\nurl = \"sqlite:a.db\"",
        &[
            ("CARDEA__DATABASE__URL", "sqlite:b.db"),
            ("CARDEA__RATE_LIMITS", "true"),
            ("CARDEA__TRUSTED_PROXIES", "10.0.0.1, 10.0.0.2"),
            ("CARDEA__LISTEN", "127.0.0.1:1"),
            ("CARDEA__BEHIND_PROXY", "true"),
            ("CARDEA__LOG__RETENTION_DAYS", "3"),
            ("CARDEA__MASTER_KEY", KEY),
        ],
    )
    .unwrap();
    assert!(config.database.to_string().contains("b.db"));
    assert!(config.rate_limits && config.behind_proxy);
    assert_eq!(
        (config.trusted_proxies.len(), config.log.retention_days),
        (2, 3)
    );
    assert_eq!(config.unsafe_settings(), Vec::<String>::new());
}

#[test]
fn every_problem_is_reported_at_once() {
    let text = r#"
        listen = ["nowhere"]
        trusted_proxies = ["10.0.0.1/99", 7]
        rate_limit = true
        behind_proxy = "yes"
        [tls]
        cert_file = "/x"
        [log]
        level = "loud"
        format = "xml"
        retention_days = 0
        [mail]
        host = "x"
    "#;
    let variables = [
        ("CARDEA__LOG__RELAXED", "perhaps"),
        ("CARDEA__NONSENSE", "1"),
    ];
    let Problems(problems) = read(text, &variables).unwrap_err();
    for wanted in [
        "listen: \"nowhere\"",
        "trusted_proxies: \"10.0.0.1/99\"",
        "trusted_proxies must be a list of texts",
        "there is no setting rate_limit",
        "behind_proxy must be true or false",
        "tls.key_file is missing",
        "log.level: \"loud\"",
        "log.format: \"xml\"",
        "log.retention_days: 0",
        "there is no setting mail",
        "CARDEA__LOG__RELAXED must be true or false",
        "no setting for the variable CARDEA__NONSENSE",
        "database.url is missing",
    ] {
        assert!(
            problems.iter().any(|line| line.contains(wanted)),
            "{wanted}: {problems:#?}"
        );
    }
}

#[test]
fn combinations_that_contradict_themselves_are_refused() {
    for (text, wanted) in [
        (
            "behind_proxy = true\ntls = { cert_file = \"a\", key_file = \"b\" }",
            "either the proxy ends TLS or the server does",
        ),
        ("master_key_file = \"a\"", "only one of them"),
        ("master_key = \"a\"", "there is no setting master_key"),
        ("listen = []", "at least one address"),
        ("database = \"sqlite:x\"", "there is no setting database"),
    ] {
        let variables = [
            ("CARDEA__DATABASE__URL", "sqlite:x"),
            ("CARDEA__MASTER_KEY", KEY),
        ];
        let Problems(problems) = read(text, &variables).unwrap_err();
        assert!(
            problems.iter().any(|line| line.contains(wanted)),
            "{wanted}: {problems:?}"
        );
    }
    let secret = read("[database]\nurl = \"mysql://u:hunter2@h/d\"", &[]).unwrap_err();
    assert!(!secret.to_string().contains("hunter2"));
}

#[test]
fn unsafe_settings_are_named_all_at_once() {
    const URL: &str = "[database]\nurl = \"sqlite:x\"\n";
    for (text, variables, wanted) in [
        ("", vec![], vec!["there is no master key"]),
        (
            "",
            vec![("CARDEA__MASTER_KEY", "short")],
            vec!["CARDEA__MASTER_KEY: not 32 bytes"],
        ),
        (
            "",
            vec![(
                "CARDEA__MASTER_KEY",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            )],
            vec!["the same byte"],
        ),
        (
            "listen = [\"0.0.0.0:80\", \"127.0.0.1:80\"]\ntrusted_proxies = [\"::/0\"]\n",
            vec![],
            vec![
                "there is no master key",
                "0.0.0.0:80 would speak plain HTTP",
                "::/0 is everybody",
            ],
        ),
        (
            "listen = [\"0.0.0.0:80\"]\nbehind_proxy = true\n",
            vec![("CARDEA__MASTER_KEY", KEY)],
            vec![],
        ),
        ("", vec![("CARDEA__MASTER_KEY", KEY)], vec![]),
    ] {
        let config = read(&format!("{text}{URL}"), &variables).unwrap();
        let found = config.unsafe_settings();
        assert_eq!(found.len(), wanted.len(), "{text}: {found:?}");
        for (line, wanted) in found.iter().zip(wanted) {
            assert!(line.contains(wanted), "{line}");
        }
    }
}

#[test]
fn files_open_to_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("master.key");
    let file = folder.path().join("cardea.toml");
    let sealing = SealingKey::generate();
    write_private(&key, sealing_key_text(&sealing).expose().as_bytes()).unwrap();
    let text = format!("master_key_file = {key:?}\n[database]\nurl = \"sqlite:x\"\n");
    write_private(&file, text.as_bytes()).unwrap();

    let config = Config::load(Some(&file)).unwrap();
    assert_eq!(config.unsafe_settings(), Vec::<String>::new());
    assert_eq!(config.sealing_key().unwrap().key_id(), sealing.key_id());
    for path in [&key, &file] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        let found = config.unsafe_settings();
        assert!(
            found
                .iter()
                .any(|line| line.contains(&path.display().to_string())),
            "{found:?}"
        );
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn the_documentation_lists_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let documented = fs::read_to_string(path).unwrap();
    let rows = SETTINGS.iter().map(|setting| {
        let (path, variable) = (setting.path, variable(setting.path));
        format!(
            "| `{path}` | `{variable}` | {} | {} |",
            setting.default, setting.help
        )
    });
    let rows = rows.collect::<Vec<_>>().join("\n");
    assert!(
        documented.contains(&rows),
        "docs/configuration.md should contain:\n{rows}"
    );
}
