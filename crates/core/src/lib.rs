//! What Cardea decides.
//!
//! Everything here is pure and synchronous: facts come in, a decision and the writes that
//! follow from it go out. Time and randomness are arguments. The modules stand in the order in
//! which they may import each other: vocabulary, [`model`], [`mod@write`], [`protocol`],
//! [`management`].
#![warn(missing_docs)]

pub mod color;
pub mod https_url;
pub mod id;
pub mod random;
pub mod scope;
pub mod time;

pub mod model;
pub mod write;

pub mod protocol;

pub mod management;
