//! Attempts are counted once, whoever counts, and forgotten in time.

use std::sync::Arc;

use cardea_core::protocol::attempts::{About, Counter};
use cardea_core::write::Write;

use super::both;
use super::groups::{finish, queue};
use super::world::{NOW, World, log};
use crate::StoreError;
use crate::db::DatabaseKind;

pub(super) fn counter(most: i64, window_s: i64, leak_s: i64) -> Counter {
    Counter {
        key: cardea_jose::sha256(format!("{most} {window_s} {leak_s}").as_bytes()),
        most,
        window_s,
        leak_s,
        about: Some(About {
            identifier: "jane@example.com".to_owned(),
            connection: "db".to_owned(),
            ip: "192.0.2.1".to_owned(),
        }),
    }
}

/// PASSWORD-07, -11 and -12: forty at once, and ten go through.
async fn of_forty_at_once_ten_go_through(world: &World) {
    let tenant = Arc::new(world.tenant("a").await);
    let counter = counter(10, 3600, 1_000_000);
    let tries = (0..40).map(|_| {
        let (tenant, counter) = (Arc::clone(&tenant), counter.clone());
        tokio::spawn(async move { tenant.take_attempt(&counter, NOW).await.unwrap() })
    });
    let mut through = 0;
    for attempt in tries.collect::<Vec<_>>() {
        through += i32::from(!attempt.await.unwrap().blocked);
    }
    assert_eq!(through, 10);
    let listed = tenant
        .login_failures("jane@example.com", NOW)
        .await
        .unwrap();
    assert_eq!((listed.len(), listed[0].count), (1, 10));
}

/// A block is not made longer by going on, and ends.
async fn a_block_ends_although_somebody_goes_on(world: &World) {
    let tenant = world.tenant("a").await;
    let counter = counter(2, 60, 1_000_000);
    let at = |seconds| NOW.plus_seconds(seconds);
    for (seconds, blocked) in [
        (0, false),
        (10, false),
        (20, true),
        (69, true),
        (70, false),
        (71, false),
        (72, true),
    ] {
        let expected = tenant.would_take(&counter, at(seconds)).await.unwrap();
        let attempt = tenant.take_attempt(&counter, at(seconds)).await.unwrap();
        assert_eq!(attempt.blocked, blocked, "{seconds}");
        assert_eq!(expected, attempt, "{seconds}");
    }
}

/// PASSWORD-10: when the day's attempts are gone, one more comes every quarter of an hour.
async fn a_full_count_runs_down(world: &World) {
    let tenant = world.tenant("a").await;
    let counter = counter(3, 86_400, 900);
    let at = |seconds| NOW.plus_seconds(seconds);
    for (seconds, blocked) in [
        (0, false),
        (1, false),
        (2, false),
        (3, true),
        (899, true),
        (900, false),
        (901, true),
        (1799, true),
        (1800, false),
        (1801, true),
        (3700, false),
        (3701, false),
        (3702, true),
        (8100, false),
        (8101, false),
        (8102, false),
        (8103, true),
    ] {
        let expected = tenant.would_take(&counter, at(seconds)).await.unwrap();
        let attempt = tenant.take_attempt(&counter, at(seconds)).await.unwrap();
        assert_eq!(attempt.blocked, blocked, "{seconds}");
        assert_eq!(expected.blocked, blocked, "{seconds}");
    }
}

async fn the_right_password_takes_its_count_back(world: &World) {
    let tenant = world.tenant("a").await;
    let (account, address) = (counter(3, 60, 1_000_000), counter(2, 60, 1_000_000));
    for _ in 0..2 {
        tenant.take_attempt(&account, NOW).await.unwrap();
        tenant.take_attempt(&address, NOW).await.unwrap();
    }
    tenant.take_back(&[account.key], &[address.key]).unwrap();
    // what is queued comes before what is asked next
    assert_eq!(tenant.take_attempt(&account, NOW).await.unwrap().count, 1);
    assert_eq!(tenant.take_attempt(&address, NOW).await.unwrap().count, 2);
    assert!(tenant.take_attempt(&address, NOW).await.unwrap().blocked);
}

/// A block is lifted by the name of whom it is about: at every address, and nobody else's.
async fn what_is_forgotten_by_name_begins_anew(world: &World) {
    let tenant = world.tenant("a").await;
    let named = |most: i64, identifier: &str| {
        let mut counter = counter(most, 3600, 1_000_000);
        let about = counter.about.as_mut().unwrap();
        about.identifier = identifier.to_owned();
        about.ip = format!("192.0.2.{most}");
        counter
    };
    let counters = [
        (named(1, "jane@example.com"), false),
        (named(2, "jane@example.com"), false),
        (named(3, "joe@example.com"), true),
    ];
    for (counter, _) in &counters {
        for _ in 0..counter.most {
            tenant.take_attempt(counter, NOW).await.unwrap();
        }
    }
    let forgotten = vec!["jane@example.com".to_owned()];
    let writes = vec![Write::ForgetFailures(forgotten)];
    tenant.put(writes).await.unwrap();
    for (counter, blocked) in &counters {
        let next = tenant.take_attempt(counter, NOW).await.unwrap();
        assert_eq!(next.blocked, *blocked, "{}", counter.most);
    }
}

/// What is unhurried waits for somebody's commit, for who hurries, or for the end; and of forty, ten
/// go through (PASSWORD-11, -12).
async fn the_unhurried_are_counted_with_others(world: &World) {
    let tenant = world.tenant("a").await;
    let node = world.node().await;
    for (way, key) in ["somebody commits", "somebody hurries", "the end"]
        .into_iter()
        .zip(10..)
    {
        let store = if way == "the end" {
            node.tenant(&tenant.id)
        } else {
            tenant.clone()
        };
        let counter = counter(key, 3600, 1_000_000);
        let (store, counter) = (&store, &counter);
        let waiting = queue((0..40).map(|_| store.take_attempt_unhurried(counter, NOW))).await;
        if world.store.kind() == DatabaseKind::Sqlite {
            let next = tenant.would_take(counter, NOW).await.unwrap();
            assert_eq!(next.count, 1, "none is counted yet: {way}");
        }
        match way {
            "somebody commits" => drop(store.put(vec![log(1)]).await.unwrap()),
            "somebody hurries" => store.hurry().unwrap(),
            _ => node.close().await,
        }
        let attempts = finish(waiting).await;
        let through = attempts
            .iter()
            .filter(|attempt| !attempt.as_ref().unwrap().blocked);
        assert_eq!(i64::try_from(through.count()), Ok(key), "{way}");
    }
    let counter = counter(3, 60, 1_000_000);
    let node = node.tenant(&tenant.id);
    let late = node.take_attempt_unhurried(&counter, NOW).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    let late = node.take_back(&[counter.key], &[]);
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    // nothing waits any more
    tenant.hurry().unwrap();
    // so many that waiting saves nothing more
    let crowd = queue((0..64).map(|_| tenant.take_attempt_unhurried(&counter, NOW))).await;
    assert_eq!(finish(crowd).await.len(), 64);
}

both!(
    of_forty_at_once_ten_go_through,
    a_block_ends_although_somebody_goes_on,
    a_full_count_runs_down,
    the_right_password_takes_its_count_back,
    what_is_forgotten_by_name_begins_anew,
    the_unhurried_are_counted_with_others,
);
