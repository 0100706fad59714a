//! `cardea_flags`: named exceptions of one application.

use serde_json::{Value, json};

use super::World;
use crate::model::{ClientFlag, Profile};

#[test]
fn flags_of_an_application_are_set_merged_read_and_removed() {
    let mut world = World::new(Profile::Strict);
    let id = world.client(json!({ "name": "a", "cardea_flags": { "pkce": "optional" } }));
    let path = format!("/clients/{id}");
    let flags = |world: &World| {
        let view = world.view();
        let client = &view.clients[id.as_str()].parsed;
        client.flags.iter().copied().collect::<Vec<_>>()
    };
    assert_eq!(flags(&world), [ClientFlag::PkceOptional]);
    for (sent, shown, set) in [
        (
            json!({ "password_grant": true, "wildcard_callbacks": false }),
            json!({ "pkce": "optional", "password_grant": true, "wildcard_callbacks": false }),
            vec![ClientFlag::PkceOptional, ClientFlag::PasswordGrant],
        ),
        (
            json!({ "pkce": null, "password_grant": null, "response_modes": ["form_post"] }),
            json!({ "wildcard_callbacks": false, "response_modes": ["form_post"] }),
            vec![],
        ),
        (Value::Null, Value::Null, vec![]),
    ] {
        let answer = world.ok("PATCH", &path, json!({ "cardea_flags": sent }));
        assert_eq!(answer["cardea_flags"], shown, "{sent}");
        let (_, read) = world.get(&format!("{path}?fields=cardea_flags"));
        assert_eq!(read["cardea_flags"], shown, "{sent}");
        assert_eq!(flags(&world), set, "{sent}");
    }
    // every flag that a decision reads can be set, by the member and the word that it reads
    for (flag, member, word) in ClientFlag::TABLE {
        let value = word.map_or(json!(true), |word| json!(word));
        world.ok("PATCH", &path, json!({ "cardea_flags": { member: value } }));
        assert!(flags(&world).contains(&flag), "{member}");
    }
    let table = [
        (
            "unknown",
            json!({ "cardea_flags": { "x": true } }),
            400,
            "Payload validation error: 'Additional properties not allowed: x' on property cardea_flags.",
        ),
        (
            "word",
            json!({ "cardea_flags": { "pkce": "never" } }),
            400,
            "Payload validation error: 'No enum match for: never' on property cardea_flags.pkce.",
        ),
        (
            "mode",
            json!({ "cardea_flags": { "response_modes": ["form_post", "jwt"] } }),
            400,
            "Payload validation error: 'No enum match for: jwt' on property cardea_flags.response_modes[1].",
        ),
    ];
    world.refuses("PATCH", &path, &table);
    // attack MGMT-09: who may only update keys loosens nothing
    world.limited("update:client_credentials");
    let (status, _) = world.patch(&path, json!({ "cardea_flags": { "pkce": "optional" } }));
    assert_eq!(status, 403);
}
