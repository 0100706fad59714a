//! What a tenant consists of. Stored as [`Document`]s, decided upon as typed values.

mod api;
mod artefact;
mod body;
mod brand;
mod client;
mod client_grant;
mod client_settings;
mod client_uses;
mod connection;
mod document;
mod entry;
mod key;
mod log;
mod mail;
mod profile;
mod settings;
mod tenant;
mod user;

pub use api::{Api, Dialect, SubjectPolicy, SystemApi};
pub use artefact::{Artefact, ArtefactKind, Revoke};
pub use body::{Body, Writer};
pub use brand::{Background, Brand, CUSTOM_TEXT, own_words};
pub use client::{
    AppType, AssertionKey, AssertionKeys, AuthMethod, Client, GrantType, SecretDigest,
};
pub use client_grant::{ClientGrant, GrantKey, SubjectType};
pub use client_settings::{ClientFlag, RedirectionPolicy, RefreshPolicy, ThirdPartyMode};
pub use client_uses::{ClientUse, mixed_uses, unrelated_sites};
pub use connection::{Connection, Role};
pub use document::{Corrupt, Document, Kind, Secrets};
pub use entry::Entry;
pub use key::{KeyRing, KeyState, TenantKey};
pub use log::{EventType, EventUser, LogEvent, TraceText, show_event};
pub use mail::Mail;
pub use profile::Profile;
pub use settings::{
    ErrorPageSettings, LoginSettings, ResourceParameter, SessionLifetimes, Settings,
};
pub use tenant::{Change, Issuer, TenantRecord, TenantView};
pub use user::{Permission, User, UserFacts, fold};
