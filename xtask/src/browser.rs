//! The tests that use a real browser against a running server, over HTTPS with the local CA trusted.

use crate::failure::Outcome;
use crate::folder::Folder;
use crate::install;
use crate::postgres::Postgres;
use crate::project::Project;
use crate::runner::{self, NodeTests};
use crate::server::Server;

/// Runs them on one database, SQLite where no server is given; with a filter only the files whose
/// name contains it.
pub(crate) fn run(project: &Project, postgres: Option<&Postgres>, filter: Option<&str>) -> Outcome {
    let tests = project.root().join("tests").join("browser");
    install::chromium()?;
    install::node(&tests)?;

    let folder = Folder::new("browser")?;
    let server = Server::ephemeral(project, folder.path(), postgres, "cardea_browser")?;
    println!("{} runs for the browser", server.told("/issuer")?);

    let scripts = NodeTests {
        folder: &tests,
        launcher: Some("support/with-chromium.mjs"),
        filter,
    };
    let tally = runner::node(&server, &scripts, folder.path())?;
    let stopped = server.stop();
    let concluded = tally.conclude("browser");
    stopped?;
    concluded
}
