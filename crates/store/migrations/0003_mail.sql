-- Mails that no mail server has taken yet.

CREATE TABLE mail (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    mail_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, mail_id)
);

CREATE INDEX mail_due ON mail (due_at);
