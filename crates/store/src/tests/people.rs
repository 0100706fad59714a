//! Users and protocol state: every guard on both databases, and one winner of each race.

use cardea_core::id::{ApiIdentifier, ClientId, RoleId, UserId};
use cardea_core::model::{Artefact, ArtefactKind, Body, Permission, Revoke, User};
use cardea_core::write::{
    ArtefactQuery, Commit, Conflict, RoleUsersQuery, UserFind, UserOrder, UserQuery, UserWrite,
    Write,
};
use cardea_jose::{Secret, sha256};
use serde_json::{Map, json};

use super::both;
use super::world::{NOW, World};
use crate::{StoreError, TenantStore};

fn user(id: &str, email: &str) -> User {
    User {
        id: UserId::parse(id).unwrap(),
        connection: "db".to_owned(),
        email: Some(email.to_owned()),
        email_verified: true,
        username: None,
        phone_number: None,
        phone_verified: false,
        blocked: false,
        profile: json!({"name": "Jane Doe"}).as_object().unwrap().clone(),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        created_at: NOW,
        updated_at: NOW,
        last_login: None,
        logins_count: 0,
        last_password_reset: None,
        password: Some(Secret::new("canary-hash".to_owned())),
        revision: 1,
    }
}

fn artefact(kind: ArtefactKind, value: &str) -> Artefact {
    Artefact {
        kind,
        digest: sha256(value.as_bytes()),
        id: Some(format!("id-{value}")),
        group: Some("g".to_owned()),
        user: UserId::parse("auth0|1"),
        client: ClientId::parse("c"),
        created_at: NOW,
        expires_at: NOW.plus_seconds(60),
        consumed_at: None,
        revision: 1,
        body: Body::from_text(r#"{"a":1}"#.to_owned()),
    }
}

async fn commit(tenant: &TenantStore, write: Write) -> Result<(), StoreError> {
    let commit = Commit {
        decided_at: None,
        writes: vec![write],
    };
    tenant.commit(commit, NOW).await.map(drop)
}

fn conflict(outcome: Result<(), StoreError>) -> Conflict {
    match outcome {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

fn insert(user: User) -> Write {
    Write::User(UserWrite::Insert(Box::new(user)))
}

/// SESSION-07: what rests on the user as it was read. The user is at its second revision.
async fn same_is_guarded(tenant: &TenantStore, id: &UserId) {
    let nobody = UserId::parse("auth0|nobody").unwrap();
    let rows = [
        ("as it is", id, NOW, 2, true),
        ("as it still is", id, NOW, 2, true),
        ("changed since", id, NOW, 1, false),
        ("made anew since", id, NOW.plus_seconds(-1), 2, false),
        ("nobody", &nobody, NOW, 1, false),
    ];
    for (row, user, created_at, revision, holds) in rows {
        let same = Write::User(UserWrite::Same {
            user: user.clone(),
            created_at,
            revision,
        });
        let outcome = commit(tenant, same).await;
        if holds {
            outcome.unwrap_or_else(|error| panic!("{row}: {error:?}"));
        } else {
            assert_eq!(conflict(outcome), Conflict::UserMoved, "{row}");
        }
    }
}

async fn users_are_guarded(world: &World) {
    let tenant = world.tenant("a").await;
    commit(&tenant, insert(user("auth0|1", "Jane@Example.com")))
        .await
        .unwrap();
    // SIGNUP: the same address in other letters is the same address
    let again = commit(&tenant, insert(user("auth0|2", " jane@example.COM"))).await;
    assert_eq!(conflict(again), Conflict::UserExists);
    assert_eq!(
        conflict(commit(&tenant, insert(user("auth0|1", "x@y.z"))).await),
        Conflict::UserExists
    );

    let id = UserId::parse("auth0|1").unwrap();
    let mut read = tenant.user(&id).await.unwrap().unwrap();
    assert_eq!(read.email.as_deref(), Some("Jane@Example.com"));
    assert_eq!(read.password.as_ref().unwrap().expose(), "canary-hash");
    read.last_login = Some((NOW, "192.0.2.1".to_owned()));
    read.logins_count = 1;
    let update = |user: &User| Write::User(UserWrite::Update(Box::new(user.clone())));
    commit(&tenant, update(&read)).await.unwrap();
    assert_eq!(
        conflict(commit(&tenant, update(&read)).await),
        Conflict::UserMoved
    );
    same_is_guarded(&tenant, &id).await;
    let read = tenant.user(&id).await.unwrap().unwrap();
    assert_eq!(
        (read.revision, read.last_login),
        (2, Some((NOW, "192.0.2.1".to_owned())))
    );

    // a login counts; what it was not told to change stays
    let mut read = tenant.user(&id).await.unwrap().unwrap();
    read.logins_count = 2;
    read.last_login = Some((NOW, "192.0.2.2".to_owned()));
    let login = Write::User(UserWrite::Login(Box::new(User {
        password: None,
        blocked: true,
        ..read.clone()
    })));
    // SESSION-07: somebody else who was made under the same id meanwhile has this revision too
    let earlier = User {
        created_at: NOW.plus_seconds(-1),
        ..read.clone()
    };
    for write in [UserWrite::Login, UserWrite::Update] {
        let write = Write::User(write(Box::new(earlier.clone())));
        assert_eq!(conflict(commit(&tenant, write).await), Conflict::UserMoved);
    }
    commit(&tenant, login.clone()).await.unwrap();
    assert_eq!(conflict(commit(&tenant, login).await), Conflict::UserMoved);
    let stored = tenant.user(&id).await.unwrap().unwrap();
    read.revision += 1;
    assert_eq!(format!("{stored:?}"), format!("{read:?}"));
    let hash = |user: &User| user.password.as_ref().map(|hash| hash.expose().clone());
    assert_eq!(hash(&stored), hash(&read));

    commit(&tenant, insert(user("auth0|3", "sam@example.com")))
        .await
        .unwrap();
    let mut sam = tenant
        .user(&UserId::parse("auth0|3").unwrap())
        .await
        .unwrap()
        .unwrap();
    sam.email = Some("JANE@example.com".to_owned());
    assert_eq!(
        conflict(commit(&tenant, update(&sam)).await),
        Conflict::UserExists
    );

    let found = tenant
        .user_by_identifier(Some("db"), "jane@example.com")
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert!(
        tenant
            .user_by_identifier(Some("other"), "jane@example.com")
            .await
            .unwrap()
            .is_empty()
    );
    let nobody = tenant.user_by_identifier(None, "a\0b").await.unwrap();
    assert!(nobody.is_empty(), "PostgreSQL refuses the character");
    let twin = world.tenant("b").await;
    assert!(twin.user(&id).await.unwrap().is_none(), "TENANT-03");
    let dump = world.dump().await.join("\n");
    assert!(!dump.contains("canary-hash"), "CRYPTO-01");
}

async fn lists_are_ordered_and_counted(world: &World) {
    let tenant = world.tenant("a").await;
    for (n, email) in ["c@x", "a@x", "b@x"].into_iter().enumerate() {
        commit(&tenant, insert(user(&format!("auth0|{n}"), email)))
            .await
            .unwrap();
    }
    let query = |order, descending, skip| UserQuery {
        find: UserFind::All,
        order,
        descending,
        skip,
        take: 2,
    };
    let emails = |users: &[User]| -> Vec<String> {
        users
            .iter()
            .map(|user| user.email.clone().unwrap())
            .collect()
    };
    for (order, descending, skip, expected) in [
        (UserOrder::Email, false, 0, ["a@x", "b@x"].as_slice()),
        (UserOrder::Email, true, 0, &["c@x", "b@x"]),
        (UserOrder::Id, false, 2, &["b@x"]),
        (UserOrder::CreatedAt, true, 0, &["c@x", "a@x"]),
        (UserOrder::LastLogin, false, 0, &["c@x", "a@x"]),
        (UserOrder::LoginsCount, true, 0, &["c@x", "a@x"]),
        (UserOrder::UpdatedAt, true, 0, &["c@x", "a@x"]),
    ] {
        let (users, total) = tenant.users(&query(order, descending, skip)).await.unwrap();
        assert_eq!(
            (emails(&users).join(" "), total),
            (expected.join(" "), 3),
            "{order:?}"
        );
    }
    let role = RoleId::parse("rol_1").unwrap();
    let holder = UserId::parse("auth0|1").unwrap();
    let permission = Permission {
        api: ApiIdentifier::parse("https://api").unwrap(),
        name: "read:x".to_owned(),
    };
    for _ in 0..2 {
        commit(
            &tenant,
            Write::User(UserWrite::AddRole(holder.clone(), role.clone(), NOW)),
        )
        .await
        .unwrap();
        let add = UserWrite::AddPermission(holder.clone(), permission.clone());
        commit(&tenant, Write::User(add)).await.unwrap();
    }
    let facts = tenant.user_facts(&holder).await.unwrap().unwrap();
    assert_eq!(
        (facts.roles, facts.permissions),
        (vec![role.clone()], vec![permission])
    );
    let of_role = RoleUsersQuery {
        role: role.clone(),
        after: None,
        skip: 0,
        take: 10,
    };
    let (users, total) = tenant.role_users(&of_role).await.unwrap();
    assert_eq!((emails(&users), total), (vec!["a@x".to_owned()], 1));
    commit(&tenant, Write::User(UserWrite::Delete(holder.clone())))
        .await
        .unwrap();
    assert!(tenant.user_facts(&holder).await.unwrap().is_none());
    assert_eq!(tenant.role_users(&of_role).await.unwrap().1, 0);
}

async fn artefacts_are_guarded(world: &World) {
    let tenant = world.tenant("a").await;
    let code = artefact(ArtefactKind::Code, "code");
    commit(&tenant, Write::Put(code.clone())).await.unwrap();
    assert_eq!(
        conflict(commit(&tenant, Write::Put(code.clone())).await),
        Conflict::ArtefactExists(ArtefactKind::Code)
    );
    let read = tenant
        .artefact(ArtefactKind::Code, &code.digest)
        .await
        .unwrap();
    assert_eq!(read.as_ref(), Some(&code));
    assert_eq!(
        tenant
            .artefact_by_id(ArtefactKind::Code, "id-code")
            .await
            .unwrap(),
        read
    );
    let consume = |at| Write::Consume(ArtefactKind::Code, code.digest, at);
    let late = commit(&tenant, consume(code.expires_at)).await;
    assert_eq!(conflict(late), Conflict::Consumed(ArtefactKind::Code));
    commit(&tenant, consume(NOW)).await.unwrap();
    assert_eq!(
        conflict(commit(&tenant, consume(NOW)).await),
        Conflict::Consumed(ArtefactKind::Code)
    );

    let mut session = artefact(ArtefactKind::Session, "cookie");
    commit(&tenant, Write::Put(session.clone())).await.unwrap();
    session.body = Body::from_text(r#"{"a":2}"#.to_owned());
    commit(&tenant, Write::Replace(session.clone()))
        .await
        .unwrap();
    assert_eq!(
        conflict(commit(&tenant, Write::Replace(session)).await),
        Conflict::ArtefactMoved(ArtefactKind::Session)
    );
    // a consent that is taken back and given anew has its digest and its revision again
    for kind in [ArtefactKind::Consent, ArtefactKind::Family] {
        let now = artefact(kind, "consent");
        commit(&tenant, Write::Put(now.clone())).await.unwrap();
        let earlier = Artefact {
            created_at: NOW.plus_seconds(-1),
            ..now
        };
        assert_eq!(
            conflict(commit(&tenant, Write::Replace(earlier)).await),
            Conflict::ArtefactMoved(kind)
        );
        let one = Revoke::One(kind, now.digest);
        commit(&tenant, Write::Revoke(one)).await.unwrap();
    }

    for value in ["r1", "r2", "r3"] {
        commit(&tenant, Write::Put(artefact(ArtefactKind::Opaque, value)))
            .await
            .unwrap();
    }
    let mut query = ArtefactQuery {
        kind: ArtefactKind::Opaque,
        user: UserId::parse("auth0|1"),
        client: None,
        group: None,
        live_at: NOW,
        after: None,
        take: 2,
    };
    let first = tenant.artefacts(&query).await.unwrap();
    query.after = first.last().map(|last| (last.created_at, last.digest));
    let second = tenant.artefacts(&query).await.unwrap();
    assert_eq!((first.len(), second.len()), (2, 1));
    commit(&tenant, Write::Revoke(Revoke::Group("g".to_owned())))
        .await
        .unwrap();
    query.after = None;
    assert!(tenant.artefacts(&query).await.unwrap().is_empty());
    assert!(
        tenant
            .artefact(ArtefactKind::Code, &code.digest)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_code_has_one_winner(world: &World) {
    let tenant = world.tenant("a").await;
    for round in 0..20 {
        let code = artefact(ArtefactKind::Code, &format!("code {round}"));
        commit(&tenant, Write::Put(code.clone())).await.unwrap();
        let tries = (0..8).map(|_| {
            let tenant = tenant.clone();
            tokio::spawn(async move {
                commit(
                    &tenant,
                    Write::Consume(ArtefactKind::Code, code.digest, NOW),
                )
                .await
                .is_ok()
            })
        });
        let mut winners = 0;
        for attempt in tries.collect::<Vec<_>>() {
            winners += usize::from(attempt.await.unwrap());
        }
        assert_eq!(winners, 1);
    }
}

both!(
    users_are_guarded,
    lists_are_ordered_and_counted,
    artefacts_are_guarded,
    a_code_has_one_winner,
);
