//! Metadata and JWKS (OIDC Discovery 4, RFC 8414 3).

use cardea_jose::strict_object;
use reqwest::{Client, Url, header::CACHE_CONTROL};
use serde_json::Value;

use crate::KeySet;

/// Larger answers are not read to the end.
const MAX_BYTES: usize = 512 * 1024;

const MAX_AGE_S: i64 = 24 * 60 * 60;

pub(super) struct Fetcher {
    pub(super) client: Client,
    pub(super) issuer: String,
    pub(super) metadata: Url,
    pub(super) default_max_age_s: i64,
}

impl Fetcher {
    /// The keys and for how many seconds they are fresh. Remembers where they are until that fails.
    pub(super) async fn fetch(&self, jwks_uri: &mut Option<Url>) -> Result<(KeySet, i64), String> {
        let known = match jwks_uri.take() {
            Some(url) => url,
            None => self.jwks_uri().await?,
        };
        let (body, max_age_s) = self.get(&known).await?;
        let keys = KeySet::from_jwks(&body).map_err(|why| why.to_string())?;
        *jwks_uri = Some(known);
        Ok((keys, max_age_s))
    }

    async fn jwks_uri(&self) -> Result<Url, String> {
        let (body, _) = self.get(&self.metadata).await?;
        let metadata = strict_object(&body).map_err(|why| why.to_string())?;
        let text = |name| {
            metadata
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        // OIDC Discovery 4.3: byte for byte, or another tenant could stand in for this one
        let issuer = text("issuer");
        if issuer != self.issuer {
            return Err(format!("the metadata is of the issuer \"{issuer}\""));
        }
        let url = Url::parse(text("jwks_uri")).map_err(|_| "there is no jwks_uri".to_owned())?;
        // keys over plain HTTP only from where the metadata came over plain HTTP
        if url.scheme() != "https" && url.origin() != self.metadata.origin() {
            return Err(format!("the jwks_uri \"{url}\" is not https"));
        }
        Ok(url)
    }

    async fn get(&self, url: &Url) -> Result<(Vec<u8>, i64), String> {
        let failed = |why: reqwest::Error| format!("{url}: {}", why.without_url());
        let mut response = self.client.get(url.clone()).send().await.map_err(failed)?;
        if response.status() != 200 {
            return Err(format!("{url}: status {}", response.status().as_u16()));
        }
        let max_age_s = response
            .headers()
            .get(CACHE_CONTROL)
            .and_then(|value| max_age_s(value.to_str().ok()?))
            .unwrap_or(self.default_max_age_s);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(format!("{url}: the answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, max_age_s))
    }
}

/// RFC 9111 5.2.2: `no-store` and `no-cache` are zero; the pause between two looks still holds.
fn max_age_s(cache_control: &str) -> Option<i64> {
    let directives = || {
        cache_control
            .split(',')
            .map(|part| part.trim().to_ascii_lowercase())
    };
    if directives().any(|name| name == "no-store" || name == "no-cache") {
        return Some(0);
    }
    let age: i64 = directives().find_map(|d| d.strip_prefix("max-age=")?.parse().ok())?;
    Some(age.clamp(0, MAX_AGE_S))
}

#[cfg(test)]
mod tests {
    use super::max_age_s;

    #[test]
    fn cache_control_is_honoured_within_a_day() {
        for (header, seconds) in [
            ("max-age=60", Some(60)),
            ("public, Max-Age=15, stale-while-revalidate=15", Some(15)),
            ("max-age=99999999", Some(86_400)),
            ("max-age=-1", Some(0)),
            ("max-age=60, no-store", Some(0)),
            ("max-age=", None),
            ("public", None),
        ] {
            assert_eq!(max_age_s(header), seconds, "{header}");
        }
    }
}
