//! Users and what they hold.

use cardea_core::id::{TenantId, UserId};
use cardea_core::model::{User, fold};
use cardea_core::time::Timestamp;
use cardea_core::write::{Conflict, RoleUsersQuery, UserFind, UserOrder, UserQuery, UserWrite};
use cardea_jose::{SealingKey, Secret};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::db::{Refusal, Statement};
use crate::error::StoreError;
use crate::open::TenantStore;
use crate::seal;
use crate::value::{Row, Value as Column, WrongColumn, params};

/// A statement that reads users: the columns, and what follows.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT u.user_id, u.connection, u.blocked, u.created_at, u.updated_at, u.last_login, \
             u.logins_count, u.revision, u.body, u.sealed FROM user_account u ",
            $rest
        )
    };
}

impl TenantStore {
    /// A user by id.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let sql = select!("WHERE u.tenant_id = $1 AND u.user_id = $2");
        let params = params![self.id.as_str(), id.as_str()];
        let users = self.find_users(sql, params).await?;
        Ok(users.into_iter().next())
    }

    /// The users with this identifier, folded: an address, a username or a number; of one
    /// connection, or of any.
    pub async fn user_by_identifier(
        &self,
        connection: Option<&str>,
        folded: &str,
    ) -> Result<Vec<User>, StoreError> {
        // PostgreSQL takes no NUL in a text, and nobody is called so
        if folded.contains('\0') {
            return Ok(Vec::new());
        }
        let sql = select!(
            "WHERE u.tenant_id = $1
                AND (u.email_folded = $2 OR u.username_folded = $2 OR u.phone_number = $2)
                AND (CAST($3 AS TEXT) IS NULL OR u.connection = $3)
              ORDER BY u.created_at, u.user_id LIMIT 50"
        );
        self.find_users(sql, params![self.id.as_str(), folded, connection])
            .await
    }

    /// Users of a list, and how many there are without paging.
    pub async fn users(&self, query: &UserQuery) -> Result<(Vec<User>, i64), StoreError> {
        let tenant = self.id.as_str();
        let (sql, key) = match &query.find {
            UserFind::All => return self.page(query, None).await,
            UserFind::OfConnection(name) => return self.page(query, Some(name)).await,
            UserFind::Id(id) => (
                select!("WHERE u.tenant_id = $1 AND u.user_id = $2"),
                id.as_str(),
            ),
            UserFind::Email(folded) => (
                select!("WHERE u.tenant_id = $1 AND u.email_folded = $2 ORDER BY u.user_id"),
                folded.as_str(),
            ),
            UserFind::Username(folded) => (
                select!("WHERE u.tenant_id = $1 AND u.username_folded = $2 ORDER BY u.user_id"),
                folded.as_str(),
            ),
            UserFind::PhoneNumber(number) => (
                select!("WHERE u.tenant_id = $1 AND u.phone_number = $2 ORDER BY u.user_id"),
                number.as_str(),
            ),
        };
        let found = self.read_users(sql, params![tenant, key]).await?;
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
        let take = usize::try_from(query.take).unwrap_or(0);
        Ok((found.into_iter().skip(skip).take(take).collect(), total))
    }

    async fn page(
        &self,
        query: &UserQuery,
        connection: Option<&str>,
    ) -> Result<(Vec<User>, i64), StoreError> {
        let params = params![self.id.as_str(), connection, query.take, query.skip];
        let users = self
            .read_users(ordered(query.order, query.descending), params)
            .await?;
        let total = self
            .count(
                "SELECT COUNT(*) FROM user_account
                  WHERE tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR connection = $2)",
                params![self.id.as_str(), connection],
            )
            .await?;
        Ok((users, total))
    }

    /// Users that have a role, and how many there are in all.
    pub async fn role_users(&self, query: &RoleUsersQuery) -> Result<(Vec<User>, i64), StoreError> {
        let (tenant, role) = (self.id.as_str(), query.role.as_str());
        let sql = select!(
            "JOIN user_role r ON r.tenant_id = u.tenant_id AND r.user_id = u.user_id
              WHERE r.tenant_id = $1 AND r.role_id = $2
                AND (CAST($3 AS TEXT) IS NULL OR u.user_id > $3)
              ORDER BY u.user_id LIMIT $4 OFFSET $5"
        );
        let after = query.after.as_ref().map(UserId::as_str);
        let users = self
            .read_users(sql, params![tenant, role, after, query.take, query.skip])
            .await?;
        let sql = "SELECT COUNT(*) FROM user_role WHERE tenant_id = $1 AND role_id = $2";
        Ok((users, self.count(sql, params![tenant, role]).await?))
    }

    /// A few users by key: on every token's and every login's way.
    async fn find_users(
        &self,
        sql: &'static str,
        params: Vec<Column>,
    ) -> Result<Vec<User>, StoreError> {
        let rows = self.db().point(sql, params).await?;
        let read = |mut row| read(self.store.sealing(), &self.id, &mut row);
        rows.into_iter().map(read).collect()
    }

    async fn read_users(
        &self,
        sql: &'static str,
        params: Vec<Column>,
    ) -> Result<Vec<User>, StoreError> {
        let rows = self.db().scan(sql, params).await?;
        let read = |mut row| read(self.store.sealing(), &self.id, &mut row);
        rows.into_iter().map(read).collect()
    }

    async fn count(&self, sql: &'static str, params: Vec<Column>) -> Result<i64, StoreError> {
        let rows = self.db().scan(sql, params).await?;
        let count = rows.into_iter().next().map(|mut row| row.int()).transpose();
        count
            .map(Option::unwrap_or_default)
            .map_err(|wrong| wrong.at("user_account", "count"))
    }
}

