//! Each requested scope once, with its rule and its verdict: never more than the API defines, the
//! client grant gives and the user holds (AUTHZ-48, CVE-2024-52287).

use serde_json::json;

use super::{Asked, Flow, Site, resolve};
use crate::model::Profile;
use crate::protocol::authorize::tests::world::{API, ISSUER, World};
use crate::protocol::refusal::Refusal;
use crate::protocol::trace::{Subject, Trace, Verdict};

use Verdict::{Dropped, Granted};

type Prepare = fn(&mut World);
type Steps = &'static [(&'static str, &'static str, Verdict)];

const WEB: Flow = Flow::Authorize { code: true };
const FRONT: Flow = Flow::Authorize { code: false };

struct Found {
    scopes: String,
    permissions: Option<String>,
    steps: Vec<(String, &'static str, Verdict)>,
}

fn ask(world: &World, flow: Flow, scope: &str, audience: &str) -> Result<Found, Refusal> {
    let tenant = world.tenant();
    let issuer = World::issuer();
    let site = Site {
        tenant: &tenant,
        issuer: &issuer,
    };
    let client = &tenant.clients.values().next().unwrap().parsed;
    let asked = Asked {
        scope: Some(scope),
        audience: Some(audience).filter(|audience| !audience.is_empty()),
        resources: &[],
        flow,
    };
    let mut trace = Trace::default();
    let resolved = resolve(&asked, client, site, &world.user, &mut trace)?;
    let steps = trace.steps().iter().filter_map(|step| match &step.subject {
        Subject::Scope(scope) => Some((scope.to_string(), step.rule.id(), step.verdict)),
        Subject::Request
        | Subject::Client(_)
        | Subject::Audience(_)
        | Subject::User(_)
        | Subject::Claim(_) => None,
    });
    Ok(Found {
        steps: steps.collect(),
        scopes: resolved.scopes.to_string(),
        permissions: resolved.permissions.map(|all| all.to_string()),
    })
}

const READ: &str = "read:patients";
const WRITE: &str = "write:patients";

/// What is prepared, flow, what is asked, for which API, each scope with its fate.
#[rustfmt::skip]
const ROWS: &[(Prepare, Flow, &str, &str, Steps)] = &[
    (|_| {}, WEB, "", API, &[]),
    (|_| {}, WEB, "read:patients openid", API, &[
        (READ, "A0-scope-rbac-intersect", Granted), ("openid", "OIDC-5.4-standard-scope", Granted)]),
    (|_| {}, WEB, "write:patients read:patients", API, &[
        (WRITE, "A0-scope-rbac-intersect", Dropped), (READ, "A0-scope-rbac-intersect", Granted)]),
    (|_| {}, WEB, "read:moon", API, &[("read:moon", "A0-scope-undefined", Dropped)]),
    (|w| { w.set_api("enforce_policies", json!(false)); }, WEB, "write:patients", API, &[
        (WRITE, "A0-scope-rbac-off", Granted)]),
    // a permission of another API is none here; a direct one is
    (|w| { w.user.permissions[0].api = crate::id::ApiIdentifier::parse(API).unwrap(); }, WEB, "write:patients", API, &[
        (WRITE, "A0-scope-rbac-intersect", Granted)]),
    (|w| w.user.roles.clear(), WEB, "read:patients", API, &[(READ, "A0-scope-rbac-intersect", Dropped)]),
    // T22
    (|_| {}, WEB, "offline_access", API, &[("offline_access", "A0-offline-access", Granted)]),
    (|_| {}, Flow::Device, "offline_access", API, &[("offline_access", "A0-offline-access", Granted)]),
    (|w| { w.set_api("allow_offline_access", json!(false)); }, WEB, "offline_access", API, &[("offline_access", "A0-offline-access", Dropped)]),
    (|w| { w.set("grant_types", json!(["authorization_code"])); }, WEB, "offline_access", API, &[("offline_access", "A0-offline-access", Dropped)]),
    // T23
    (|_| {}, FRONT, "offline_access", API, &[("offline_access", "A0-offline-access", Dropped)]),
    (|_| {}, WEB, "offline_access", "", &[("offline_access", "A0-offline-access", Granted)]),
    // T10: without an API, standard scopes alone
    (|_| {}, WEB, "openid email read:patients", "", &[
        ("openid", "OIDC-5.4-standard-scope", Granted), ("email", "OIDC-5.4-standard-scope", Granted), (READ, "A0-scope-undefined", Dropped)]),
    (|_| {}, WEB, "openid", "https://login.example/userinfo", &[("openid", "OIDC-5.4-standard-scope", Granted)]),
    // T11
    (|w| { w.set_tenant("default_audience", json!(API)); }, WEB, "read:patients", "", &[(READ, "A0-scope-rbac-intersect", Granted)]),
    // T3
    (|_| {}, Flow::Password, "", API, &[
        ("openid", "A0-password-all-scopes", Granted), ("profile", "A0-password-all-scopes", Granted), ("email", "A0-password-all-scopes", Granted),
        ("address", "A0-password-all-scopes", Granted), ("phone", "A0-password-all-scopes", Granted),
        (READ, "A0-password-all-scopes", Granted), (WRITE, "A0-password-all-scopes", Dropped), ("read:admin", "A0-password-all-scopes", Granted)]),
    (|_| {}, Flow::Password, "openid profile", API, &[
        ("openid", "OIDC-5.4-standard-scope", Granted), ("profile", "OIDC-5.4-standard-scope", Granted),
        (READ, "A0-password-all-scopes", Granted), (WRITE, "A0-password-all-scopes", Dropped), ("read:admin", "A0-password-all-scopes", Granted)]),
    (|_| {}, Flow::Password, "read:admin", API, &[("read:admin", "A0-scope-rbac-intersect", Granted)]),
    (|_| {}, Flow::Password, "openid", "", &[
        ("openid", "OIDC-5.4-standard-scope", Granted), ("profile", "A0-password-all-scopes", Granted), ("email", "A0-password-all-scopes", Granted),
        ("address", "A0-password-all-scopes", Granted), ("phone", "A0-password-all-scopes", Granted)]),
    (|w| { grant(w, &[READ]); w.set_api("subject_type_authorization", json!({"user": {"policy": "require_client_grant"}})); }, Flow::Password, "openid email", API, &[
        ("openid", "OIDC-5.4-standard-scope", Granted), ("email", "OIDC-5.4-standard-scope", Granted)]),
    // client grants for users
    (|w| { grant(w, &[READ]); w.set_api("subject_type_authorization", json!({"user": {"policy": "require_client_grant"}})); }, WEB, "read:patients read:admin", API, &[
        (READ, "A0-scope-rbac-intersect", Granted), ("read:admin", "A0-user-grant-scope", Dropped)]),
    (|w| { grant(w, &[]); w.set_api("subject_type_authorization", json!({"user": {"policy": "require_client_grant"}})); w.others.last_mut().unwrap().body.insert("allow_all_scopes".into(), json!(true)); }, WEB, "read:admin", API, &[
        ("read:admin", "A0-scope-rbac-intersect", Granted)]),
    // a grant that nobody needs takes nothing away
    (|w| grant(w, &[]), WEB, "read:admin", API, &[("read:admin", "A0-scope-rbac-intersect", Granted)]),
    (|w| { w.third_party("permissive", "allow_always"); }, WEB, "openid read:patients read:admin", API, &[
        ("openid", "OIDC-5.4-standard-scope", Granted), (READ, "A0-scope-rbac-intersect", Granted), ("read:admin", "A0-user-grant-scope", Dropped)]),
    // T37
    (|w| { w.third_party("strict", "allow_always"); }, WEB, "openid profile read:patients offline_access", API, &[
        ("openid", "A0-third-party-no-identity", Dropped), ("profile", "A0-third-party-no-identity", Dropped),
        (READ, "A0-scope-rbac-intersect", Granted), ("offline_access", "A0-offline-access", Granted)]),
    (|w| { w.third_party("strict", "allow_always"); default_grant(w); }, WEB, "read:patients", API, &[(READ, "A0-scope-rbac-intersect", Granted)]),
    // AUTHZ-51
    (management, WEB, "read:current_user delete:users", "https://login.example/api/v2/", &[
        ("read:current_user", "A0-current-user-scopes", Granted), ("delete:users", "A0-current-user-scopes", Dropped)]),
];

fn grant(world: &mut World, scopes: &[&str]) {
    world
        .third_party("strict", "allow_always")
        .set("is_first_party", json!(true));
    world
        .others
        .last_mut()
        .unwrap()
        .body
        .insert("scope".into(), json!(scopes));
}

/// The client's own grant goes, the API's default for third parties stays.
fn default_grant(world: &mut World) {
    let body = &mut world.others.last_mut().unwrap().body;
    body.shift_remove("client_id");
    body.insert("default_for".into(), json!("third_party_clients"));
}

fn management(world: &mut World) {
    world.set_api("identifier", json!("https://login.example/api/v2/"));
    world.set_api("system", json!("management"));
    world.set_api(
        "scopes",
        json!([{"value": "read:current_user"}, {"value": "delete:users"}]),
    );
}

#[test]
fn the_trace_names_each_scope_once_with_rule_and_verdict() {
    for (position, (prepare, flow, scope, audience, expected)) in ROWS.iter().enumerate() {
        let mut world = World::new(Profile::Compat);
        prepare(&mut world);
        let found = ask(&world, *flow, scope, audience).unwrap();
        let expected: Vec<_> = expected
            .iter()
            .map(|(scope, rule, verdict)| ((*scope).to_owned(), *rule, *verdict))
            .collect();
        assert_eq!(
            found.steps, expected,
            "row {position}: {scope} for {audience}"
        );
        let granted: Vec<&str> = expected
            .iter()
            .filter(|(_, _, verdict)| *verdict == Granted)
            .map(|(scope, ..)| scope.as_str())
            .collect();
        assert_eq!(found.scopes, granted.join(" "));
    }
}

/// A0-permissions-user; trap T26.
#[test]
fn permissions_are_all_that_the_user_holds_whatever_is_asked() {
    for (dialect, rbac, expected) in [
        ("access_token", true, None),
        ("access_token_authz", true, Some("read:patients read:admin")),
        (
            "rfc9068_profile_authz",
            true,
            Some("read:patients read:admin"),
        ),
        ("access_token_authz", false, None),
    ] {
        let mut world = World::new(Profile::Compat);
        world
            .set_api("token_dialect", json!(dialect))
            .set_api("enforce_policies", json!(rbac));
        let found = ask(&world, WEB, "openid", API).unwrap();
        assert_eq!(found.permissions.as_deref(), expected, "{dialect}");
    }
    let mut world = World::new(Profile::Compat);
    world.set_api("token_dialect", json!("access_token_authz"));
    world.set_api("scopes", json!([{"value": "read:admin"}]));
    assert_eq!(
        ask(&world, WEB, "", API).unwrap().permissions.unwrap(),
        "read:admin"
    );
    world.user.roles.clear();
    assert_eq!(ask(&world, WEB, "", API).unwrap().permissions.unwrap(), "");
}

#[test]
fn whole_requests_are_refused_by_their_rules() {
    type Row = (&'static str, Prepare, &'static str);
    #[rustfmt::skip]
    let rows: [Row; 6] = [
        ("A0-api-known", |_| {}, "https://nowhere.example"),
        ("A0-subject-type-user", |w| { w.set_api("subject_type_authorization", json!({"user": {"policy": "deny_all"}})); }, API),
        ("A0-user-client-grant", |w| { w.set_api("subject_type_authorization", json!({"user": {"policy": "require_client_grant"}})); }, API),
        ("A0-user-client-grant", |w| { w.third_party("permissive", "allow_always").others.pop(); }, API),
        ("A0-third-party-no-identity", |w| { w.third_party("strict", "allow_always"); }, ""),
        // a system API is nothing for others' applications
        ("A0-subject-type-user", |w| { management(w); w.third_party("permissive", "allow_always"); }, "https://login.example/api/v2/"),
    ];
    for (rule, prepare, audience) in rows {
        let mut world = World::new(Profile::Compat);
        prepare(&mut world);
        let refusal = ask(&world, WEB, "openid", audience).err().expect(rule);
        assert_eq!(refusal.rule().id(), rule);
    }
}

/// A0-userinfo-alone.
#[test]
fn userinfo_is_no_api_by_either_name() {
    let mut world = World::new(Profile::Compat);
    world.set_tenant("resource_parameter_profile", json!("audience"));
    for audience in ["", "https://login.example/userinfo"] {
        assert_eq!(
            ask(&world, WEB, "openid", audience).unwrap().scopes,
            "openid"
        );
    }
    let near = format!("{ISSUER}userinfo/");
    assert!(ask(&world, WEB, "openid", &near).is_err());
}
