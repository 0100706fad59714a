//! What one application is used for, and from where. An application that is several things at
//! once gives each of them what only one of them needs: it should be several.

use std::collections::BTreeSet;

use super::{AppType, Client, GrantType, SubjectType, TenantView};

/// What an application can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientUse {
    /// A page in a browser, which keeps no secret.
    Browser,
    /// A program on somebody's device.
    Device,
    /// A website's server.
    Server,
    /// A program that acts as itself.
    Machine,
}

impl ClientUse {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "in the browser",
            Self::Device => "on devices",
            Self::Server => "on a server, for users",
            Self::Machine => "as itself, without a user",
        }
    }
}

/// The kinds of use that should not share one client id; none where everything is well. A
/// website's server that also acts as itself keeps its secret either way.
pub fn mixed_uses(client: &Client, tenant: &TenantView) -> BTreeSet<ClientUse> {
    let own_grant = tenant.grants.values().any(|grant| {
        let key = &grant.parsed.key;
        key.client.as_ref() == Some(&client.id) && key.subject == SubjectType::Client
    });
    let web = client.callbacks.iter().any(|url| host(url).is_some());
    let own_scheme = client.callbacks.iter().any(|url| {
        let scheme = url.split(':').next().unwrap_or_default();
        !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
    });
    let origins = !client.web_origins.is_empty() || !client.allowed_origins.is_empty();
    let public = client.is_public();
    let native = client.app_type == AppType::Native;
    let is = |of: ClientUse| match of {
        ClientUse::Browser => {
            client.app_type == AppType::Spa || public && (origins || web && !native)
        }
        ClientUse::Device => native || own_scheme || client.may_use(GrantType::DeviceCode),
        ClientUse::Server => !public && web && client.may_use(GrantType::AuthorizationCode),
        ClientUse::Machine => {
            client.may_use(GrantType::ClientCredentials)
                && (client.app_type == AppType::NonInteractive || own_grant)
        }
    };
    let all = [
        ClientUse::Browser,
        ClientUse::Device,
        ClientUse::Server,
        ClientUse::Machine,
    ];
    let mut uses: BTreeSet<ClientUse> = all.into_iter().filter(|of| is(*of)).collect();
    if uses.contains(&ClientUse::Browser) {
        // the callbacks are the page's
        uses.remove(&ClientUse::Server);
    }
    let at_home = BTreeSet::from([ClientUse::Server, ClientUse::Machine]);
    if uses.len() < 2 || uses == at_home {
        uses.clear();
    }
    uses
}

/// The sites from which it is used, if there is more than one. A developer's own machine is none.
pub fn unrelated_sites(client: &Client) -> BTreeSet<String> {
    let urls = client
        .callbacks
        .iter()
        .chain(&client.web_origins)
        .chain(&client.allowed_origins)
        .chain(&client.allowed_logout_urls)
        .chain(&client.initiate_login_uri);
    let mut sites: BTreeSet<String> = urls.filter_map(|url| host(url)).filter_map(site).collect();
    if sites.len() < 2 {
        sites.clear();
    }
    sites
}

/// The host of an address on the web.
fn host(url: &str) -> Option<String> {
    let url = url.to_ascii_lowercase();
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    let web = matches!(scheme, "http" | "https");
    (web && !host.is_empty()).then(|| host.to_owned())
}

/// Below these, neighbours are strangers.
const SHARED: [&str; 12] = [
    "github.io",
    "gitlab.io",
    "pages.dev",
    "workers.dev",
    "vercel.app",
    "netlify.app",
    "web.app",
    "firebaseapp.com",
    "herokuapp.com",
    "azurewebsites.net",
    "cloudfront.net",
    "amazonaws.com",
];
/// `co.uk`, `com.au`: where a country has such words as the second label.
const SECOND: [&str; 10] = [
    "ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org",
];