/// One static text per order: the two databases disagree on where null stands, so it is said.
const fn ordered(order: UserOrder, descending: bool) -> &'static str {
    macro_rules! by {
        ($up:literal, $down:literal) => {
            if descending {
                select!($down)
            } else {
                select!($up)
            }
        };
    }
    match order {
        UserOrder::CreatedAt => by!(
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.created_at, u.user_id LIMIT $3 OFFSET $4",
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.created_at DESC, u.user_id LIMIT $3 OFFSET $4"
        ),
        UserOrder::UpdatedAt => by!(
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.updated_at, u.user_id LIMIT $3 OFFSET $4",
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.updated_at DESC, u.user_id LIMIT $3 OFFSET $4"
        ),
        UserOrder::Email => by!(
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.email_folded NULLS LAST, u.user_id LIMIT $3 OFFSET $4",
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.email_folded DESC NULLS LAST, u.user_id LIMIT $3 OFFSET $4"
        ),
        UserOrder::Id => by!(
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.user_id LIMIT $3 OFFSET $4",
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.user_id DESC LIMIT $3 OFFSET $4"
        ),
        UserOrder::LastLogin => by!(
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.last_login NULLS LAST, u.user_id LIMIT $3 OFFSET $4",
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.last_login DESC NULLS LAST, u.user_id LIMIT $3 OFFSET $4"
        ),
        UserOrder::LoginsCount => by!(
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.logins_count, u.user_id LIMIT $3 OFFSET $4",
            "WHERE u.tenant_id = $1 AND (CAST($2 AS TEXT) IS NULL OR u.connection = $2) \
             ORDER BY u.logins_count DESC, u.user_id LIMIT $3 OFFSET $4"
        ),
    }
}

fn read(key: &SealingKey, tenant: &TenantId, row: &mut Row) -> Result<User, StoreError> {
    let user = read_joined(key, tenant, row)?;
    user.ok_or_else(|| WrongColumn.at("user_account", "a row"))
}

/// The columns of a user in a row of something else; they are null where there is none.
pub(crate) fn read_joined(
    key: &SealingKey,
    tenant: &TenantId,
    row: &mut Row,
) -> Result<Option<User>, StoreError> {
    let id = row.text_or_none();
    let Some(id) = id.map_err(|wrong| wrong.at("user_account", "a row"))? else {
        return Ok(None);
    };
    let wrong = |wrong: WrongColumn| wrong.at("user_account", &*id);
    let (mut user, sealed) = columns(&id, row).map_err(wrong)?;
    if let Some(sealed) = sealed {
        let password = seal::open_text(key, &place(tenant, &user.id), &sealed);
        user.password = Some(password.ok_or(WrongColumn).map_err(wrong)?);
    }
    Ok(Some(user))
}

/// What [`body`] wrote.
#[derive(Deserialize)]
struct Stored {
    email: Option<String>,
    email_verified: bool,
    username: Option<String>,
    phone_number: Option<String>,
    phone_verified: bool,
    profile: Map<String, Value>,
    user_metadata: Map<String, Value>,
    app_metadata: Map<String, Value>,
    last_ip: Option<String>,
    last_password_reset: Option<i64>,
}

