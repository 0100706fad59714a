//! The Cardea process: the only place that knows a socket, a file and the time.
#![warn(missing_docs)]

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dev;
pub mod keygen;
pub mod listen;
pub mod random;
pub mod routes;
pub mod say;
pub mod telemetry;
pub mod tls;

mod body;
mod brute_force;
mod challenges;
mod cookies;
mod cors;
mod endpoints;
mod facts;
mod fault;
mod guard;
mod jobs;
mod limits;
mod mail;
mod management;
mod pages;
mod password;
mod peer;
mod tenants;
mod wire;

pub use app::{App, Options, Scheme, StartError};
pub use mail::{Delivery, SmtpConfig};
pub use peer::{IpRange, NotARange, PeerAddress};
pub use routes::Service;
