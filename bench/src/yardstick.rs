//! The other limit: the least that an HTTP answer can cost, from the same axum.

use std::path::Path;
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::failure::{Context as _, Outcome};
use crate::load::{Target, Work};
use crate::machine;
use crate::process::Process;
use crate::script::{Expected, Same};
use crate::{http as requests, ready};

const BODY_BYTES: usize = 1024;
const TEXT: &str = "application/json; charset=utf-8";
const ETAG: &str = "\"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\"";

/// The running yardstick.
#[derive(Debug)]
pub(crate) struct Yardstick {
    process: Process,
    port: u16,
}

impl Yardstick {
    pub(crate) fn start(folder: &TempDir, core: Option<u32>) -> Outcome<Self> {
        let own = std::env::current_exe().context("the bench's own path")?;
        let file = folder.path().join("yardstick");
        let mut command = machine::command(&own, core);
        command.arg("static").arg(&file);
        let mut process = Process::spawn(command)?;
        process.wait_for(&file)?;
        let port = std::fs::read_to_string(&file).context("the yardstick's port")?;
        Ok(Self {
            process,
            port: port.parse().context("the yardstick's port")?,
        })
    }

    pub(crate) fn work(&self) -> Work {
        let host = format!("localhost:{}", self.port);
        Work {
            at: Target {
                port: self.port,
                pid: self.process.id(),
            },
            same: Same {
                request: requests::request("GET", &host, "/static", "", ""),
                status: 200,
                expected: Expected::Body(document().into_bytes()),
            },
        }
    }
}

/// `cardea-bench static FILE`: serves until it is killed.
pub(crate) fn serve(file: &Path) -> Outcome {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build();
    runtime.context("a runtime")?.block_on(async {
        let body = Bytes::from(document());
        let answer = move || std::future::ready(answer(body.clone()));
        let router = Router::new().route("/static", get(answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port")?;
        let port = listener.local_addr().context("a port")?.port();
        ready::write(file, &port.to_string())?;
        axum::serve(listener, router).await.context("serving")
    })
}

fn answer(body: Bytes) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, TEXT), (header::ETAG, ETAG)], body)
}

fn document() -> String {
    let (before, after) = ("{\"text\":\"", "\"}");
    let padding = "x".repeat(BODY_BYTES - before.len() - after.len());
    format!("{before}{padding}{after}")
}
