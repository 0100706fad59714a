-- Users, what they hold, and protocol state that lives for a while.

CREATE TABLE user_account (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    user_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    email_folded TEXT,
    username_folded TEXT,
    phone_number TEXT,
    blocked BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_login BIGINT,
    logins_count BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    body TEXT NOT NULL,
    sealed BYTEA,
    PRIMARY KEY (tenant_id, user_id),
    UNIQUE (tenant_id, connection, email_folded),
    UNIQUE (tenant_id, connection, username_folded),
    UNIQUE (tenant_id, connection, phone_number)
);

CREATE INDEX user_account_email ON user_account (tenant_id, email_folded);
CREATE INDEX user_account_username ON user_account (tenant_id, username_folded);
CREATE INDEX user_account_phone ON user_account (tenant_id, phone_number);
CREATE INDEX user_account_created ON user_account (tenant_id, created_at, user_id);

CREATE TABLE user_role (
    tenant_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    assigned_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, role_id, user_id)
) CLUSTERED;

CREATE INDEX user_role_user ON user_role (tenant_id, user_id);

CREATE TABLE user_permission (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    api TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, api, name)
) CLUSTERED;

CREATE INDEX user_permission_api ON user_permission (tenant_id, api);

CREATE TABLE artefact (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL,
    id TEXT,
    group_id TEXT,
    user_id TEXT,
    client_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    revision BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, digest)
);

CREATE INDEX artefact_id ON artefact (tenant_id, kind, id);
CREATE INDEX artefact_group ON artefact (tenant_id, group_id);
CREATE INDEX artefact_user ON artefact (tenant_id, kind, user_id);
CREATE INDEX artefact_client ON artefact (tenant_id, kind, client_id);
CREATE INDEX artefact_expiry ON artefact (expires_at);

CREATE TABLE login_failure (
    tenant_id TEXT NOT NULL,
    digest BYTEA NOT NULL,
    identifier TEXT NOT NULL,
    connection TEXT NOT NULL,
    ip TEXT NOT NULL,
    count BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- since when the count runs down, and whether the last attempt went through
    since BIGINT NOT NULL DEFAULT 0,
    passed BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, digest)
);

CREATE INDEX login_failure_identifier ON login_failure (tenant_id, identifier);
CREATE INDEX login_failure_expiry ON login_failure (expires_at);
