-- What is null is looked for by nobody, and each entry is a page to be written.

DROP INDEX artefact_id;
DROP INDEX artefact_group;
DROP INDEX artefact_user;
DROP INDEX artefact_client;

CREATE INDEX artefact_id ON artefact (tenant_id, kind, id) WHERE id IS NOT NULL;
CREATE INDEX artefact_group ON artefact (tenant_id, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX artefact_user ON artefact (tenant_id, kind, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX artefact_client ON artefact (tenant_id, kind, client_id) WHERE client_id IS NOT NULL;
