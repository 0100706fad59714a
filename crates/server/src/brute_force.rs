//! Brute-force protection: what is counted, refused and told (security section 7).

use cardea_core::model::{EventType, EventUser, User};
use cardea_core::protocol::attempts::{Attacker, Counter, Protection, Shield};
use cardea_core::protocol::tickets::{self, NewTicket, Purpose};
use cardea_core::time::Timestamp;
use cardea_core::write::Commit;
use cardea_store::{StoreError, TenantStore};

use crate::app::App;
use crate::fault::Fault;
use crate::guard::At;
use crate::mail::{Kind, Letter};
use crate::password::said::{Said, called, known};
use crate::peer::IpRange;

/// Why a password is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMany {
    /// Too many wrong ones for this account: `limit_wc`.
    Account,
    /// Too many wrong ones from this address: `limit_mu`.
    Address,
}

impl TooMany {
    /// The sentence of the token endpoint (auth-semantics 8.1); the error is `too_many_attempts`,
    /// 429.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Account => {
                "Your account has been blocked after multiple consecutive login attempts. We've \
                 sent you a notification via your preferred contact method with instructions on \
                 how to unblock it."
            }
            Self::Address => {
                "We have detected suspicious login behavior and further attempts will be blocked. \
                 Please contact the administrator."
            }
        }
    }
}

/// Counts an attempt before its password is looked at. `Some`: it must not be. It is unhurried:
/// who has nothing else to wait for says so to the store.
pub(crate) async fn before(
    app: &App,
    at: &At,
    attacker: &Attacker<'_>,
    protection: &Protection,
    now: Timestamp,
) -> Result<Option<TooMany>, Fault> {
    let store = &at.tenant.store;
    let account = on(&protection.account, attacker).then(|| attacker.account(protection));
    let address = on(&protection.address, attacker).then(|| attacker.address(protection));
    let everywhere = account.as_ref().map(|_| attacker.everywhere());
    // they share one commit
    let (of_account, of_address, of_all) = tokio::join!(
        count(store, account.as_ref(), now),
        count(store, address.as_ref(), now),
        would_take(store, everywhere.as_ref(), now),
    );
    let (of_account, of_address, of_all) = (of_account?, of_address?, of_all?);
    let far = of_all && !attacker.is_known_here();
    if of_account || far {
        // what was refused for the account's sake does not count against the address as well
        store.take_back(&[], &keys(address.as_ref().filter(|_| !of_address)))?;
        tell_aside(app, at, attacker, (TooMany::Account, protection));
        return Ok(protection.account.blocks.then_some(TooMany::Account));
    }
    if of_address {
        tell_aside(app, at, attacker, (TooMany::Address, protection));
        return Ok(protection.address.blocks.then_some(TooMany::Address));
    }
    Ok(None)
}

/// The password was right, or was not looked at: the account's count begins anew, and the
/// address's is what it was (attack PASSWORD-10: logging in to one's own account in between does
/// not help).
pub(crate) fn take_back(
    store: &TenantStore,
    attacker: &Attacker<'_>,
    protection: &Protection,
) -> Result<(), StoreError> {
    let account = on(&protection.account, attacker).then(|| attacker.account(protection));
    let address = on(&protection.address, attacker).then(|| attacker.address(protection));
    store.take_back(&keys(account.as_ref()), &keys(address.as_ref()))
}

/// The password was wrong: it counts against the account from everywhere, too.
pub(crate) async fn wrong(
    store: &TenantStore,
    attacker: &Attacker<'_>,
    protection: &Protection,
    now: Timestamp,
) -> Result<(), StoreError> {
    if on(&protection.account, attacker) {
        store.take_attempt(&attacker.everywhere(), now).await?;
    }
    Ok(())
}

/// Whether there is room for one more: for sign-ups and mails. `dev` counts none of these.
pub(crate) async fn has_room(
    app: &App,
    store: &TenantStore,
    counter: &Counter,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !app.limits.is_enforced() {
        return Ok(true);
    }
    Ok(!store.take_attempt(counter, now).await?.blocked)
}

fn on(shield: &Shield, attacker: &Attacker<'_>) -> bool {
    let listed = |range: &String| {
        let range = range.parse::<IpRange>();
        range.is_ok_and(|range| range.contains(attacker.ip))
    };
    shield.enabled && !shield.allowlist.iter().any(listed)
}

fn keys(counter: Option<&Counter>) -> Vec<[u8; 32]> {
    counter.map(|counter| counter.key).into_iter().collect()
}

async fn count(
    store: &TenantStore,
    counter: Option<&Counter>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match counter {
        None => Ok(false),
        Some(counter) => Ok(store.take_attempt_unhurried(counter, now).await?.blocked),
    }
}

async fn would_take(
    store: &TenantStore,
    counter: Option<&Counter>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match counter {
        None => Ok(false),
        Some(counter) => Ok(store.would_take(counter, now).await?.blocked),
    }
}

/// Records the block, and tells the user with a link that lifts it: once an hour at most. It is
/// done aside, since it takes longer for somebody than for nobody.
fn tell_aside(
    app: &App,
    at: &At,
    attacker: &Attacker<'_>,
    (which, protection): (TooMany, &Protection),
) {
    let at = at.clone();
    let counter = match which {
        TooMany::Account => attacker.notice(),
        TooMany::Address => attacker.address_notice(),
    };
    let user = attacker.user.cloned();
    let name = called(Some(attacker.identifier), attacker.connection);
    let blocks = match which {
        TooMany::Account => protection.account.blocks,
        TooMany::Address => protection.address.blocks,
    };
    let mails = protection.notifies && which == TooMany::Account;
    app.do_aside(move |app| async move {
        let told = tell(&app, &at, (which, blocks), &counter, (user, name, mails));
        if let Err(fault) = told.await {
            fault.report();
        }
    });
}

async fn tell(
    app: &App,
    at: &At,
    (which, blocks): (TooMany, bool),
    counter: &Counter,
    (user, name, mails): (Option<User>, EventUser, bool),
) -> Result<(), Fault> {
    let now = app.clock.now();
    let store = &at.tenant.store;
    if store.take_attempt(counter, now).await?.blocked {
        return Ok(());
    }
    let event = match which {
        TooMany::Account => EventType::AccountLimited,
        TooMany::Address => EventType::AddressLimited,
    };
    let text = if blocks {
        which.text().to_owned()
    } else {
        format!("Monitoring: {}", which.text())
    };
    let named = user.as_ref().map_or(name, known);
    let mut writes = vec![Said::default().event((app, at, now), (event, text), named)];
    let mut outgoing = None;
    if let Some(user) = user.filter(|_| mails && blocks)
        && let Some(to) = user.email.as_deref()
    {
        let new = NewTicket::mailed(Purpose::Unblock, &user, None);
        let made = app
            .random
            .with(|random| tickets::make(new, &at.issuer, now, random));
        writes.extend(made.writes);
        let view = &at.tenant.loaded().view;
        let letter = Letter::new(Kind::Blocked, to, view).link(made.link);
        let letter = app.mail.write(&letter);
        writes.extend(letter.write());
        outgoing = Some(letter);
    }
    let commit = Commit {
        decided_at: None,
        writes,
    };
    store.commit(commit, now).await?;
    if let Some(outgoing) = outgoing {
        app.mail.committed(outgoing);
    }
    Ok(())
}
