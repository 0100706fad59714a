//! A whole Cardea in one process, for tests: a throw-away store, a clock that stands still until
//! it is moved, seeded randomness. Nothing is mocked.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test harness fails by panicking; it is no part of the server"
)]

mod answer;
mod browser;
mod health;
mod people;
pub mod postgres;
mod signer;
mod smtp;
mod world;

pub use answer::Answer;
pub use browser::{Browser, Page};
pub use health::Health;
pub use people::{Person, VERIFIER, challenge};
pub use signer::{JWT_BEARER, Signer};
pub use smtp::{Heard, MailServer, Manners};
pub use world::{Api, Client, HOST, Sent, World, claims, escape};
