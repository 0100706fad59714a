//! `/connections`: where users come from.

mod rules;
pub(super) mod table;

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::defaults;
use super::error::ApiError;
use super::fields::{FIELDS, Projection};
use super::merge::{given, merge};
use super::paging::{self, CHECKPOINT, OFFSET};
use super::schema::{List, Mode, Type, WORD, one_of, text};
use super::stored::{Answers, Question};
use super::validate::{Param, Params, body, list_body, param, query};
use crate::id::{ClientId, ConnectionId};
use crate::model::{Connection, Document, Entry, Kind, fold};
use crate::random::Random;
use crate::write::{UserWrite, Write};

pub(super) use table::{CLIENT_STATUS, CONNECTION, STRATEGIES};

/// Members of answers that no body may hold.
const READ_ONLY: &[&str] = &["id", "strategy", "name", "provisioning_ticket_url"];
/// The order of an answer; other members follow.
const ORDER: &[&str] = &[
    "id",
    "options",
    "strategy",
    "name",
    "display_name",
    "is_domain_connection",
    "show_as_button",
    "authentication",
    "connected_accounts",
    "enabled_clients",
    "realms",
    "metadata",
];

const LIST: &[Param] = &[
    param("strategy", Type::List(&List::of(one_of(STRATEGIES)))),
    param("name", WORD),
];
/// `take` goes further here than elsewhere.
const CLIENTS: &[Param] = &[
    param("take", Type::Integer(1, 1000)),
    param("from", text(1, 1000)),
];
const EMAIL: &[Param] = &[param("email", WORD)];

fn projection(params: &Params) -> Result<Projection, ApiError> {
    Projection::read(params, |name| {
        CONNECTION.field(name, Mode::Create).is_some() || READ_ONLY.contains(&name)
    })
}

pub(super) fn list(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[LIST, OFFSET, CHECKPOINT, FIELDS])?;
    let projection = projection(&params)?;
    let entries = call.tenant.connections.values().filter(|entry| {
        let connection = &entry.parsed;
        let name = params.text("name");
        has_strategy(&params, connection) && name.is_none_or(|name| connection.name == name)
    });
    let documents = entries.map(|entry| &entry.document).collect();
    paging::reply(call, &params, "connections", documents, |document| {
        projection.apply(view(call, document))
    })
}

fn has_strategy(params: &Params, connection: &Connection) -> bool {
    let wanted = params.texts("strategy");
    wanted.is_none_or(|wanted| wanted.contains(&connection.strategy.as_str()))
}

/// The connections that an application may use: `GET /clients/{id}/connections`.
pub(super) fn of_client(
    call: &Call<'_>,
    params: &Params,
    client: &ClientId,
) -> Result<Reply, ApiError> {
    let projection = projection(params)?;
    let entries =
        call.tenant.connections.values().filter(|entry| {
            has_strategy(params, &entry.parsed) && entry.parsed.is_enabled_for(client)
        });
    let documents = entries.map(|entry| &entry.document).collect();
    paging::checkpoint(call, params, "connections", documents, |document| {
        projection.apply(view(call, document))
    })
}

pub(super) fn get(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[FIELDS])?;
    let projection = projection(&params)?;
    let entry = find(call)?;
    Ok(Reply::ok(projection.apply(view(call, &entry.document))))
}

pub(super) fn create(call: &Call<'_>, random: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let sent = body(call, &CONNECTION, Mode::Create)?;
    let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("strategy") != "auth0" {
        return Err(ApiError::not_enabled());
    }
    let name = text("name");
    if call.tenant.connection(name).is_some() {
        return Err(ApiError::connection_exists());
    }
    let id = ConnectionId::new(random);
    let mut document = Document::new(Kind::Connection, id.as_str(), call.now.millis());
    document.unique = Some(name.to_owned());
    document.body = given(&CONNECTION, sent);
    defaults::fill_connection(&mut document.body);
    if !document.body.contains_key("enabled_clients") {
        document
            .body
            .insert("enabled_clients".to_owned(), json!([]));
    }
    settle_clients(call, &mut document)?;
    rules::check(call, &document)?;
    let shown = view(call, &document);
    Ok(Reply::created(shown, vec![Write::Insert(document)]))
}

/// Options that a `PATCH` which replaces all the others leaves as they are.
const KEPT: [&str; 2] = ["authentication_methods", "passkey_options"];

pub(super) fn patch(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let sent = body(call, &CONNECTION, Mode::Patch)?;
    let mut document = entry.document.clone();
    let kept = KEPT.map(|name| entry.document.nested(&["options", name]).cloned());
    merge(&CONNECTION, &mut document.body, sent);
    let options = document.body.entry("options").or_insert_with(|| json!({}));
    if let Value::Object(options) = options {
        for (name, value) in KEPT.into_iter().zip(kept) {
            if let Some(value) = value.filter(|_| !options.contains_key(name)) {
                options.insert(name.to_owned(), value);
            }
        }
    }
    if sent.get("enabled_clients").is_some_and(Value::is_null) {
        document
            .body
            .insert("enabled_clients".to_owned(), json!([]));
    }
    if sent.contains_key("enabled_clients") {
        settle_clients(call, &mut document)?;
    }
    rules::check(call, &document)?;
    let shown = view(call, &document);
    Ok(Reply::ok(shown).with_writes(vec![Write::Update(document)]))
}

/// Each application of the list once.
fn settle_clients(call: &Call<'_>, document: &mut Document) -> Result<(), ApiError> {
    let listed = document.texts("enabled_clients").unwrap_or_default();
    let known = rules::check_clients(call, listed)?;
    put_clients(document, &known);
    Ok(())
}

fn put_clients(document: &mut Document, clients: &[ClientId]) {
    document
        .body
        .insert("enabled_clients".to_owned(), json!(clients));
}

