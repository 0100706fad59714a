//! The tests that use published SDKs against a running server, over HTTPS with the local CA.

use crate::failure::Outcome;
use crate::folder::Folder;
use crate::install;
use crate::postgres::Postgres;
use crate::project::Project;
use crate::runner::{self, NodeTests};
use crate::server::Server;

/// Runs all of them on one database: SQLite where no server is given.
pub(crate) fn run(project: &Project, postgres: Option<&Postgres>) -> Outcome {
    let tests = project.root().join("tests").join("sdk");
    install::node(&tests.join("node"))?;
    let interpreter = install::python(project, &tests.join("python"))?;

    let folder = Folder::new("sdk")?;
    let server = Server::ephemeral(project, folder.path(), postgres, "cardea_sdk")?;
    println!("{} runs for the SDKs", server.told("/issuer")?);

    let scripts = NodeTests {
        folder: &tests.join("node"),
        launcher: None,
        filter: None,
    };
    let node = runner::node(&server, &scripts, folder.path())?;
    let python = runner::python(&server, &interpreter, &tests.join("python"), folder.path())?;
    let stopped = server.stop();
    let concluded = node.plus(python).conclude("sdk");
    stopped?;
    concluded
}
