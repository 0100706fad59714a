//! `cardea tenant`.

use cardea_core::id::{Host, TenantId};
use cardea_core::model::{KeyState, Profile, TenantRecord};
use cardea_core::random;
use cardea_jose::Algorithm;
use cardea_store::StoreError;
use clap::{Args, Subcommand};

use super::dev::ProfileArg;
use super::place::{Opened, PlaceArgs};
use super::{Failure, Outcome};
use crate::app::Scheme;
use crate::dev::{Ground, Seed};
use crate::keygen::KeyPlan;
use crate::random::SharedRandom;
use crate::say;

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// Make a tenant with an application that may administer it.
    Create(CreateArgs),
    /// List the tenants.
    List(PlaceArgs),
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// Its name: lower-case letters, digits and dashes.
    name: String,
    /// The host that it answers at, with the port unless it is 443; the issuer is named after it.
    #[arg(long)]
    host: String,
    /// How it answers where Auth0's wire and the standards differ.
    #[arg(long, value_name = "PROFILE", default_value = "strict")]
    profile: ProfileArg,
    /// A further host that it answers at; may be repeated.
    #[arg(long, value_name = "HOST")]
    custom_domain: Vec<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) async fn run(command: TenantCommand) -> Outcome {
    match command {
        TenantCommand::Create(args) => create(args).await,
        TenantCommand::List(place) => list(&place).await,
    }
}

async fn list(place: &PlaceArgs) -> Outcome {
    let opened = place.find()?.open().await?;
    for record in &opened.tenants {
        let custom: Vec<&str> = record.custom_domains.iter().map(Host::as_str).collect();
        let issuer = format!("{}://{}/", opened.scheme.as_str(), record.host);
        let line = format!(
            "{:<20} {:<7} {issuer} {}",
            record.name,
            record.profile.as_str(),
            custom.join(" ")
        );
        say::line(line.trim_end());
    }
    opened.store.close().await;
    Ok(())
}

async fn create(args: CreateArgs) -> Outcome {
    if !is_name(&args.name) {
        return Err(Failure::new(format!(
            "{:?} is no tenant name: 1 to 63 lower-case letters, digits and dashes",
            args.name
        )));
    }
    let place = args.place.find()?;
    let opened = place.open().await?;
    let random = SharedRandom::system();
    let record = TenantRecord {
        id: random.with(TenantId::new),
        name: args.name,
        host: host(&args.host, &opened)?,
        custom_domains: args
            .custom_domain
            .iter()
            .map(|text| host(text, &opened))
            .collect::<Result<_, _>>()?,
        profile: Profile::from(args.profile),
    };
    let label = random.with(|random| random::url_safe(random, 43));
    let ground = Ground {
        record: record.clone(),
        scheme: opened.scheme,
        now: opened.now,
        label: &label,
    };
    let planted = Seed::default()
        .plant(&ground)
        .map_err(|all| Failure::new(all.join("\n")))?;

    let plan = |state| KeyPlan {
        algorithm: Algorithm::Rs256,
        state,
        profile: record.profile,
        host: record.host.clone(),
        now: opened.now,
    };
    let current = tokio::spawn(plan(KeyState::Current).make_beside(random.clone()));
    let next = tokio::spawn(plan(KeyState::Next).make_beside(random));
    let mut documents = planted.documents;
    documents.extend([current.await??, next.await??]);
    match opened
        .store
        .create_tenant(&record, documents, opened.now)
        .await
    {
        Ok(()) => {}
        Err(StoreError::TenantExists) => {
            return Err(Failure::new(
                "a tenant with this name, or at one of these hosts, exists",
            ));
        }
        Err(error) => return Err(error.into()),
    }
    opened.store.close().await;
    let client = planted.entries.management.unwrap_or_default();
    report(
        &record,
        &opened,
        &client.client_id,
        client.client_secret.as_deref(),
    );
    Ok(())
}

fn report(record: &TenantRecord, opened: &Opened, client_id: &str, secret: Option<&str>) {
    let issuer = format!("{}://{}/", opened.scheme.as_str(), record.host);
    // in `dev` names below localhost lead here, and certificates are made as they are asked for
    let what_else = if opened.is_dev {
        "The CA to trust is dev-ca.pem in the data folder."
    } else {
        "Point the host's name at the server, and have a certificate for it."
    };
    say::line(format!(
        "The tenant {} ({}) is made. A running server answers for it within a second.\n\n  \
         issuer         {issuer}\n  \
         audience       {issuer}api/v2/ (its Management API)\n  \
         client_id      {client_id}\n  \
         client_secret  {}\n\n\
         The secret is shown this once. With it, get a token for the Management API and make the\n\
         tenant's applications and APIs:\n\n  \
         curl {issuer}oauth/token -d grant_type=client_credentials -d audience={issuer}api/v2/ \
         -d client_id={client_id} -d client_secret=…\n\n{what_else}",
        record.name,
        record.profile.as_str(),
        secret.unwrap_or("(none)"),
    ));
}

fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(legal) && !text.starts_with('-')
}

/// A host as requests will name it.
fn host(text: &str, opened: &Opened) -> Result<Host, Failure> {
    let wrong = || {
        Failure::new(format!(
            "{text:?} is no host: a name like login.example.com, with :PORT if need be"
        ))
    };
    let host = Host::from_header(text).ok_or_else(wrong)?;
    let name = host.name();
    let is_name = !name.is_empty()
        && name
            .split('.')
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && !name.contains(['[', ']', ':']);
    if !is_name {
        return Err(wrong());
    }
    let usual_port = match opened.scheme {
        Scheme::Https => ":443",
        Scheme::Http => ":80",
    };
    // clients leave the scheme's own port out
    if let Some(short) = host.as_str().strip_suffix(usual_port) {
        return Host::parse(short).ok_or_else(wrong);
    }
    // in `dev` every host has the port of the example tenant
    let example = opened
        .tenants
        .iter()
        .find(|known| opened.is_dev && known.name == "dev");
    let port = example.and_then(|known| known.host.as_str().strip_prefix("localhost"));
    match port {
        Some(port) if name == host.as_str() && name.ends_with(".localhost") => {
            Host::parse(&format!("{name}{port}")).ok_or_else(wrong)
        }
        _ => Ok(host),
    }
}