/// The domain that somebody registered, as far as it can be told without the list of all public
/// suffixes.
fn site(host: String) -> Option<String> {
    let address: Result<std::net::IpAddr, _> = host.parse();
    if let Ok(address) = address {
        return (!address.is_loopback()).then_some(host);
    }
    let labels: Vec<&str> = host.split('.').collect();
    let (last, before) = match labels.as_slice() {
        [.., before, last] => (*last, *before),
        _ => return (host != "localhost").then_some(host),
    };
    if last == "localhost" {
        return None;
    }
    let suffix = format!("{before}.{last}");
    let of_country = last.len() == 2 && SECOND.contains(&before);
    let depth = if of_country || SHARED.contains(&suffix.as_str()) {
        3
    } else {
        2
    };
    let from = labels.len().saturating_sub(depth);
    Some(labels.get(from..)?.join("."))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::ClientUse::{Browser, Device, Machine, Server};
    use super::*;
    use crate::id::{Host, TenantId};
    use crate::model::{Document, Kind, Profile, TenantRecord};
    use crate::random::Seeded;

    fn document(kind: Kind, id: &str, body: &Value) -> Document {
        let mut document = Document::new(kind, id, 0);
        document.body = body.as_object().unwrap().clone();
        document
    }

    fn tenant(client: &Value, granted: bool) -> TenantView {
        let record = TenantRecord {
            id: TenantId::new(&mut Seeded::new("uses")),
            name: "acme".to_owned(),
            host: Host::parse("acme.example.com").unwrap(),
            custom_domains: Vec::new(),
            profile: Profile::Compat,
        };
        let mut documents = vec![
            document(Kind::Settings, "settings", &json!({})),
            document(Kind::Client, "app", client),
        ];
        let grant = json!({
            "client_id": "app", "audience": "https://api.example/", "scope": [],
            "subject_type": "client",
        });
        documents
            .extend(granted.then(|| document(Kind::ClientGrant, "cgr_0123456789abcdef", &grant)));
        TenantView::assemble(record, 1, documents).unwrap()
    }

    const CODE: &str = "authorization_code";
    const SELF: &str = "client_credentials";
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

    const WEB: &str = "https://app.example.com/cb";

    fn page() -> Value {
        json!({
            "app_type": "spa", "token_endpoint_auth_method": "none", "callbacks": [WEB],
            "web_origins": ["https://app.example.com"], "grant_types": [CODE],
        })
    }

    fn site() -> Value {
        json!({
            "app_type": "regular_web", "callbacks": [WEB], "grant_types": [CODE, SELF],
            "web_origins": ["https://app.example.com"],
        })
    }

    fn phone() -> Value {
        json!({
            "app_type": "native", "token_endpoint_auth_method": "none",
            "callbacks": ["com.example.app:/cb", "https://app.example.com/ios", "http://127.0.0.1/cb"],
            "grant_types": [CODE, DEVICE],
        })
    }

    fn machine() -> Value {
        json!({ "app_type": "non_interactive", "grant_types": [SELF] })
    }

    type Base = fn() -> Value;

    /// What it is, what is changed in that, whether it has a grant of its own, what is told.
    type Row<'a> = (Base, Value, bool, &'a [ClientUse]);

    #[test]
    fn several_things_under_one_client_id_are_told() {
        let both = json!([WEB, "com.example:/cb"]);
        let origins = json!(["https://app.example.com"]);
        let rows: [Row<'_>; 12] = [
            (page, json!({}), false, &[]),
            (site, json!({}), false, &[]),
            (site, json!({}), true, &[]),
            (phone, json!({}), false, &[]),
            (machine, json!({}), true, &[]),
            (
                page,
                json!({ "callbacks": both }),
                false,
                &[Browser, Device],
            ),
            (
                page,
                json!({ "grant_types": [CODE, DEVICE] }),
                false,
                &[Browser, Device],
            ),
            (
                page,
                json!({ "grant_types": [CODE, SELF] }),
                true,
                &[Browser, Machine],
            ),
            (
                phone,
                json!({ "web_origins": origins }),
                false,
                &[Browser, Device],
            ),
            (
                phone,
                json!({ "grant_types": [CODE, SELF] }),
                true,
                &[Device, Machine],
            ),
            (site, json!({ "callbacks": both }), false, &[Device, Server]),
            (
                machine,
                json!({ "callbacks": [WEB], "grant_types": [SELF, CODE, DEVICE] }),
                false,
                &[Device, Server, Machine],
            ),
        ];
        for (base, change, granted, expected) in rows {
            let mut client = base();
            for (name, value) in change.as_object().unwrap() {
                client[name] = value.clone();
            }
            let view = tenant(&client, granted);
            let parsed = &view.clients.values().next().unwrap().parsed;
            let uses: Vec<ClientUse> = mixed_uses(parsed, &view).into_iter().collect();
            assert_eq!(uses, expected, "{client} {granted}");
        }
    }

    #[test]
    fn sites_are_told_apart_and_a_developers_machine_is_none() {
        let rows: [(&[&str], &[&str]); 9] = [
            (
                &["https://app.example.com/cb", "https://www.example.com"],
                &[],
            ),
            (
                &["https://a.example.com", "https://a.example.org/x"],
                &["example.com", "example.org"],
            ),
            (&["https://a.example.co.uk", "https://b.example.co.uk"], &[]),
            (
                &["https://one.co.uk", "https://two.co.uk"],
                &["one.co.uk", "two.co.uk"],
            ),
            (
                &["https://one.vercel.app", "https://two.vercel.app"],
                &["one.vercel.app", "two.vercel.app"],
            ),
            (
                &[
                    "http://localhost:3000",
                    "http://acme.localhost",
                    "http://[::1]:3",
                    "https://a.example",
                ],
                &[],
            ),
            (
                &["https://10.0.0.1:8443/cb", "https://intern/cb"],
                &["10.0.0.1", "intern"],
            ),
            (
                &[
                    "com.example.app:/cb",
                    "https://A.Example.com",
                    "https://b.example.com",
                ],
                &[],
            ),
            (
                &[
                    "https://*.example.com/cb",
                    "https://{organization_name}.example.com",
                ],
                &[],
            ),
        ];
        for (urls, expected) in rows {
            let view = tenant(&json!({ "callbacks": urls }), false);
            let client = &view.clients.values().next().unwrap().parsed;
            let sites: Vec<String> = unrelated_sites(client).into_iter().collect();
            assert_eq!(sites, expected, "{urls:?}");
            let other = tenant(&json!({ "web_origins": urls }), false);
            let client = &other.clients.values().next().unwrap().parsed;
            assert_eq!(unrelated_sites(client).len(), expected.len(), "{urls:?}");
        }
    }
}
