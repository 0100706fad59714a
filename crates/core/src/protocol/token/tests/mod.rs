//! Tables: one good case, each row breaks one thing and names its rule.

mod assertion;
mod claims;
mod code;
mod device;
mod families;
mod introspect;
mod parsing;
mod passwords;
pub(in crate::protocol) mod people;
mod refresh;
mod refusals;
mod revoke;
mod shelf;
mod tokens;
mod userinfo;
mod why;
pub(in crate::protocol) mod world;
