//! Log events come back in the order of their ids; a sweep forgets what is old.

use cardea_core::write::{LogQuery, Write};

use super::both;
use super::world::*;
use crate::StoreError;
use crate::Swept;
use crate::db::Statement;
use crate::value::params;

both!(
    events_are_read_in_both_directions,
    a_sweep_forgets_what_is_old
);

async fn events_are_read_in_both_directions(world: &World) {
    let tenant = world.tenant("a").await;
    for number in [3, 1, 2, 5, 4] {
        tenant.decided(1, vec![log(number)]).await.unwrap();
    }
    let ask = async |query| -> Vec<u64> {
        let events = tenant.log(query).await.unwrap();
        events
            .iter()
            .map(|(_, body)| body["details"]["number"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(ask(LogQuery::Newest { skip: 0, take: 3 }).await, [5, 4, 3]);
    assert_eq!(ask(LogQuery::Newest { skip: 3, take: 9 }).await, [2, 1]);
    assert_eq!(ask(LogQuery::Newest { skip: -1, take: -1 }).await, [0; 0]);
    assert_eq!(
        ask(LogQuery::After {
            from: None,
            take: 2
        })
        .await,
        [1, 2]
    );
    assert_eq!(
        ask(LogQuery::After {
            from: Some(event(2).id),
            take: 9
        })
        .await,
        [3, 4, 5]
    );
    assert_eq!(
        ask(LogQuery::After {
            from: Some(event(5).id),
            take: 9
        })
        .await,
        [0; 0]
    );
    assert_eq!(ask(LogQuery::One(event(4).id)).await, [4]);
    assert_eq!(ask(LogQuery::One(event(9).id)).await, [0; 0]);

    let (id, body) = tenant
        .log(LogQuery::One(event(4).id))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (id, body),
        (
            event(4).id,
            serde_json::from_str(event(4).stored().as_str()).unwrap()
        )
    );

    let damage = Statement::any("UPDATE log_event SET body = $1", params!["{"]);
    world.store.db().commit(vec![damage]).await.unwrap();
    let damaged = tenant.log(LogQuery::One(event(4).id)).await;
    let key = event(4).id.to_string();
    assert_eq!(
        damaged,
        Err(StoreError::Corrupt {
            table: "log_event",
            key
        })
    );
}

async fn a_sweep_forgets_what_is_old(world: &World) {
    let tenant = world.tenant("a").await;
    let twin = world.tenant("b").await;
    let day_ago = NOW.plus_seconds(-86_400);
    // more than a batch of old ones
    let old = (0..1_203)
        .map(|number| Write::Log(event_at(day_ago, number)))
        .collect();
    tenant.put(old).await.unwrap();
    let kept = vec![
        log(1),
        consume("kept", 0),
        consume("gone", -1),
        consume("long gone", -60),
    ];
    tenant.put(kept).await.unwrap();
    twin.put(vec![Write::Log(event_at(day_ago, 1)), log(1)])
        .await
        .unwrap();
    for version in 2..12 {
        tenant
            .put(vec![Write::Insert(client(&version.to_string()))])
            .await
            .unwrap();
    }

    let border = NOW.plus_seconds(-3_600);
    let swept = world.store.sweep(NOW, border).await;
    assert_eq!(
        swept,
        Ok(Swept {
            expired: 0,
            assertions: 2,
            log_events: 1_204,
            changes: 0
        })
    );
    assert_eq!(tenant.log_count().await, Ok(1));
    assert_eq!(twin.log_count().await, Ok(1));
    assert_eq!(world.store.sweep(NOW, border).await, Ok(Swept::default()));

    // a version so high that the first changes are of no use any more
    let high = Statement::any(
        "UPDATE tenant SET version = version + 10000 - 7 WHERE tenant_id = $1",
        params!["ten_a"],
    );
    world.store.db().commit(vec![high]).await.unwrap();
    assert_eq!(world.store.sweep(NOW, border).await.unwrap().changes, 4);
    assert_eq!(
        tenant.changes_since(1).await.err(),
        Some(StoreError::TooOld)
    );
    let version = tenant.version().await.unwrap();
    assert_eq!(tenant.changes_since(version).await.unwrap().1.len(), 0);
}
