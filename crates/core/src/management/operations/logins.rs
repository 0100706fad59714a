//! Operations on where users come from, and on what they are logged in to.

use crate::management::operation::Method::{Delete, Get, Patch, Post};
use crate::management::operation::Needs::AnyOf;
use crate::management::operation::{Operation, Run, in_two_steps, op, stored};
use crate::management::{
    connections, device_credentials, grants, refresh_tokens, sessions, tickets,
};

pub(super) static LOGINS: &[Operation] = &[
    op(
        Get,
        "/connections",
        "get_connections",
        AnyOf(&["read:connections"]),
        Run::Pure(connections::list),
    )
    .named("Get all connections"),
    op(
        Post,
        "/connections",
        "post_connections",
        AnyOf(&["create:connections"]),
        Run::Pure(connections::create),
    )
    .named("Create a connection"),
    op(
        Get,
        "/connections/{id}",
        "get_connections_by_id",
        AnyOf(&["read:connections"]),
        Run::Pure(connections::get),
    )
    .named("Get a connection"),
    op(
        Patch,
        "/connections/{id}",
        "patch_connections_by_id",
        AnyOf(&["update:connections"]),
        Run::Pure(connections::patch),
    )
    .named("Update a connection"),
    op(
        Delete,
        "/connections/{id}",
        "delete_connections_by_id",
        AnyOf(&["delete:connections"]),
        Run::Pure(connections::delete),
    )
    .named("Delete a connection"),
    op(
        Get,
        "/connections/{id}/clients",
        "get_connection_clients",
        AnyOf(&["read:connections"]),
        Run::Pure(connections::clients),
    )
    .named("Get enabled clients for a connection"),
    op(
        Patch,
        "/connections/{id}/clients",
        "patch_clients",
        AnyOf(&["update:connections"]),
        Run::Pure(connections::patch_clients),
    )
    .named("Update enabled clients for a connection"),
    op(
        Get,
        "/connections/{id}/status",
        "get_status",
        AnyOf(&["read:connections"]),
        Run::Pure(connections::status),
    )
    .named("Check connection status"),
    op(
        Delete,
        "/connections/{id}/users",
        "delete_users_by_email",
        AnyOf(&["delete:users"]),
        stored(connections::ask_delete_user, connections::delete_user),
    )
    .named("Delete a connection user"),
    op(
        Get,
        "/grants",
        "get_grants",
        AnyOf(&["read:grants"]),
        stored(grants::ask_list, grants::list),
    )
    .named("Get grants"),
    op(
        Delete,
        "/grants",
        "delete_grants_by_user_id",
        AnyOf(&["delete:grants"]),
        stored(grants::ask_of_user, grants::delete_of_user),
    )
    .named("Delete a grant by user_id"),
    op(
        Delete,
        "/grants/{id}",
        "delete_grants_by_id",
        AnyOf(&["delete:grants"]),
        stored(grants::ask_one, grants::delete),
    )
    .named("Delete a grant by id"),
    op(
        Post,
        "/tickets/email-verification",
        "post_email-verification",
        AnyOf(&["create:user_tickets"]),
        stored(tickets::ask_verification, tickets::verification),
    )
    .named("Create an email verification ticket"),
    op(
        Post,
        "/tickets/password-change",
        "post_password-change",
        AnyOf(&["create:user_tickets"]),
        in_two_steps(
            tickets::ask_password_change,
            tickets::then_facts,
            tickets::password_change,
        ),
    )
    .named("Create a password change ticket"),
    op(
        Get,
        "/device-credentials",
        "get_device-credentials",
        AnyOf(&["read:device_credentials"]),
        stored(device_credentials::ask_list, device_credentials::list),
    )
    .named("Retrieve device credentials"),
    op(
        Post,
        "/device-credentials",
        "post_device-credentials",
        AnyOf(&["create:current_user_device_credentials"]),
        Run::Pure(device_credentials::create),
    )
    .named("Create a device public key credential"),
    op(
        Delete,
        "/device-credentials/{id}",
        "delete_device-credentials_by_id",
        device_credentials::DELETE,
        stored(device_credentials::ask_delete, device_credentials::delete),
    )
    .named("Delete a device credential"),
    op(
        Get,
        "/sessions/{id}",
        "get_session",
        AnyOf(&["read:sessions"]),
        stored(sessions::ask_one, sessions::get),
    )
    .named("Get session"),
    op(
        Patch,
        "/sessions/{id}",
        "patch_sessions_by_id",
        AnyOf(&["update:sessions"]),
        stored(sessions::ask_one, sessions::patch),
    )
    .named("Update session"),
    op(
        Delete,
        "/sessions/{id}",
        "delete_session",
        AnyOf(&["delete:sessions"]),
        stored(sessions::ask_one, sessions::delete),
    )
    .named("Delete session"),
    op(
        Post,
        "/sessions/{id}/revoke",
        "revoke_session",
        AnyOf(&["delete:sessions", "delete:refresh_tokens"]),
        in_two_steps(sessions::ask_one, sessions::then_families, sessions::revoke),
    )
    .named("Revokes a session"),
    op(
        Get,
        "/users/{user_id}/sessions",
        "get_sessions_for_user",
        AnyOf(&["read:sessions"]),
        stored(sessions::ask_of_user, sessions::of_user),
    )
    .named("Get sessions for user"),
    op(
        Delete,
        "/users/{user_id}/sessions",
        "delete_sessions_for_user",
        AnyOf(&["delete:sessions"]),
        stored(sessions::ask_path_user, sessions::delete_of_user),
    )
    .named("Delete sessions for user"),
    op(
        Post,
        "/users/{id}/revoke-access",
        "user_revoke_access",
        AnyOf(&["delete:sessions", "delete:refresh_tokens"]),
        stored(sessions::ask_revoke_access, sessions::revoke_access),
    )
    .named("Revokes selected resources from a user"),
    op(
        Get,
        "/refresh-tokens",
        "get_refresh_tokens",
        AnyOf(&["read:refresh_tokens"]),
        stored(refresh_tokens::ask_list, refresh_tokens::list),
    )
    .named("Get refresh tokens"),
    op(
        Post,
        "/refresh-tokens/revoke",
        "revoke_refresh_tokens",
        AnyOf(&["delete:refresh_tokens"]),
        stored(refresh_tokens::ask_revoke, refresh_tokens::revoke),
    )
    .named("Revoke refresh tokens"),
    op(
        Get,
        "/refresh-tokens/{id}",
        "get_refresh_token",
        AnyOf(&["read:refresh_tokens"]),
        stored(refresh_tokens::ask_one, refresh_tokens::get),
    )
    .named("Get a refresh token"),
    op(
        Patch,
        "/refresh-tokens/{id}",
        "patch_refresh-tokens_by_id",
        AnyOf(&["update:refresh_tokens"]),
        stored(refresh_tokens::ask_one, refresh_tokens::patch),
    )
    .named("Update a refresh token"),
    op(
        Delete,
        "/refresh-tokens/{id}",
        "delete_refresh_token",
        AnyOf(&["delete:refresh_tokens"]),
        stored(refresh_tokens::ask_one, refresh_tokens::delete),
    )
    .named("Delete a refresh token"),
    op(
        Get,
        "/users/{user_id}/refresh-tokens",
        "get_refresh_tokens_for_user",
        AnyOf(&["read:refresh_tokens"]),
        stored(refresh_tokens::ask_of_user, refresh_tokens::of_user),
    )
    .named("Get refresh tokens for a user"),
    op(
        Delete,
        "/users/{user_id}/refresh-tokens",
        "delete_refresh_tokens_for_user",
        AnyOf(&["delete:refresh_tokens"]),
        stored(sessions::ask_path_user, refresh_tokens::delete_of_user),
    )
    .named("Delete refresh tokens for a user"),
];