fn columns(id: &str, row: &mut Row) -> Result<(User, Option<Vec<u8>>), WrongColumn> {
    let connection = row.text()?;
    let blocked = row.int()? != 0;
    let created_at = Timestamp::from_millis(row.int()?);
    let updated_at = Timestamp::from_millis(row.int()?);
    let last_login = row.int_or_none()?.map(Timestamp::from_millis);
    let (logins_count, revision) = (row.int()?, row.int()?);
    let body: Stored = serde_json::from_str(&row.text()?).map_err(|_| WrongColumn)?;
    let sealed = row.blob_or_none()?;
    let last_ip = body.last_ip.unwrap_or_default();
    let user = User {
        id: UserId::parse(id).ok_or(WrongColumn)?,
        connection,
        email: body.email,
        email_verified: body.email_verified,
        username: body.username,
        phone_number: body.phone_number,
        phone_verified: body.phone_verified,
        blocked,
        profile: body.profile,
        user_metadata: body.user_metadata,
        app_metadata: body.app_metadata,
        created_at,
        updated_at,
        last_login: last_login.map(|at| (at, last_ip)),
        logins_count,
        last_password_reset: body.last_password_reset.map(Timestamp::from_millis),
        password: None,
        revision,
    };
    Ok((user, sealed))
}

/// Table, tenant, id, column.
fn place(tenant: &TenantId, id: &UserId) -> String {
    format!("user_account|{tenant}|{id}|sealed")
}

fn body(user: &User) -> Result<String, StoreError> {
    let body = json!({
        "email": user.email,
        "email_verified": user.email_verified,
        "username": user.username,
        "phone_number": user.phone_number,
        "phone_verified": user.phone_verified,
        "profile": user.profile,
        "user_metadata": user.user_metadata,
        "app_metadata": user.app_metadata,
        "last_ip": user.last_login.as_ref().map(|(_, ip)| ip),
        "last_password_reset": user.last_password_reset.map(Timestamp::millis),
    });
    serde_json::to_string(&body).map_err(StoreError::unavailable)
}

fn sealed(key: &SealingKey, tenant: &TenantId, user: &User) -> Result<Column, StoreError> {
    let seal = |password: &Secret<String>| seal::seal_text(key, &place(tenant, &user.id), password);
    user.password.as_ref().map_or(Ok(Column::Null), seal)
}

/// The statements of a change to users.
pub(crate) fn statements(
    key: &SealingKey,
    tenant: &TenantId,
    write: &UserWrite,
) -> Result<Vec<Statement>, StoreError> {
    let id = tenant.as_str();
    Ok(match write {
        UserWrite::Insert(user) => vec![insert(key, tenant, user)?],
        UserWrite::Update(user) => update(key, tenant, user)?,
        UserWrite::Login(user) => vec![login(tenant, user)?],
        UserWrite::Same {
            user,
            created_at,
            revision,
        } => vec![same(tenant, user, *created_at, *revision)],
        UserWrite::Delete(user) => delete(tenant, user),
        UserWrite::DeleteOfConnection(connection) => delete_of_connection(tenant, connection),
        UserWrite::AddRole(user, role, at) => vec![Statement::any(
            "INSERT INTO user_role (tenant_id, role_id, user_id, assigned_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            params![id, role.as_str(), user.as_str(), at.millis()],
        )],
        UserWrite::RemoveRole(user, role) => vec![Statement::any(
            "DELETE FROM user_role WHERE tenant_id = $1 AND role_id = $2 AND user_id = $3",
            params![id, role.as_str(), user.as_str()],
        )],
        UserWrite::AddPermission(user, permission) => vec![Statement::any(
            "INSERT INTO user_permission (tenant_id, user_id, api, name)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            params![
                id,
                user.as_str(),
                permission.api.as_str(),
                permission.name.as_str()
            ],
        )],
        UserWrite::RemovePermission(user, permission) => vec![Statement::any(
            "DELETE FROM user_permission
              WHERE tenant_id = $1 AND user_id = $2 AND api = $3 AND name = $4",
            params![
                id,
                user.as_str(),
                permission.api.as_str(),
                permission.name.as_str()
            ],
        )],
        UserWrite::ForgetRole(role) => vec![Statement::any(
            "DELETE FROM user_role WHERE tenant_id = $1 AND role_id = $2",
            params![id, role.as_str()],
        )],
        UserWrite::ForgetPermissions(api, name) => vec![Statement::any(
            "DELETE FROM user_permission WHERE tenant_id = $1 AND api = $2
                AND (CAST($3 AS TEXT) IS NULL OR name = $3)",
            params![id, api.as_str(), name.as_deref()],
        )],
    })
}

fn insert(key: &SealingKey, tenant: &TenantId, user: &User) -> Result<Statement, StoreError> {
    Ok(Statement::guarded(
        "INSERT INTO user_account (tenant_id, user_id, connection, email_folded, username_folded,
            phone_number, blocked, created_at, updated_at, last_login, logins_count, revision,
            body, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT DO NOTHING",
        params![
            tenant.as_str(),
            user.id.as_str(),
            user.connection.as_str(),
            user.email.as_deref().map(fold),
            user.username.as_deref().map(fold),
            user.phone_number.as_deref(),
            i64::from(user.blocked),
            user.created_at.millis(),
            user.updated_at.millis(),
            user.last_login.as_ref().map(|(at, _)| at.millis()),
            user.logins_count,
            user.revision,
            body(user)?,
            sealed(key, tenant, user)?,
        ],
        Refusal::Conflict(Conflict::UserExists),
    ))
}

