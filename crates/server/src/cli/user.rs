//! `cardea user`: what must work without a browser.

mod desk;

use std::io::Read as _;
use std::path::PathBuf;

use cardea_core::model::User;
use cardea_core::protocol::database;
use cardea_core::protocol::ending;
use cardea_core::protocol::password_hash::{self, Imported};
use cardea_core::protocol::password_policy::Policy;
use cardea_core::protocol::profile;
use cardea_core::protocol::tickets::changed_password;
use cardea_core::write::{Conflict, UserWrite, Write};
use cardea_jose::Secret;
use cardea_store::StoreError;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::place::PlaceArgs;
use super::{Failure, Outcome};
use crate::password::hidden;
use crate::say;
use desk::Desk;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make a user; without a password, print a link with which it chooses one.
    Create(CreateArgs),
    /// Import users from a JSON array in the schema of Auth0's users-imports.
    Import(ImportArgs),
    /// Block a user: everything it has been given ends, and it gets nothing more.
    Block(BlockArgs),
    /// Print a link with which a user chooses a new password.
    ResetPassword(ResetArgs),
}

#[derive(Debug, Args)]
struct Where {
    /// The database connection; needed where there are several.
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// The tenant's name; needed where there are several.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// Its address.
    email: String,
    /// Its name.
    #[arg(long)]
    name: Option<String>,
    /// Its username, where the connection has usernames.
    #[arg(long)]
    username: Option<String>,
    /// The address is known to be the user's.
    #[arg(long)]
    verified: bool,
    /// Read a password from standard input.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    at: Where,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    at: Where,
}

#[derive(Debug, Args)]
pub(super) struct BlockArgs {
    /// Its id (auth0|…), address or username.
    user: String,
    /// Lift the block instead.
    #[arg(long)]
    lift: bool,
    #[command(flatten)]
    at: Where,
}

#[derive(Debug, Args)]
pub(super) struct ResetArgs {
    /// Its id (auth0|…), address or username.
    user: String,
    /// Set the password that is read from standard input, instead of printing a link.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    at: Where,
}

pub(super) async fn run(command: UserCommand) -> Outcome {
    match command {
        UserCommand::Create(args) => create(args).await,
        UserCommand::Import(args) => import(args).await,
        UserCommand::Block(args) => block(args).await,
        UserCommand::ResetPassword(args) => reset(args).await,
    }
}

async fn create(args: CreateArgs) -> Outcome {
    let desk = Desk::open(&args.at).await?;
    let sent = json!({"email": args.email, "username": args.username, "name": args.name,
        "email_verified": args.verified});
    let connection = desk.connection()?;
    let now = desk.opened.now;
    let made = desk
        .random
        .with(|random| database::import_user(connection, &sent, now, random));
    let mut user = made?.user;
    if connection.parsed.requires_username && user.username.is_none() {
        return Err(Failure::new("users of this connection need a --username"));
    }
    if args.password_stdin {
        let hash = desk.hash(&user, &read_password()?)?;
        user.password = Some(Secret::new(hash));
    }
    let writes = vec![database::insert(&user)];
    match desk.commit(writes, ("Create a user", &user)).await {
        Ok(()) => {}
        Err(StoreError::Conflict(Conflict::UserExists)) => {
            return Err(Failure::new("a user with this address or username exists"));
        }
        Err(error) => return Err(error.into()),
    }
    say::line(format!("{} is made", user.id));
    if user.password.is_none() {
        print_link(&desk, &user).await?;
    }
    desk.opened.store.close().await;
    Ok(())
}

async fn print_link(desk: &Desk, user: &User) -> Outcome {
    let (link, writes) = desk.link(user);
    desk.commit(writes, ("Create a password change ticket", user))
        .await?;
    say::line("\nWhoever has this link chooses the user's password: once, within a day.");
    say::line(format!("  {link}"));
    Ok(())
}

async fn import(args: ImportArgs) -> Outcome {
    let desk = Desk::open(&args.at).await?;
    let text = std::fs::read(&args.file)
        .map_err(|error| Failure::new(format!("{}: {error}", args.file.display())))?;
    let users: Vec<Value> = serde_json::from_slice(&text)
        .map_err(|error| Failure::new(format!("{}: {error}", args.file.display())))?;
    let cost = profile::password_cost(desk.view.record.profile);
    let (mut inserted, mut failed) = (0, 0);
    for (number, sent) in users.iter().enumerate() {
        match import_one(&desk, sent, cost).await? {
            Ok(()) => inserted += 1,
            Err(why) => {
                failed += 1;
                say::note(format!("user {}: {why}", number + 1));
            }
        }
    }
    desk.opened.store.close().await;
    say::line(format!("{inserted} imported, {failed} failed"));
    if failed > 0 {
        return Err(Failure::silent());
    }
    Ok(())
}

/// One user; what is wrong with it does not stop the others.
async fn import_one(
    desk: &Desk,
    sent: &Value,
    cost: password_hash::HashCost,
) -> Result<Result<(), String>, Failure> {
    let connection = desk.connection()?;
    let now = desk.opened.now;
    let read = desk
        .random
        .with(|random| database::import_user(connection, sent, now, random));
    let made = match read {
        Ok(made) => made,
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    let mut user = made.user;
    let line = match made.hash {
        None => None,
        Some(Imported::Line(line)) => Some(line),
        Some(Imported::Weak(custom)) => desk.random.with(|random| hidden(cost, &custom, random)),
    };
    user.password = line.map(Secret::new);
    let writes = vec![database::insert(&user)];
    match desk.commit(writes, ("Import a user", &user)).await {
        Ok(()) => Ok(Ok(())),
        Err(StoreError::Conflict(Conflict::UserExists)) => {
            Ok(Err("DUPLICATED_USER: the user exists".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn block(args: BlockArgs) -> Outcome {
    let desk = Desk::open(&args.at).await?;
    let mut user = desk.user(&args.user).await?;
    user.blocked = !args.lift;
    user.updated_at = desk.opened.now;
    let mut writes = vec![Write::User(UserWrite::Update(Box::new(user.clone())))];
    let event = if args.lift {
        "Unblock a user"
    } else {
        writes.extend(ending::everything(&user.id));
        "Block a user"
    };
    desk.commit(writes, (event, &user)).await?;
    desk.opened.store.close().await;
    say::line(if args.lift {
        format!("{} may log in again", user.id)
    } else {
        format!("{} is blocked, and logged out everywhere", user.id)
    });
    Ok(())
}

async fn reset(args: ResetArgs) -> Outcome {
    let desk = Desk::open(&args.at).await?;
    let mut user = desk.user(&args.user).await?;
    if !args.password_stdin {
        print_link(&desk, &user).await?;
        desk.opened.store.close().await;
        return Ok(());
    }
    let hash = desk.hash(&user, &read_password()?)?;
    let policy = Policy::of(&desk.connection()?.document, desk.view.record.profile);
    user.password = Some(password_hash::replaced(
        user.password.as_ref(),
        &hash,
        policy.history,
    ));
    let writes = changed_password(user.clone(), desk.opened.now);
    desk.commit(writes, ("Change a password", &user)).await?;
    desk.opened.store.close().await;
    say::line(format!(
        "{} has a new password, and is logged out everywhere",
        user.id
    ));
    Ok(())
}

/// Not from an argument: those can be seen by others.
fn read_password() -> Result<Secret<String>, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(4096)
        .read_to_string(&mut text)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::new("standard input holds no password"));
    }
    Ok(Secret::new(password.to_owned()))
}
