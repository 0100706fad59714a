//! The list: what is served, by which scope, under which name. The router, the scopes of the
//! Management API, the audit's descriptions and the tests are views of it.

mod logins;
mod look;
mod people;

use std::sync::LazyLock;

use super::operation::Method::{Delete, Get, Patch, Post, Put};
use super::operation::Needs::{AllOf, AnyOf};
use super::operation::{Needs, Operation, Run, op};
use super::{client_grants, clients, keys, logs, resource_servers, settings};

const READ_CLIENTS: Needs = AnyOf(&[
    "read:clients",
    "read:client_keys",
    "read:client_credentials",
    "read:client_summary",
]);
const UPDATE_CLIENT: Needs = AnyOf(&[
    "update:clients",
    "update:client_keys",
    "update:client_credentials",
    "update:client_token_vault_privileged_access",
]);
const CLIENT_CONNECTIONS: Needs =
    AnyOf(&["read:connections", "read:clients", "read:client_summary"]);
const READ_LOGS: Needs = AnyOf(&["read:logs", "read:logs_users"]);
const ROTATE_KEYS: Needs = AllOf(&["create:signing_keys", "update:signing_keys"]);

const ROTATE: Run = Run::Keys {
    demand: keys::rotate_demand,
    run: keys::rotate,
};
const REVOKE: Run = Run::Keys {
    demand: keys::revoke_demand,
    run: keys::revoke,
};
const LIST_LOGS: Run = Run::Logs {
    ask: logs::ask_list,
    answer: logs::answer_list,
};
const GET_LOG: Run = Run::Logs {
    ask: logs::ask_one,
    answer: logs::answer_one,
};

const CLIENT: &str = "/clients/{id}";
const CREDENTIALS: &str = "/clients/{client_id}/credentials";
const CREDENTIAL: &str = "/clients/{client_id}/credentials/{credential_id}";
const API: &str = "/resource-servers/{id}";
const GRANT: &str = "/client-grants/{id}";

/// Every operation that is served.
pub(super) static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| [APPLICATIONS, people::PEOPLE, logins::LOGINS, look::LOOK].concat());

