//! What a user consists of.

use super::super::format::{EMAIL, NO_SPACE, PHONE, STRICT_URI};
use super::super::schema::{
    BOOL, Field, Mode, OPEN, Object, Rest, Type, WORD, field, formed, limited, text,
};

/// The longest password: longer ones only cost time.
const MAX_PASSWORD: usize = 256;

/// The body of `POST /users` and `PATCH /users/{id}`.
pub(in super::super) static USER: Object = Object {
    fields: FIELDS,
    rest: Rest::Closed,
    min: 0,
    max: usize::MAX,
};

const PATCH: Mode = Mode::Patch;
const CREATE: Mode = Mode::Create;
const EMAIL_TEXT: Type = limited(1, 254, EMAIL);

const FIELDS: &[Field] = &[
    field("email", EMAIL_TEXT).null_on_patch(),
    field("phone_number", formed(PHONE)).null_on_patch(),
    field("user_metadata", OPEN).merged(),
    field("blocked", BOOL),
    field("email_verified", BOOL),
    field("phone_verified", BOOL),
    field("app_metadata", OPEN).merged(),
    field("given_name", text(1, 150)).null_on_patch(),
    field("family_name", text(1, 150)).null_on_patch(),
    field("name", text(1, 300)).null_on_patch(),
    field("nickname", text(1, 300)).null_on_patch(),
    field("picture", formed(STRICT_URI)).null_on_patch(),
    field("user_id", limited(0, 255, NO_SPACE)).only(CREATE),
    field("connection", WORD).required().only(CREATE),
    field("connection", WORD).only(PATCH),
    field("password", text(1, MAX_PASSWORD)).null_on_patch(),
    field("verify_email", BOOL),
    field("verify_phone_number", BOOL).only(PATCH),
    field("client_id", WORD).only(PATCH),
    field("username", text(1, 128)).null_on_patch(),
];

/// The members that stand in [`crate::model::User::profile`].
pub(super) const PROFILE: [&str; 5] = ["given_name", "family_name", "name", "nickname", "picture"];

/// Every member of an answer, in its order.
pub(super) const MEMBERS: [&str; 23] = [
    "app_metadata",
    "blocked",
    "created_at",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "identities",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
    "multifactor",
    "multifactor_last_modified",
    "name",
    "nickname",
    "phone_number",
    "phone_verified",
    "picture",
    "updated_at",
    "user_id",
    "user_metadata",
    "username",
];
