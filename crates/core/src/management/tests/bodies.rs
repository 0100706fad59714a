//! The bodies that the tables describe, by operation.

use super::super::schema::{Mode, Object};
use super::super::{
    branding, client_grants, clients, connections, custom_text, device_credentials, permissions,
    prompts, refresh_tokens, resource_servers, roles, sessions, settings_table, tickets, users,
};

type Body = (&'static str, &'static str, &'static Object, Mode);

/// The bodies of the operations that are served.
pub(super) fn bodies() -> Vec<Body> {
    let mut all = of_applications();
    all.extend(of_people());
    all.extend(of_logins());
    all
}

fn of_applications() -> Vec<Body> {
    vec![
        ("/clients", "post", &clients::CLIENT, Mode::Create),
        ("/clients/{id}", "patch", &clients::CLIENT, Mode::Patch),
        (
            "/clients/{client_id}/credentials",
            "post",
            &clients::table::NEW_CREDENTIAL,
            Mode::Create,
        ),
        (
            "/clients/{client_id}/credentials/{credential_id}",
            "patch",
            &clients::table::PATCH_CREDENTIAL,
            Mode::Patch,
        ),
        (
            "/resource-servers",
            "post",
            &resource_servers::API,
            Mode::Create,
        ),
        (
            "/resource-servers/{id}",
            "patch",
            &resource_servers::API,
            Mode::Patch,
        ),
        (
            "/client-grants",
            "post",
            &client_grants::GRANT,
            Mode::Create,
        ),
        (
            "/client-grants/{id}",
            "patch",
            &client_grants::GRANT,
            Mode::Patch,
        ),
        (
            "/tenants/settings",
            "patch",
            &settings_table::SETTINGS,
            Mode::Patch,
        ),
        ("/branding", "patch", &branding::BRANDING, Mode::Patch),
        ("/prompts", "patch", &prompts::PROMPTS, Mode::Patch),
        (
            "/prompts/{prompt}/custom-text/{language}",
            "put",
            &custom_text::SCREENS,
            Mode::Create,
        ),
    ]
}

fn of_people() -> Vec<Body> {
    vec![
        ("/users", "post", &users::USER, Mode::Create),
        ("/users/{id}", "patch", &users::USER, Mode::Patch),
        (
            "/users/{id}/identities",
            "post",
            &users::identities::LINK,
            Mode::Create,
        ),
        (
            "/users/{id}/roles",
            "post",
            &users::access::ROLES,
            Mode::Create,
        ),
        (
            "/users/{id}/roles",
            "delete",
            &users::access::ROLES,
            Mode::Create,
        ),
        (
            "/users/{id}/permissions",
            "post",
            &permissions::PERMISSIONS,
            Mode::Create,
        ),
        (
            "/users/{id}/permissions",
            "delete",
            &permissions::PERMISSIONS,
            Mode::Create,
        ),
        (
            "/users/{id}/revoke-access",
            "post",
            &sessions::REVOKE_ACCESS,
            Mode::Create,
        ),
        ("/roles", "post", &roles::ROLE, Mode::Create),
        ("/roles/{id}", "patch", &roles::ROLE, Mode::Patch),
        ("/roles/{id}/users", "post", &roles::USERS, Mode::Create),
        (
            "/roles/{id}/permissions",
            "post",
            &permissions::PERMISSIONS,
            Mode::Create,
        ),
        (
            "/roles/{id}/permissions",
            "delete",
            &permissions::PERMISSIONS,
            Mode::Create,
        ),
    ]
}

fn of_logins() -> Vec<Body> {
    vec![
        (
            "/connections",
            "post",
            &connections::CONNECTION,
            Mode::Create,
        ),
        (
            "/connections/{id}",
            "patch",
            &connections::CONNECTION,
            Mode::Patch,
        ),
        (
            "/tickets/email-verification",
            "post",
            &tickets::VERIFICATION,
            Mode::Create,
        ),
        (
            "/tickets/password-change",
            "post",
            &tickets::PASSWORD_CHANGE,
            Mode::Create,
        ),
        (
            "/device-credentials",
            "post",
            &device_credentials::CREDENTIAL,
            Mode::Create,
        ),
        ("/sessions/{id}", "patch", &sessions::SESSION, Mode::Patch),
        (
            "/refresh-tokens/{id}",
            "patch",
            &refresh_tokens::REFRESH_TOKEN,
            Mode::Patch,
        ),
        (
            "/refresh-tokens/revoke",
            "post",
            &refresh_tokens::REVOKE,
            Mode::Create,
        ),
    ]
}