fn update(key: &SealingKey, tenant: &TenantId, user: &User) -> Result<Vec<Statement>, StoreError> {
    let (email, username) = (
        user.email.as_deref().map(fold),
        user.username.as_deref().map(fold),
    );
    // asked first: a violated constraint would be an error, not an answer
    let free = Statement::guarded(
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM user_account
          WHERE tenant_id = $1 AND connection = $2 AND user_id <> $3
            AND (email_folded = $4 OR username_folded = $5 OR phone_number = $6))",
        params![
            tenant.as_str(),
            user.connection.as_str(),
            user.id.as_str(),
            email.clone(),
            username.clone(),
            user.phone_number.as_deref(),
        ],
        Refusal::Conflict(Conflict::UserExists),
    );
    let update = Statement::guarded(
        "UPDATE user_account SET email_folded = $3, username_folded = $4, phone_number = $5,
                blocked = $6, updated_at = $7, last_login = $8, logins_count = $9, body = $10,
                sealed = $11, revision = revision + 1
          WHERE tenant_id = $1 AND user_id = $2 AND revision = $12 AND created_at = $13",
        params![
            tenant.as_str(),
            user.id.as_str(),
            email,
            username,
            user.phone_number.as_deref(),
            i64::from(user.blocked),
            user.updated_at.millis(),
            user.last_login.as_ref().map(|(at, _)| at.millis()),
            user.logins_count,
            body(user)?,
            sealed(key, tenant, user)?,
            user.revision,
            user.created_at.millis(),
        ],
        Refusal::Conflict(Conflict::UserMoved),
    );
    Ok(vec![free, update.locking()])
}

/// No column of an index is named, so none is written.
fn login(tenant: &TenantId, user: &User) -> Result<Statement, StoreError> {
    let statement = Statement::guarded(
        "UPDATE user_account SET last_login = $3, logins_count = $4, body = $5,
                revision = revision + 1
          WHERE tenant_id = $1 AND user_id = $2 AND revision = $6 AND created_at = $7",
        params![
            tenant.as_str(),
            user.id.as_str(),
            user.last_login.as_ref().map(|(at, _)| at.millis()),
            user.logins_count,
            body(user)?,
            user.revision,
            user.created_at.millis(),
        ],
        Refusal::Conflict(Conflict::UserMoved),
    );
    Ok(statement.locking())
}

/// A write that changes nothing: reading alone would let a change pass that is being committed.
fn same(tenant: &TenantId, user: &UserId, created_at: Timestamp, revision: i64) -> Statement {
    let same = Statement::guarded(
        "UPDATE user_account SET revision = revision
          WHERE tenant_id = $1 AND user_id = $2 AND created_at = $3 AND revision = $4",
        params![
            tenant.as_str(),
            user.as_str(),
            created_at.millis(),
            revision
        ],
        Refusal::Conflict(Conflict::UserMoved),
    );
    same.locking()
}

/// The user and everything of it.
fn delete(tenant: &TenantId, user: &UserId) -> Vec<Statement> {
    let all = [
        "DELETE FROM user_role WHERE tenant_id = $1 AND user_id = $2",
        "DELETE FROM user_permission WHERE tenant_id = $1 AND user_id = $2",
        "DELETE FROM artefact WHERE tenant_id = $1 AND user_id = $2",
        "DELETE FROM user_account WHERE tenant_id = $1 AND user_id = $2",
    ];
    all.into_iter()
        .map(|sql| Statement::any(sql, params![tenant.as_str(), user.as_str()]))
        .collect()
}

/// All users of a connection and everything of them.
fn delete_of_connection(tenant: &TenantId, connection: &str) -> Vec<Statement> {
    let all = [
        "DELETE FROM user_role WHERE tenant_id = $1 AND user_id IN (
            SELECT user_id FROM user_account WHERE tenant_id = $1 AND connection = $2)",
        "DELETE FROM user_permission WHERE tenant_id = $1 AND user_id IN (
            SELECT user_id FROM user_account WHERE tenant_id = $1 AND connection = $2)",
        "DELETE FROM artefact WHERE tenant_id = $1 AND user_id IN (
            SELECT user_id FROM user_account WHERE tenant_id = $1 AND connection = $2)",
        "DELETE FROM user_account WHERE tenant_id = $1 AND connection = $2",
    ];
    all.into_iter()
        .map(|sql| Statement::any(sql, params![tenant.as_str(), connection]))
        .collect()
}