/// A connection goes with its users.
pub(super) fn delete(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    // deleting what is not there is done already
    let Ok(entry) = find(call) else {
        return Ok(Reply::no_content(Vec::new()));
    };
    let users = UserWrite::DeleteOfConnection(entry.parsed.name.clone());
    let body = Map::from_iter([("deleted_at".to_owned(), json!(call.now.to_string()))]);
    let mut reply = Reply::accepted(vec![Write::User(users), Write::delete(&entry.document)]);
    reply.body = Some(body.into());
    Ok(reply)
}

pub(super) fn clients(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[CLIENTS])?;
    let entry = find(call)?;
    let enabled = enabled(call, &entry.parsed);
    let documents = enabled
        .iter()
        .filter_map(|id| call.tenant.clients.get(id))
        .map(|client| &client.document)
        .collect();
    paging::checkpoint(call, &params, "clients", documents, |document| {
        Map::from_iter([("client_id".to_owned(), json!(document.id))])
    })
}

/// The applications that may use a connection.
fn enabled(call: &Call<'_>, connection: &Connection) -> Vec<ClientId> {
    let clients = call.tenant.clients.values().map(|entry| &entry.parsed);
    clients
        .filter(|client| !client.global && connection.is_enabled_for(&client.id))
        .map(|client| client.id.clone())
        .collect()
}

pub(super) fn patch_clients(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    let entry = find(call)?;
    let changes = list_body(call, &CLIENT_STATUS)?;
    let id = |change: &'_ Value| {
        let id = change.get("client_id").and_then(Value::as_str);
        id.unwrap_or_default().to_owned()
    };
    let named: Vec<String> = changes.iter().map(id).collect();
    rules::check_clients(call, named.iter().map(String::as_str))?;
    let mut clients = enabled(call, &entry.parsed);
    for (change, id) in changes.iter().zip(&named) {
        clients.retain(|known| known.as_str() != id);
        let status = change.get("status").and_then(Value::as_bool);
        if status == Some(true) {
            clients.extend(ClientId::parse(id));
        }
    }
    let mut document = entry.document.clone();
    put_clients(&mut document, &clients);
    Ok(Reply::no_content(vec![Write::Update(document)]))
}

/// What is left of every list of applications once this one is gone.
pub(super) fn without_client(call: &Call<'_>, client: &ClientId) -> Vec<Write> {
    let entries = call.tenant.connections.values();
    let rest = entries.filter_map(|entry| {
        let mut clients = entry.parsed.enabled_clients.clone()?;
        let before = clients.len();
        clients.retain(|known| known != client);
        let mut document = entry.document.clone();
        put_clients(&mut document, &clients);
        (clients.len() < before).then_some(Write::Update(document))
    });
    rest.collect()
}

/// A database is part of the tenant: it is there whenever it answers.
pub(super) fn status(call: &Call<'_>, _: &mut dyn Random) -> Result<Reply, ApiError> {
    query(&call.query, &[])?;
    find(call)?;
    Ok(Reply::ok(Map::new()))
}

pub(super) fn ask_delete_user(call: &Call<'_>) -> Result<Vec<Question>, ApiError> {
    let params = query(&call.query, &[EMAIL])?;
    let email = params.required("email")?;
    Ok(vec![Question::Identifier {
        connection: Some(find(call)?.parsed.name.clone()),
        folded: fold(email),
    }])
}

pub(super) fn delete_user(
    call: &Call<'_>,
    mut answers: Answers,
    _: &mut dyn Random,
) -> Result<Reply, ApiError> {
    let params = query(&call.query, &[EMAIL])?;
    let folded = params.required("email").map(fold)?;
    let (users, _) = answers.users()?;
    // a username may read like the address that was named
    let by_email = users
        .into_iter()
        .filter(|user| user.email.as_deref().map(fold) == Some(folded.clone()));
    let writes = by_email.map(|user| Write::User(UserWrite::Delete(user.id)));
    Ok(Reply::no_content(writes.collect()))
}

fn find<'a>(call: &Call<'a>) -> Result<&'a Entry<Connection>, ApiError> {
    let entry = call.tenant.connections.get(call.path.get("id"));
    entry.map(AsRef::as_ref).ok_or_else(ApiError::no_connection)
}

fn view(call: &Call<'_>, document: &Document) -> Map<String, Value> {
    let member = |name: &str| match name {
        "id" => Some(json!(document.id)),
        "enabled_clients" => {
            let parsed = Connection::from_document(document).ok();
            Some(json!(parsed.map(|parsed| enabled(call, &parsed))))
        }
        name => document.body.get(name).cloned(),
    };
    let mut shown = Map::new();
    for name in ORDER {
        if let Some(value) = member(name) {
            shown.insert((*name).to_owned(), value);
        }
    }
    for (name, value) in &document.body {
        if !shown.contains_key(name) {
            shown.insert(name.clone(), value.clone());
        }
    }
    shown
}

/// The database that every tenant begins with: open to all of its applications, until a list
/// says otherwise.
pub(super) fn default_document(created_at: i64, random: &mut dyn Random) -> Document {
    const NAME: &str = "Username-Password-Authentication";
    let id = ConnectionId::new(random);
    let mut document = Document::new(Kind::Connection, id.as_str(), created_at);
    document.unique = Some(NAME.to_owned());
    document.body.insert("name".to_owned(), json!(NAME));
    document.body.insert("strategy".to_owned(), json!("auth0"));
    // a tool adds it to every database that it imports: what it exports is the same from the start
    let options = json!({ "disable_self_service_change_password": false });
    document.body.insert("options".to_owned(), options);
    defaults::fill_connection(&mut document.body);
    document
}
