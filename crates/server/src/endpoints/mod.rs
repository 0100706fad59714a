//! One file an endpoint, one function a method.

pub(crate) mod activate;
mod activate_login;
mod activate_pages;
pub(crate) mod authorize;
pub(crate) mod consent;
pub(crate) mod dbconnections;
pub(crate) mod device;
mod direct;
mod enter;
mod flow;
pub(crate) mod health;
pub(crate) mod introspect;
pub(crate) mod legacy;
pub(crate) mod login;
mod login_page;
pub(crate) mod logout;
pub(crate) mod metadata;
mod password_text;
mod pending;
pub(crate) mod reset;
mod respond;
pub(crate) mod revoke;
pub(crate) mod signup;
pub(crate) mod tickets;
pub(crate) mod token;
pub(crate) mod userinfo;
pub(crate) mod visit;
