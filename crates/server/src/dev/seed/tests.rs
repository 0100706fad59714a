use cardea_core::id::{Host, TenantId};
use cardea_core::model::{Kind, Profile};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn ground(label: &str, profile: Profile) -> Ground<'_> {
    let record = TenantRecord {
        id: TenantId::parse("ten_x").unwrap(),
        name: "dev".to_owned(),
        host: Host::parse("localhost:8443").unwrap(),
        custom_domains: Vec::new(),
        profile,
    };
    Ground {
        record,
        scheme: Scheme::Https,
        now: NOW,
        label,
    }
}

fn plant(seed: &Seed, profile: Profile) -> Result<Planted, Vec<String>> {
    seed.plant(&ground("label", profile))
}

#[test]
fn the_example_is_the_documented_table_in_both_profiles() {
    for profile in [Profile::Compat, Profile::Strict] {
        let planted = plant(&Seed::example(), profile).unwrap();
        let names = |kind| {
            let documents = planted
                .documents
                .iter()
                .filter(move |known| known.kind == kind);
            documents
                .map(|known| text(&known.body, "name").to_owned())
                .collect::<Vec<_>>()
        };
        let clients = names(Kind::Client);
        for name in [
            "Health SPA",
            "Health Web",
            "Health CLI",
            "Health Sync",
            "Partner Portal",
            "Management",
        ] {
            assert!(clients.iter().any(|known| known == name), "{name}");
        }
        assert_eq!(planted.entries.applications.len(), 6);
        assert_eq!(names(Kind::Api).len(), 3); // with the Management API
        assert_eq!(names(Kind::ClientGrant).len(), 3);
        assert_eq!(planted.entries.users.len(), 2);

        let apis = &planted.entries.apis;
        assert_eq!(apis[0].identifier, "https://example.com/health-api");
        assert_eq!(
            (apis[0].signing_alg.as_str(), &apis[0].signing_secret),
            ("RS256", &None)
        );
        assert_eq!(apis[1].signing_alg, "HS256");
        assert!(apis[1].signing_secret.as_ref().unwrap().len() >= 32);
        assert!(
            planted
                .entries
                .management
                .as_ref()
                .unwrap()
                .client_secret
                .is_some()
        );

        let api = planted
            .documents
            .iter()
            .find(|known| text(&known.body, "name") == "Health API");
        let api = &api.unwrap().body;
        assert_eq!(api["enforce_policies"], true);
        assert_eq!(api["token_dialect"], "access_token");
        let portal = planted
            .documents
            .iter()
            .find(|known| text(&known.body, "name") == "Partner Portal");
        let portal = &portal.unwrap().body;
        assert_eq!(portal["is_first_party"], false);
        assert_eq!(portal["redirection_policy"], "allow_always");
    }
}

#[test]
fn the_same_label_gives_the_same_secrets_and_another_gives_others() {
    let entries = |label| {
        Seed::example()
            .plant(&ground(label, Profile::Compat))
            .unwrap()
            .entries
    };
    assert!(entries("a") == entries("a"));
    let (a, b) = (entries("a"), entries("b"));
    for (a, b) in a.applications.iter().zip(&b.applications) {
        assert_ne!(a.client_id, b.client_id);
        assert_ne!(a.client_secret, b.client_secret);
    }
    assert_ne!(a.users[0].password, b.users[0].password);
}

#[test]
fn one_more_entity_does_not_change_the_others() {
    let more = {
        let mut seed = Seed::example();
        seed.clients
            .insert(0, object_of(r#"{"name": "First", "app_type": "spa"}"#));
        seed
    };
    let before = plant(&Seed::example(), Profile::Compat)
        .unwrap()
        .entries
        .applications;
    let after = plant(&more, Profile::Compat).unwrap().entries.applications;
    assert!(after[1..] == before[..]);
}

fn object_of(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap()
}

const FILE: &str = r#"
tenant:
  friendly_name: Acme
clients:
  - name: Worker
    app_type: non_interactive
    grant_types: [client_credentials]
  - name: Admin
    app_type: non_interactive
    grant_types: [client_credentials]
resourceServers:
  - name: Orders
    identifier: https://orders.example/
    signing_alg: ES256
    scopes: [{ value: "read:orders" }]
  - name: Auth0 Management API
    identifier: https://##AUTH0_DOMAIN##/api/v2/
clientGrants:
  - client_id: Worker
    audience: https://orders.example/
    scope: ["read:orders"]
  - client_id: Admin
    audience: https://##AUTH0_DOMAIN##/api/v2/
    scope: ["read:clients"]
users:
  - email: kim@acme.example
    password: Chosen-1
actions: []
rules: []
"#;

#[test]
fn a_file_is_planted_by_names() {
    let read = Seed::from_yaml(FILE, "localhost:8443").unwrap();
    assert_eq!(read.ignored, ["actions", "rules"]);
    let planted = plant(&read.seed, Profile::Compat).unwrap();
    assert_eq!(planted.algorithms, BTreeSet::from([Algorithm::Es256]));
    let entries = &planted.entries;
    assert_eq!(entries.users[0].password, "Chosen-1");
    assert_eq!(entries.apis.len(), 1);
    let admin = entries
        .applications
        .iter()
        .find(|known| known.name == "Admin")
        .unwrap();
    assert_eq!(
        entries.management.as_ref().unwrap().client_id,
        admin.client_id
    );
    let grants: Vec<&Document> = planted
        .documents
        .iter()
        .filter(|known| known.kind == Kind::ClientGrant)
        .collect();
    assert!(grants.iter().any(|grant| {
        text(&grant.body, "audience") == "https://localhost:8443/api/v2/"
            && text(&grant.body, "client_id") == admin.client_id
    }));
}

#[test]
fn a_file_without_an_administrator_gets_one() {
    let read = Seed::from_yaml("users: [{email: a@b.example}]", "localhost:8443").unwrap();
    let planted = plant(&read.seed, Profile::Strict).unwrap();
    assert_eq!(planted.entries.applications[0].name, "Management");
    assert!(planted.entries.management.unwrap().client_secret.is_some());
}

#[test]
fn everything_wrong_is_reported_by_name() {
    let read = Seed::from_yaml(
        r"
clients:
  - name: Twice
  - name: Twice
  - name: Odd
    no_such_member: 1
resourceServers:
  - name: Nameless
clientGrants:
  - client_id: Nobody
    audience: https://orders.example/
    scope: []
users:
  - email: nobody
",
        "localhost:8443",
    )
    .unwrap();
    let problems = plant(&read.seed, Profile::Compat).unwrap_err();
    for wanted in [
        "application \"Twice\": the name occurs twice",
        "application \"Odd\": ",
        "API \"\": ",
        "grant for \"Nobody\": there is no such application",
        "user \"nobody\": needs an email",
    ] {
        assert!(
            problems.iter().any(|line| line.starts_with(wanted)),
            "{wanted}: {problems:?}"
        );
    }

    for (file, wanted) in [
        ("- a", "it must be a map of sections"),
        ("clients: {}", "clients: must be a list"),
        ("clients: [7]", "clients: entry 1 must be a map"),
        ("tenant: x", "tenant: must be a map"),
        ("a: [", "it is not YAML"),
    ] {
        let problems = Seed::from_yaml(file, "localhost").unwrap_err();
        assert!(problems[0].starts_with(wanted), "{problems:?}");
    }
}
