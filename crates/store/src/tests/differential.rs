//! The same random list of writes and reads gives the same answers on both databases.

use std::fmt::Write as _;

use cardea_core::model::{Change, Document, Kind};
use cardea_core::write::{LogQuery, Write};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::world::*;
use crate::StoreError;
use crate::open::TenantStore;

/// One thing to do.
#[derive(Debug, Clone)]
enum Op {
    /// A commit, decided this many versions ago, this many seconds from now.
    Commit(Option<i64>, i64, Vec<Write>),
    /// Everything, and what changed in the last so many versions.
    Read(i64),
    Logs(LogQuery),
    Rehost(u8, u8),
    Reset,
    Sweep(i64),
}

// few names, so that commits meet each other
fn id() -> impl Strategy<Value = String> {
    "[a-c]"
}

fn any_document() -> impl Strategy<Value = Document> {
    (
        id(),
        proptest::option::of(id()),
        proptest::option::of(id()),
        1_i64..3,
        any::<bool>(),
        "\\PC{0,6}",
    )
        .prop_map(|(id, unique, parent, revision, is_api, text)| {
            let kind = if is_api { Kind::Api } else { Kind::Client };
            let mut document = at_revision(document(kind, &id), revision);
            document.unique = unique;
            // nothing is its own parent
            document.parent = parent.filter(|parent| *parent != id);
            document.body.insert("text".to_owned(), text.clone().into());
            if is_api {
                document
            } else {
                with_secret(document, &text)
            }
        })
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        3 => any_document().prop_map(|document| Write::Insert(at_revision(document, 1))),
        3 => any_document().prop_map(Write::Update),
        2 => any_document().prop_map(|d| delete(d.kind, &d.id, d.revision)),
        3 => (0_u64..40, 0_i64..5).prop_map(|(number, at)| Write::Log(event_at(NOW.plus_seconds(at), number))),
        3 => (id(), 0_i64..5).prop_map(|(jti, expires_in)| consume(&jti, expires_in)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let decided = prop_oneof![Just(None), Just(Some(0)), Just(Some(0)), Just(Some(1))];
    let query = prop_oneof![
        (0_u64..40).prop_map(|number| LogQuery::One(event(number).id)),
        (0_i64..3, -1_i64..9).prop_map(|(skip, take)| LogQuery::Newest { skip, take }),
        (proptest::option::of(0_u64..40), 0_i64..9).prop_map(|(from, take)| {
            LogQuery::After {
                from: from.map(|number| event(number).id),
                take,
            }
        }),
    ];
    prop_oneof![
        20 => (decided, 0_i64..5, vec(write(), 0..4)).prop_map(|(d, n, w)| Op::Commit(d, n, w)),
        5 => (0_i64..4).prop_map(Op::Read),
        3 => query.prop_map(Op::Logs),
        1 => (0_u8..3, 0_u8..3).prop_map(|(host, custom)| Op::Rehost(host, custom)),
        1 => Just(Op::Reset),
        1 => (0_i64..5).prop_map(Op::Sweep),
    ]
}

#[test]
fn both_databases_answer_the_same() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let worlds = runtime.block_on(async { [World::sqlite().await, World::postgres().await] });
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let case = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&vec(op(), 1..40), |ops| {
            let number = case.replace(case.get() + 1);
            runtime.block_on(async {
                let mut answers = Vec::new();
                for world in &worlds {
                    answers.push(run(world, number, &ops).await);
                }
                let postgres = answers.remove(1);
                for (on_sqlite, on_postgres) in answers.remove(0).iter().zip(&postgres) {
                    prop_assert_eq!(on_sqlite, on_postgres);
                }
                Ok(())
            })
        })
        .unwrap();
    runtime.block_on(async {
        for world in worlds {
            world.end().await;
        }
    });
}

/// What each operation answers in a tenant of its own.
async fn run(world: &World, case: u32, ops: &[Op]) -> Vec<String> {
    let name = format!("case{case}");
    let tenant = world.tenant(&name).await;
    let mut answers = Vec::new();
    for op in ops {
        let answer = match op.clone() {
            Op::Commit(decided, in_seconds, writes) => {
                let version = tenant.version().await.unwrap();
                let decided_at = decided.map(|ago| version - ago);
                let now = NOW.plus_seconds(in_seconds);
                let outcome = tenant.commit(commit(decided_at, writes), now).await;
                match outcome {
                    // the two say in other words what broke
                    Err(StoreError::Unavailable(_)) => "broken".to_owned(),
                    outcome => format!("{outcome:?}"),
                }
            }
            Op::Read(ago) => read(&tenant, ago).await,
            Op::Logs(query) => format!("{:?}", tenant.log(query).await),
            Op::Rehost(to, custom) => {
                let custom = host(&format!("{case}-{custom}"));
                let to = host(&format!("{case}-{to}"));
                format!(
                    "{:?}",
                    world
                        .store
                        .rehost_tenant(&tenant_id(&name), &to, &[custom])
                        .await
                )
            }
            Op::Reset => {
                let documents = vec![settings()];
                format!(
                    "{:?}",
                    world.store.reset_tenant(&tenant_id(&name), documents).await
                )
            }
            Op::Sweep(at) => {
                let at = NOW.plus_seconds(at);
                format!("{:?}", world.store.sweep(at, at).await)
            }
        };
        answers.push(format!("{op:?} -> {answer}"));
    }
    answers.push(read(&tenant, 3).await);
    answers.push(format!(
        "{:?}",
        tenant
            .log(LogQuery::After {
                from: None,
                take: 99
            })
            .await
    ));
    answers
}

async fn read(tenant: &TenantStore, ago: i64) -> String {
    let (version, documents) = tenant.load().await.unwrap();
    let mut text = format!("{version}");
    for document in &documents {
        show(&mut text, document);
    }
    match tenant.changes_since(version - ago).await {
        Ok((to, changes)) => {
            write!(text, " changes to {to}").unwrap();
            for change in &changes {
                match change {
                    Change::Put(document) => show(&mut text, document),
                    Change::Removed(kind, id) => write!(text, " removed {kind} {id}").unwrap(),
                }
            }
        }
        Err(error) => write!(text, " {error:?}").unwrap(),
    }
    write!(text, " count {:?}", tenant.log_count().await).unwrap();
    text
}

fn show(text: &mut String, document: &Document) {
    let secrets: Vec<_> = document
        .secrets
        .iter()
        .map(|(name, secret)| (name, secret.expose()))
        .collect();
    write!(text, " {document:?} {secrets:?}").unwrap();
}
