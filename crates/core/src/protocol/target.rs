//! Which API a request is about: `audience`, RFC 8707's `resource`, or the tenant's default.

use super::profile;
use super::refusal::Refusal;
use super::rules::Rule;
use crate::model::{ResourceParameter, TenantView};

/// The name that decides, with the rule by which it does; `None` where nothing is named.
pub fn named<'a>(
    audience: Option<&'a str>,
    resources: &'a [String],
    tenant: &'a TenantView,
) -> Result<Option<(Rule, &'a str)>, Refusal> {
    let settings = &tenant.settings.parsed;
    let resource = match settings.resource_parameter {
        ResourceParameter::Audience => None,
        ResourceParameter::Compatibility => resource(resources)?,
    };
    Ok(match (audience, resource) {
        (Some(audience), resource) => {
            let differs = resource.is_some_and(|resource| resource != audience);
            if differs && !profile::audience_beats_resource(tenant.record.profile) {
                return Err(Refusal::SeveralApis);
            }
            Some((Rule::AudienceAsked, audience))
        }
        (None, Some(resource)) => Some((Rule::ResourceAsked, resource)),
        (None, None) => settings
            .default_audience
            .as_ref()
            .map(|default| (Rule::DefaultAudience, default.as_str())),
    })
}

/// RFC 8707 2: absolute, without a fragment; a token is for one API.
pub fn resource(resources: &[String]) -> Result<Option<&str>, Refusal> {
    let Some((first, rest)) = resources.split_first() else {
        return Ok(None);
    };
    if rest.iter().any(|other| other != first) {
        return Err(Refusal::SeveralApis);
    }
    let scheme = first.split_once(':').map(|(scheme, _)| scheme);
    let absolute = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    if absolute && !first.contains('#') {
        Ok(Some(first))
    } else {
        Err(Refusal::ResourceMalformed)
    }
}

/// What a request names goes into answers and logs, but not without end.
pub fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(600).collect()
}
