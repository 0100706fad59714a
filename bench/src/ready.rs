//! The files by which servers say that they answer.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::failure::{Context as _, Outcome};
use crate::token::text;

/// Writes a file that is never seen half written.
pub(crate) fn write(path: &Path, content: &str) -> Outcome {
    let beside = path.with_extension("part");
    fs::write(&beside, content).context(beside.display())?;
    fs::rename(&beside, path).context(path.display())
}

/// What a server wrote, and the port in its issuer.
pub(crate) fn read(path: &Path) -> Outcome<(Value, u16)> {
    let content = fs::read(path).context(path.display())?;
    let ready: Value = serde_json::from_slice(&content).context(path.display())?;
    let issuer = text(&ready, "issuer")?;
    let port = issuer
        .trim_end_matches('/')
        .rsplit_once(':')
        .map(|(_, port)| port);
    let port = port
        .context("the issuer's port")?
        .parse()
        .context("the issuer's port")?;
    Ok((ready, port))
}
