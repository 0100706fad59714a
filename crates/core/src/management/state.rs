//! Lists of protocol state, from a checkpoint on: when it was made, then by digest.

use cardea_jose::b64;
use serde_json::Value;

use super::call::{Call, Reply};
use super::error::ApiError;
use super::paging;
use super::stored::Question;
use super::validate::Params;
use crate::id::{ClientId, UserId};
use crate::model::{Artefact, ArtefactKind};
use crate::protocol::body::Damaged;
use crate::time::Timestamp;
use crate::write::ArtefactQuery;

/// How much of a list one operation looks at.
pub(super) const SCAN: i64 = 1000;

/// Everything live of a kind that belongs to a user or an application.
pub(super) fn all(
    call: &Call<'_>,
    kind: ArtefactKind,
    user: Option<UserId>,
    client: Option<ClientId>,
) -> ArtefactQuery {
    ArtefactQuery {
        kind,
        user,
        client,
        group: None,
        live_at: call.now,
        after: None,
        take: SCAN,
    }
}

/// The page that `from` and `take` ask for.
pub(super) fn page_question(
    call: &Call<'_>,
    params: &Params,
    key: &str,
    mut query: ArtefactQuery,
) -> Result<Question, ApiError> {
    let invalid = || ApiError::query("Invalid value for checkpoint", "from");
    if let Some((at, digest)) = paging::after(call, params, key)? {
        let digest = b64::decode(&digest).map_err(|_| invalid())?;
        let digest = digest.try_into().map_err(|_| invalid())?;
        query.after = Some((Timestamp::from_millis(at), digest));
    }
    // one more says whether there is a next page
    query.take = paging::take(params).saturating_add(1);
    Ok(Question::Artefacts(query))
}

/// The page.
pub(super) fn page(
    call: &Call<'_>,
    params: &Params,
    key: &str,
    found: &[Artefact],
    show: impl Fn(&Artefact) -> Result<Value, ApiError>,
) -> Result<Reply, ApiError> {
    let limit = usize::try_from(paging::take(params)).unwrap_or(usize::MAX);
    let last = found
        .get(limit)
        .and_then(|_| found.get(limit.saturating_sub(1)));
    let next = last.map(|last| {
        let digest = b64::encode(&last.digest);
        paging::cursor(call, key, (last.created_at.millis(), &digest))
    });
    let shown: Result<Vec<Value>, ApiError> = found.iter().take(limit).map(show).collect();
    Ok(Reply::ok(paging::checkpoint_body(key, shown?, next)))
}

/// What was asked for by its id, if it is still good.
pub(super) fn live(
    call: &Call<'_>,
    found: Option<Artefact>,
    missing: fn() -> ApiError,
) -> Result<Artefact, ApiError> {
    found
        .filter(|found| found.is_live(call.now))
        .ok_or_else(missing)
}

/// Stored state that does not say what it must: this side's fault.
pub(super) fn damaged(_: Damaged) -> ApiError {
    ApiError::internal()
}
