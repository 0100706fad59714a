//! How pages look and in which order they ask.

use super::super::operation::Method::{Get, Patch, Put};
use super::super::operation::Needs::AnyOf;
use super::super::operation::{Operation, Run, op};
use super::super::{actions, branding, custom_text, prompts};

/// Branding and prompts; and the lists of what there is none of.
pub(super) static LOOK: &[Operation] = &[
    op(
        Get,
        "/branding",
        "get_branding",
        AnyOf(&["read:branding"]),
        Run::Pure(branding::get),
    )
    .named("Get branding settings"),
    op(
        Patch,
        "/branding",
        "patch_branding",
        AnyOf(&["update:branding"]),
        Run::Pure(branding::patch),
    )
    .named("Update branding settings"),
    op(
        Get,
        "/prompts",
        "get_prompts",
        AnyOf(&["read:prompts"]),
        Run::Pure(prompts::get),
    )
    .named("Get prompt settings"),
    op(
        Patch,
        "/prompts",
        "patch_prompts",
        AnyOf(&["update:prompts"]),
        Run::Pure(prompts::patch),
    )
    .named("Update prompt settings"),
    op(
        Get,
        "/actions/actions",
        "get_actions",
        AnyOf(&["read:actions"]),
        Run::Pure(actions::list),
    )
    .named("Get actions"),
    op(
        Get,
        "/actions/modules",
        "get_action_modules",
        AnyOf(&["read:actions"]),
        Run::Pure(actions::modules),
    )
    .named("Get action modules"),
    op(
        Get,
        "/actions/triggers",
        "get_triggers",
        AnyOf(&["read:actions"]),
        Run::Pure(actions::triggers),
    )
    .named("Get triggers"),
    op(
        Get,
        "/actions/triggers/{triggerId}/bindings",
        "get_bindings",
        AnyOf(&["read:actions"]),
        Run::Pure(actions::bindings),
    )
    .named("Get trigger bindings"),
    op(
        Get,
        "/prompts/rendering",
        "get_all_rendering",
        AnyOf(&["read:prompts"]),
        Run::Pure(prompts::rendering),
    )
    .named("Get render settings for all screens"),
    op(
        Get,
        "/prompts/{prompt}/partials",
        "get_partials",
        AnyOf(&["read:prompts"]),
        Run::Pure(prompts::partials),
    )
    .named("Get partials for a prompt"),
    op(
        Get,
        "/prompts/{prompt}/custom-text/{language}",
        "get_custom-text_by_language",
        AnyOf(&["read:prompts"]),
        Run::Pure(custom_text::get),
    )
    .named("Get custom text for a prompt"),
    op(
        Put,
        "/prompts/{prompt}/custom-text/{language}",
        "put_custom-text_by_language",
        AnyOf(&["update:prompts"]),
        Run::Pure(custom_text::put),
    )
    .named("Set custom text for a specific prompt"),
];
