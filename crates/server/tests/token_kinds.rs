//! Everything that Cardea hands out, brought to every door: it opens those it is meant for, and
//! no other. Not in another tenant, not for another client, not once it has expired, not when
//! its key was revoked, and not without a signature.
//!
//! One generated test of [`Kind`]s × [`Door`]s × [`Twist`]s; the table is [`opens`]. Attack rows
//! AUTHZ-13, JWT-17, JWT-18, JWT-19, JWT-20, LOGOUT-03, SESSION-11, SESSION-18.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "token_kinds/doors.rs"]
mod doors;
#[path = "token_kinds/kinds.rs"]
mod kinds;

use cardea_core::model::Profile;
use cardea_testkit::HOST;

use doors::{Door, Seen};
use kinds::{Kind, Place};

/// Which kind opens which door. Everything else stays shut.
const fn opens(kind: Kind, door: Door) -> bool {
    match door {
        Door::Userinfo => matches!(kind, Kind::OpaqueToken | Kind::ApiToken),
        Door::ManagementApi => matches!(kind, Kind::ManagementToken),
        Door::HealthApi => matches!(
            kind,
            Kind::ApiToken | Kind::ApiTokenWithoutProfile | Kind::MachineToken
        ),
        // asked by the application that they were given to
        Door::Introspection => matches!(
            kind,
            Kind::OpaqueToken
                | Kind::ApiToken
                | Kind::ApiTokenWithoutProfile
                | Kind::OtherApiToken
                | Kind::MachineToken
                | Kind::RefreshToken
        ),
        // a JWT lives until it expires
        Door::Revocation => matches!(kind, Kind::OpaqueToken | Kind::RefreshToken),
        Door::CodeGrant => matches!(kind, Kind::Code),
        Door::RefreshGrant => matches!(kind, Kind::RefreshToken),
        Door::DeviceGrant => matches!(kind, Kind::DeviceCode),
        Door::Assertion => matches!(kind, Kind::ClientAssertion),
        Door::LogoutHint | Door::LoginHint => matches!(kind, Kind::IdToken),
        Door::SessionCookie => matches!(kind, Kind::SessionCookie),
        Door::LoginPage => matches!(kind, Kind::LoginHandle),
        Door::ActivatePage => matches!(kind, Kind::UserCode),
        Door::ResetPage => matches!(kind, Kind::ResetTicket),
        Door::VerifyPage => matches!(kind, Kind::VerifyTicket),
    }
}

/// What is done to it on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twist {
    /// At the host of another tenant.
    OtherTenant,
    /// With the credentials of another client.
    OtherClient,
    /// Long after.
    Expired,
    /// Its header says `none`, and the signature is gone.
    AlgNone,
    /// Every signing key was revoked in the meantime.
    RevokedKey,
}

impl Twist {
    const ALL: [Self; 5] = [
        Self::OtherTenant,
        Self::OtherClient,
        Self::Expired,
        Self::AlgNone,
        Self::RevokedKey,
    ];

    /// Whether this cell is a case at all.
    const fn matters(self, kind: Kind, door: Door) -> bool {
        match self {
            Self::OtherTenant => true,
            Self::OtherClient => door.asks_who_calls(),
            // OIDC RP-Initiated Logout 2: a hint may have expired, it names a user and no more;
            // and to end what has ended does no harm
            Self::Expired => !matches!(door, Door::LogoutHint | Door::LoginHint | Door::Revocation),
            Self::AlgNone => kind.is_jwt(),
            Self::RevokedKey => kind.is_signed_by_tenant(),
        }
    }
}

#[tokio::test]
async fn each_opens_its_own_doors_in_compat() {
    matrix(Profile::Compat).await;
}

#[tokio::test]
async fn each_opens_its_own_doors_in_strict() {
    matrix(Profile::Strict).await;
}

async fn matrix(profile: Profile) {
    let place = Place::new(profile).await;
    let mut cells = 0;
    for kind in Kind::ALL {
        // the same one is refused everywhere, and that does it no harm
        let first = place.make(kind).await;
        for door in Door::ALL.into_iter().filter(|door| !opens(kind, *door)) {
            let seen = door.knock(&place, &first, &place.caller()).await;
            assert_eq!(seen, Seen::Refused, "{profile:?}: {kind:?} at {door:?}");
            cells += 1;
        }
        let mut next = Some(first);
        for door in Door::ALL.into_iter().filter(|door| opens(kind, *door)) {
            let made = match next.take() {
                Some(first) => first,
                None => place.make(kind).await,
            };
            let seen = door.knock(&place, &made, &place.caller()).await;
            assert_eq!(seen, Seen::Opened, "{profile:?}: {kind:?} at {door:?}");
            cells += 1;
        }
    }
    assert_eq!(cells, Kind::ALL.len() * Door::ALL.len());
}

#[tokio::test]
async fn twisted_they_open_nothing_in_compat() {
    twisted(Profile::Compat).await;
}

#[tokio::test]
async fn twisted_they_open_nothing_in_strict() {
    twisted(Profile::Strict).await;
}

async fn twisted(profile: Profile) {
    for twist in Twist::ALL {
        let place = Place::new(profile).await;
        let mut made = Vec::new();
        for kind in Kind::ALL {
            made.push((kind, place.make(kind).await));
        }
        let mut caller = place.caller();
        match twist {
            Twist::OtherTenant => "other.example".clone_into(&mut caller.host),
            Twist::OtherClient => caller.client = place.stranger.clone(),
            Twist::Expired => {
                let _ = place.health.world.clock.advance(60 * 86_400);
            }
            Twist::AlgNone => {}
            Twist::RevokedKey => place.revoke_keys().await,
        }
        for (kind, value) in made {
            let value = if twist == Twist::AlgNone && kind.is_jwt() {
                kinds::unsigned(&value)
            } else {
                value
            };
            for door in Door::ALL {
                if twist.matters(kind, door) {
                    let seen = door.knock(&place, &value, &caller).await;
                    assert_eq!(
                        seen,
                        Seen::Refused,
                        "{profile:?}: {kind:?}, {twist:?}, at {door:?} of {HOST}"
                    );
                }
            }
        }
    }
}
