//! Every test runs on real databases: SQLite in a temporary folder, PostgreSQL on the server
//! that `CARDEA_TEST_POSTGRES` names, each in a database of its own.
#![expect(
    clippy::cognitive_complexity,
    clippy::too_many_lines,
    reason = "a test tells one story from its beginning to its end"
)]

mod attempts;
mod differential;
mod groups;
mod guards;
mod indexes;
mod logs;
mod mails;
mod migrations;
mod nodes;
mod opening;
mod people;
mod races;
mod sealing;
mod tenancy;
mod tls;
mod world;

/// Runs one test body on both databases.
macro_rules! both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::tests::world::World;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let world = World::sqlite().await;
                Box::pin(super::$name(&world)).await;
                world.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let world = World::postgres().await;
                Box::pin(super::$name(&world)).await;
                world.end().await;
            }
        }
    )*};
}
use both;
