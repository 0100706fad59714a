//! Eight at once: of all who hold the same guard, one gets through.

use cardea_core::model::Kind;
use cardea_core::write::{Conflict, Write};
use futures_util::future::join_all;

use super::both;
use super::world::*;
use crate::{Store, StoreError};

both!(one_of_eight_wins, one_of_eight_gets_the_host);

const ROUNDS: u64 = 12;

async fn one_of_eight_wins(world: &World) {
    type Race = (&'static str, fn(u64) -> Write, Conflict);
    const RACES: [Race; 4] = [
        (
            "consume",
            |round| consume(&format!("jti {round}"), 60),
            Conflict::Replayed,
        ),
        (
            "insert",
            |round| Write::Insert(api(&format!("api {round}"), &format!("https://{round}/"))),
            Conflict::Exists(Kind::Api),
        ),
        (
            "update",
            |round| {
                Write::Update(at_revision(
                    client("app"),
                    i64::try_from(round).unwrap() + 1,
                ))
            },
            Conflict::Moved(Kind::Client),
        ),
        (
            "delete",
            |round| delete(Kind::Client, &format!("{round}"), 1),
            Conflict::Moved(Kind::Client),
        ),
    ];
    let tenant = world.tenant("a").await;
    let clients = (0..ROUNDS).map(|round| Write::Insert(client(&round.to_string())));
    tenant
        .put(clients.chain([Write::Insert(client("app"))]).collect())
        .await
        .unwrap();
    // two nodes, or a server and a command beside it
    let nodes = [world.store.clone(), world.node().await];
    for (name, write, conflict) in RACES {
        for round in 0..ROUNDS {
            let outcomes = eight(&nodes, move |node, racer| async move {
                let writes = vec![write(round), Write::Log(event(round * 8 + racer))];
                node.tenant(&tenant_id("a")).put(writes).await.map(drop)
            })
            .await;
            one_wins(name, &outcomes, &StoreError::Conflict(conflict));
        }
        // the losers left nothing behind
        assert_eq!(tenant.log_count().await, Ok(12), "{name}");
        let kept = NOW.plus_seconds(86_400);
        world.store.sweep(NOW, kept).await.unwrap();
    }
    // the tenant's version is a guard too
    for round in 0..ROUNDS {
        let version = tenant.version().await.unwrap();
        let outcomes = eight(&nodes, move |node, racer| async move {
            let document = Write::Insert(client(&format!("{round} {racer}")));
            node.tenant(&tenant_id("a"))
                .decided(version, vec![document])
                .await
                .map(drop)
        })
        .await;
        one_wins(
            "version",
            &outcomes,
            &StoreError::Conflict(Conflict::TenantMoved),
        );
    }
    nodes[1].close().await;
}

async fn one_of_eight_gets_the_host(world: &World) {
    let nodes = [world.store.clone(), world.node().await];
    for round in 0..ROUNDS {
        let outcomes = eight(&nodes, move |node, racer| async move {
            let mut record = record(&format!("{round}-{racer}"));
            // the same host: for some the canonical one, for others a further one
            let contended = host(&format!("contended-{round}"));
            if racer % 2 == 0 {
                record.host = contended;
            } else {
                record.custom_domains = vec![contended];
            }
            node.create_tenant(&record, vec![settings()], NOW).await
        })
        .await;
        one_wins("host", &outcomes, &StoreError::TenantExists);
    }
    assert_eq!(world.store.tenants().await.unwrap().len(), 12);
    nodes[1].close().await;
}

async fn eight<F>(nodes: &[Store; 2], race: impl Fn(Store, u64) -> F) -> Vec<Result<(), StoreError>>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let racers = (0..8).zip(nodes.iter().cycle());
    let racers = racers.map(|(racer, node)| tokio::spawn(race(node.clone(), racer)));
    join_all(racers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

fn one_wins(name: &str, outcomes: &[Result<(), StoreError>], loss: &StoreError) {
    let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let losers = outcomes
        .iter()
        .filter(|outcome| outcome.as_ref() == Err(loss))
        .count();
    assert_eq!((winners, losers), (1, 7), "{name}: {outcomes:?}");
}
