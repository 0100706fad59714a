//! The Management API: operations, shapes, texts.
//!
//! An operation is a function from a [`Call`] to a [`Reply`] or an [`ApiError`]; what it changes
//! stands in the reply as writes. The server verifies the token, then calls [`route`],
//! [`authorize`] and the operation, commits [`Reply::writes`] with the tenant's version as guard
//! (after a conflict it reloads the tenant and runs the operation again) and sends the answer.
//!
//! What a resource consists of is data: one table of fields per resource (decision 0002).

mod actions;
mod branding;
mod call;
mod client_grants;
mod clients;
mod connections;
mod custom_text;
mod defaults;
mod der;
mod device_credentials;
mod error;
mod fields;
mod format;
mod grants;
mod keys;
mod log_query;
mod logs;
mod lucene;
mod merge;
mod operation;
mod operations;
mod paging;
mod permissions;
mod powers;
mod prompts;
mod refresh_tokens;
mod resource_servers;
mod roles;
mod router;
mod schema;
mod seed;
mod sessions;
mod settings;
mod settings_table;
mod state;
mod stored;
mod tickets;
mod user_blocks;
mod users;
mod validate;

pub use call::{Call, Caller, FreshKeys, LogRow, NewPassword, PathParams, Query, Reply};
pub use error::{ApiError, conflict};
pub use keys::key_document;
pub use logs::LogQuestion;
pub use operation::{Ask, Method, Needs, OnAnswers, Operation, Run, Then, authorize};
pub use router::{NotYet, Route, not_yet, operations, route};
pub use seed::{new_tenant_documents, refreshed_system_api, system_scopes};
pub use stored::{Answer, Answers, Question};

#[cfg(test)]
mod tests;
