//! Mails wait sealed, are taken by one node at a time, and stay until they are forgotten.

use cardea_core::model::Mail;
use cardea_core::write::{Conflict, Write};
use cardea_jose::Secret;
use futures_util::future::join_all;

use super::both;
use super::world::{NOW, World, client, tenant_id};
use crate::StoreError;

both!(
    a_mail_waits_until_it_is_forgotten,
    a_mail_rides_on_its_commit_or_not_at_all,
    of_eight_who_come_for_a_mail_one_takes_it,
);

fn mail(id: &str) -> Mail {
    Mail {
        id: id.to_owned(),
        letter: Secret::new(format!("canary-link of {id}")),
        created_at: NOW,
        expires_at: NOW.plus_seconds(3_600),
    }
}

async fn a_mail_waits_until_it_is_forgotten(world: &World) {
    let _ = world.tenant("b").await;
    let tenant = world.tenant("a").await;
    let writes = vec![Write::Mail(mail("first")), Write::Mail(mail("second"))];
    tenant.put(writes).await.unwrap();

    let due = world.store.due_mails(NOW, 10).await.unwrap();
    let found: Vec<_> = due
        .iter()
        .map(|due| (due.tenant.as_str(), due.mail.id.as_str(), due.tries))
        .collect();
    let a = tenant_id("a");
    assert_eq!(found, [(a.as_str(), "first", 0), (a.as_str(), "second", 0)]);
    let letter = due[0].mail.letter.expose().as_str();
    assert_eq!(letter, "canary-link of first");
    assert_eq!(due[0].mail.expires_at, NOW.plus_seconds(3_600));

    // one is put off, the other sent: later there is one, tried once
    let later = NOW.plus_seconds(60);
    assert_eq!(world.store.take_mail(&due[0], later).await, Ok(true));
    assert_eq!(world.store.take_mail(&due[0], later).await, Ok(false));
    world.store.forget_mail(&due[1]).await.unwrap();
    world.store.forget_mail(&due[1]).await.unwrap();
    assert!(world.store.due_mails(NOW, 10).await.unwrap().is_empty());
    let due = world.store.due_mails(later, 10).await.unwrap();
    assert_eq!((due.len(), due[0].tries), (1, 1));
    assert_eq!(due[0].mail.id, "first");

    // long after its time it goes with the rest
    let swept = world.store.sweep(NOW.plus_seconds(80_000), NOW).await;
    assert_eq!(swept.unwrap().expired, 0);
    // another start finds it too
    let restarted = world.node().await;
    let due = restarted.due_mails(later, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    restarted.close().await;

    let swept = world.store.sweep(NOW.plus_seconds(100_000), NOW).await;
    assert_eq!(swept.unwrap().expired, 1);
    tenant.put(vec![Write::Mail(mail("third"))]).await.unwrap();
    world.store.reset_tenant(&a, Vec::new()).await.unwrap();
    assert!(world.store.due_mails(later, 10).await.unwrap().is_empty());
}

async fn a_mail_rides_on_its_commit_or_not_at_all(world: &World) {
    let tenant = world.tenant("a").await;
    let insert = |id| vec![Write::Insert(client("app")), Write::Mail(mail(id))];
    tenant.put(insert("told")).await.unwrap();
    let refused = tenant.put(insert("not told")).await;
    let exists = Conflict::Exists(cardea_core::model::Kind::Client);
    assert_eq!(refused.map(drop), Err(StoreError::Conflict(exists)));
    let due = world.store.due_mails(NOW, 10).await.unwrap();
    assert_eq!((due.len(), due[0].mail.id.as_str()), (1, "told"));
}

async fn of_eight_who_come_for_a_mail_one_takes_it(world: &World) {
    let tenant = world.tenant("a").await;
    let nodes = [world.store.clone(), world.node().await];
    for round in 0..8 {
        let id = round.to_string();
        tenant.put(vec![Write::Mail(mail(&id))]).await.unwrap();
        let tries = (0..8).zip(nodes.iter().cycle()).map(|(_, node)| {
            let node = node.clone();
            tokio::spawn(async move {
                let due = node.due_mails(NOW, 1).await.unwrap();
                match due.first() {
                    Some(due) => node.take_mail(due, NOW.plus_seconds(60)).await.unwrap(),
                    None => false,
                }
            })
        });
        let taken = join_all(tries).await;
        let taken = taken.into_iter().filter(|taken| *taken.as_ref().unwrap());
        assert_eq!(taken.count(), 1, "round {round}");
    }
    nodes[1].close().await;
}
