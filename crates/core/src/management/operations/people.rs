//! Operations on users, on what they may do, and on who is blocked.

use crate::management::operation::Method::{Delete, Get, Patch, Post};
use crate::management::operation::Needs::{AllOf, AnyOf};
use crate::management::operation::{Operation, Run, in_two_steps, op, stored};
use crate::management::users::{access, identities};
use crate::management::{logs, roles, user_blocks, users};

const OF_USER: Run = Run::Logs {
    ask: logs::ask_of_user,
    answer: logs::answer_list,
};

pub(super) static PEOPLE: &[Operation] = &[
    op(
        Get,
        "/users",
        "get_users",
        AnyOf(&["read:users", "read:user_idp_tokens"]),
        stored(users::ask_list, users::answer_list),
    )
    .named("List or Search Users"),
    op(
        Post,
        "/users",
        "post_users",
        AnyOf(&["create:users"]),
        stored(users::ask_create, users::create),
    )
    .named("Create a User"),
    op(
        Get,
        "/users/{id}",
        "get_users_by_id",
        users::READ,
        stored(users::ask_get, users::get),
    )
    .named("Get a User"),
    op(
        Patch,
        "/users/{id}",
        "patch_users_by_id",
        users::UPDATE,
        stored(users::ask_patch, users::patch),
    )
    .named("Update a User"),
    op(
        Delete,
        "/users/{id}",
        "delete_users_by_id",
        users::DELETE,
        Run::Pure(users::delete),
    )
    .named("Delete a User"),
    op(
        Get,
        "/users-by-email",
        "get_users-by-email",
        AnyOf(&["read:users"]),
        stored(users::ask_by_email, users::answer_by_email),
    )
    .named("Search Users by Email"),
    op(
        Post,
        "/users/{id}/identities",
        "post_identities",
        identities::NEEDS,
        stored(identities::ask_link, identities::link),
    )
    .named("Link a User Account"),
    op(
        Delete,
        "/users/{id}/identities/{provider}/{user_id}",
        "delete_user_identity_by_user_id",
        identities::NEEDS,
        stored(identities::ask_unlink, identities::unlink),
    )
    .named("Unlink a User Identity"),
    op(
        Get,
        "/users/{id}/logs",
        "get_logs_by_user",
        AnyOf(&["read:logs", "read:logs_users"]),
        OF_USER,
    )
    .named("Get user's log events"),
    op(
        Get,
        "/users/{id}/permissions",
        "get_permissions",
        AnyOf(&["read:users"]),
        stored(access::ask_list, access::list_permissions),
    )
    .named("Get a User's Permissions"),
    op(
        Post,
        "/users/{id}/permissions",
        "post_permissions",
        AnyOf(&["update:users"]),
        stored(access::ask_permissions, access::add_permissions),
    )
    .named("Assign Permissions to a User"),
    op(
        Delete,
        "/users/{id}/permissions",
        "delete_permissions",
        AnyOf(&["update:users"]),
        stored(access::ask_permissions, access::remove_permissions),
    )
    .named("Remove Permissions from a User"),
    op(
        Get,
        "/users/{id}/roles",
        "get_user_roles",
        AllOf(&["read:users", "read:roles", "read:role_members"]),
        stored(access::ask_list, access::list_roles),
    )
    .named("Get a user's roles"),
    op(
        Post,
        "/users/{id}/roles",
        "post_user_roles",
        AnyOf(&["update:users", "create:role_members"]),
        stored(access::ask_roles, access::add_roles),
    )
    .named("Assign roles to a user"),
    op(
        Delete,
        "/users/{id}/roles",
        "delete_user_roles",
        AnyOf(&["update:users", "delete:role_members"]),
        stored(access::ask_roles, access::remove_roles),
    )
    .named("Removes roles from a user"),
    op(
        Get,
        "/user-blocks",
        "get_user-blocks",
        AnyOf(&["read:users"]),
        stored(user_blocks::ask_by_identifier, user_blocks::by_identifier),
    )
    .named("Get blocks by identifier"),
    op(
        Delete,
        "/user-blocks",
        "delete_user-blocks",
        AnyOf(&["update:users"]),
        Run::Pure(user_blocks::delete_by_identifier),
    )
    .named("Unblock by identifier"),
    op(
        Get,
        "/user-blocks/{id}",
        "get_user-blocks_by_id",
        AnyOf(&["read:users"]),
        in_two_steps(
            user_blocks::ask_of_user,
            user_blocks::then_failures,
            user_blocks::of_user,
        ),
    )
    .named("Get a user's blocks"),
    op(
        Delete,
        "/user-blocks/{id}",
        "delete_user-blocks_by_id",
        AnyOf(&["update:users"]),
        stored(user_blocks::ask_of_user, user_blocks::delete_of_user),
    )
    .named("Unblock a user"),
    op(
        Get,
        "/roles",
        "get_roles",
        AnyOf(&["read:roles"]),
        Run::Pure(roles::list),
    )
    .named("Get roles"),
    op(
        Post,
        "/roles",
        "post_roles",
        AnyOf(&["create:roles"]),
        Run::Pure(roles::create),
    )
    .named("Create a role"),
    op(
        Get,
        "/roles/{id}",
        "get_roles_by_id",
        AnyOf(&["read:roles"]),
        Run::Pure(roles::get),
    )
    .named("Get a role"),
    op(
        Patch,
        "/roles/{id}",
        "patch_roles_by_id",
        AnyOf(&["update:roles"]),
        Run::Pure(roles::patch),
    )
    .named("Update a role"),
    op(
        Delete,
        "/roles/{id}",
        "delete_roles_by_id",
        AnyOf(&["delete:roles"]),
        Run::Pure(roles::delete),
    )
    .named("Delete a role"),
    op(
        Get,
        "/roles/{id}/permissions",
        "get_role_permission",
        AnyOf(&["read:roles"]),
        Run::Pure(roles::permissions),
    )
    .named("Get permissions granted by role"),
    op(
        Post,
        "/roles/{id}/permissions",
        "post_role_permission_assignment",
        AnyOf(&["update:roles"]),
        Run::Pure(roles::add_permissions),
    )
    .named("Associate permissions with a role"),
    op(
        Delete,
        "/roles/{id}/permissions",
        "delete_role_permission_assignment",
        AnyOf(&["update:roles"]),
        Run::Pure(roles::remove_permissions),
    )
    .named("Remove permissions from a role"),
    op(
        Get,
        "/roles/{id}/users",
        "get_role_user",
        AllOf(&["read:users", "read:roles", "read:role_members"]),
        stored(roles::ask_users, roles::users),
    )
    .named("Get a role's users"),
    op(
        Post,
        "/roles/{id}/users",
        "post_role_users",
        AnyOf(&["update:roles", "create:role_members"]),
        stored(roles::ask_add_users, roles::add_users),
    )
    .named("Assign users to a role"),
];
