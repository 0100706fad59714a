//! What is looked for is found by an index: a list of one user's sessions must not read those of
//! everybody.

use cardea_core::id::{ClientId, TenantId, UserId};
use cardea_core::model::{ArtefactKind, Revoke};

use crate::artefacts::{FOUND_BY, revoke};
use crate::migrate::{MIGRATIONS, sqlite};

#[test]
fn protocol_state_is_found_by_its_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("indexes.db");
    sqlite(&path, MIGRATIONS).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let user = UserId::parse("auth0|1").unwrap();
    let client = ClientId::parse("app").unwrap();
    let kind = ArtefactKind::Session;
    let revocations = [
        (Revoke::Group("g".to_owned()), "artefact_group"),
        (Revoke::OfUser(kind, user, None), "artefact_user"),
        (Revoke::OfClient(kind, client), "artefact_client"),
    ];
    let tenant = TenantId::parse("ten_1").unwrap();
    let revocations = revocations
        .iter()
        .map(|(what, index)| (revoke(&tenant, what)[0].sql, *index));
    for (sql, index) in FOUND_BY.into_iter().chain(revocations) {
        let text = format!("EXPLAIN QUERY PLAN {}", sql.replace('$', "?"));
        let mut statement = connection.prepare(&text).unwrap();
        let rows = statement.raw_query();
        let steps = rows.mapped(|row| row.get::<_, String>("detail"));
        let steps: Vec<String> = steps.collect::<Result<_, _>>().unwrap();
        assert!(
            steps.iter().any(|step| step.contains(index)),
            "{sql}\n{index}: {steps:?}"
        );
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN")),
            "{sql}\n{steps:?}"
        );
    }
}
