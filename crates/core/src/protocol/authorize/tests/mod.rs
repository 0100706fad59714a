//! Tables: one good request, and each row breaks one thing.

mod checking;
mod deciding;
mod hints;
pub(in crate::protocol) mod parsing;
mod redirects;
mod responding;
pub(in crate::protocol) mod world;