/// Applications, APIs, and the tenant itself.
static APPLICATIONS: &[Operation] = &[
    op(
        Get,
        "/clients",
        "get_clients",
        READ_CLIENTS,
        Run::Pure(clients::list),
    )
    .named("Get clients"),
    op(
        Post,
        "/clients",
        "post_clients",
        AnyOf(&["create:clients"]),
        Run::Pure(clients::create),
    )
    .named("Create a client"),
    op(
        Get,
        CLIENT,
        "get_clients_by_id",
        READ_CLIENTS,
        Run::Pure(clients::get),
    )
    .named("Get client by ID"),
    op(
        Patch,
        CLIENT,
        "patch_clients_by_id",
        UPDATE_CLIENT,
        Run::Pure(clients::patch),
    )
    .named("Update a client"),
    op(
        Delete,
        CLIENT,
        "delete_clients_by_id",
        AnyOf(&["delete:clients"]),
        Run::Pure(clients::delete),
    )
    .named("Delete a client"),
    op(
        Post,
        "/clients/{id}/rotate-secret",
        "post_rotate-secret",
        AnyOf(&["update:client_keys"]),
        Run::Pure(clients::rotate_secret),
    )
    .named("Rotate a client secret"),
    op(
        Get,
        "/clients/{id}/connections",
        "get_client_connections",
        CLIENT_CONNECTIONS,
        Run::Pure(clients::connections),
    )
    .named("Get enabled connections for a client"),
    op(
        Get,
        CREDENTIALS,
        "get_credentials",
        AnyOf(&["read:client_credentials"]),
        Run::Pure(clients::credentials::list),
    )
    .named("Get client credentials"),
    op(
        Post,
        CREDENTIALS,
        "post_credentials",
        AnyOf(&["create:client_credentials"]),
        Run::Pure(clients::credentials::create),
    )
    .named("Create a client credential"),
    op(
        Get,
        CREDENTIAL,
        "get_credentials_by_credential_id",
        AnyOf(&["read:client_credentials"]),
        Run::Pure(clients::credentials::get),
    )
    .named("Get client credential details"),
    op(
        Patch,
        CREDENTIAL,
        "patch_credentials_by_credential_id",
        AnyOf(&["update:client_credentials"]),
        Run::Pure(clients::credentials::patch),
    )
    .named("Update a client credential"),
    op(
        Delete,
        CREDENTIAL,
        "delete_credentials_by_credential_id",
        AnyOf(&["delete:client_credentials"]),
        Run::Pure(clients::credentials::delete),
    )
    .named("Delete a client credential"),
    op(
        Get,
        "/resource-servers",
        "get_resource-servers",
        AnyOf(&["read:resource_servers"]),
        Run::Pure(resource_servers::list),
    )
    .named("Get resource servers"),
    op(
        Post,
        "/resource-servers",
        "post_resource-servers",
        AnyOf(&["create:resource_servers"]),
        Run::Pure(resource_servers::create),
    )
    .named("Create a resource server"),
    op(
        Get,
        API,
        "get_resource-servers_by_id",
        AnyOf(&["read:resource_servers"]),
        Run::Pure(resource_servers::get),
    )
    .named("Get a resource server"),
    op(
        Patch,
        API,
        "patch_resource-servers_by_id",
        AnyOf(&["update:resource_servers"]),
        Run::Pure(resource_servers::patch),
    )
    .named("Update a resource server"),
    op(
        Delete,
        API,
        "delete_resource-servers_by_id",
        AnyOf(&["delete:resource_servers"]),
        Run::Pure(resource_servers::delete),
    )
    .named("Delete a resource server"),
    op(
        Get,
        "/client-grants",
        "get_client-grants",
        AnyOf(&["read:client_grants"]),
        Run::Pure(client_grants::list),
    )
    .named("Get client grants"),
    op(
        Post,
        "/client-grants",
        "post_client-grants",
        AnyOf(&["create:client_grants"]),
        Run::Pure(client_grants::create),
    )
    .named("Create client grant"),
    op(
        Get,
        GRANT,
        "get_client-grant",
        AnyOf(&["read:client_grants"]),
        Run::Pure(client_grants::get),
    )
    .named("Get client grant"),
    op(
        Patch,
        GRANT,
        "patch_client-grants_by_id",
        AnyOf(&["update:client_grants"]),
        Run::Pure(client_grants::patch),
    )
    .named("Update client grant"),
    op(
        Delete,
        GRANT,
        "delete_client-grants_by_id",
        AnyOf(&["delete:client_grants"]),
        Run::Pure(client_grants::delete),
    )
    .named("Delete client grant"),
    op(
        Get,
        "/client-grants/{id}/organizations",
        "get_client-grant-organizations",
        AnyOf(&["read:organization_client_grants"]),
        Run::Pure(client_grants::organizations),
    )
    .named("Get the organizations associated to a client grant"),
    op(
        Get,
        "/tenants/settings",
        "tenant_settings_route",
        AnyOf(&["read:tenant_settings"]),
        Run::Pure(settings::get),
    )
    .named("Get tenant settings"),
    op(
        Patch,
        "/tenants/settings",
        "patch_settings",
        AnyOf(&["update:tenant_settings"]),
        Run::Pure(settings::patch),
    )
    .named("Update tenant settings"),
    op(
        Get,
        "/keys/signing",
        "get_signing_keys",
        AnyOf(&["read:signing_keys"]),
        Run::Pure(keys::list),
    )
    .named("Get all Application Signing Keys"),
    op(
        Post,
        "/keys/signing/rotate",
        "post_signing_keys",
        ROTATE_KEYS,
        ROTATE,
    )
    .named("Rotate the Application Signing Key"),
    op(
        Get,
        "/keys/signing/{kid}",
        "get_signing_key",
        AnyOf(&["read:signing_keys"]),
        Run::Pure(keys::get),
    )
    .named("Get an Application Signing Key by its key id"),
    op(
        Put,
        "/keys/signing/{kid}/revoke",
        "put_signing_keys",
        AnyOf(&["update:signing_keys"]),
        REVOKE,
    )
    .named("Revoke an Application Signing Key by its key id"),
    op(Get, "/logs", "get_logs", READ_LOGS, LIST_LOGS).named("Search log events"),
    op(Get, "/logs/{id}", "get_logs_by_id", READ_LOGS, GET_LOG).named("Get a log event by id"),
];
