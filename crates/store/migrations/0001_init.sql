-- One text for both databases; src/migrate.rs says what it rewrites. Times are milliseconds.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Writers of hosts take this row first: a host is unique across two tables.
INSERT INTO meta (name, value) VALUES ('hosts', '');

CREATE TABLE tenant (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL UNIQUE,
    profile TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tenant_domain (
    host TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id)
);

CREATE TABLE document (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT,
    unique_name TEXT,
    created_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    body TEXT NOT NULL,
    sealed BYTEA,
    PRIMARY KEY (tenant_id, kind, id),
    UNIQUE (tenant_id, kind, unique_name)
);

CREATE INDEX document_parent ON document (tenant_id, parent);

CREATE TABLE tenant_change (
    tenant_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    removed BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, version, kind, id)
) CLUSTERED;

CREATE TABLE log_event (
    tenant_id TEXT NOT NULL,
    log_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, log_id)
);

CREATE TABLE consumed_assertion (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    jti BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, jti)
) CLUSTERED;

CREATE INDEX consumed_assertion_expiry ON consumed_assertion (expires_at);
