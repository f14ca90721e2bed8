-- Agents as members: where they come from, whether they are let in, and invites for those from outside.
-- `spawned` at a runtime of ours, or `external`.
ALTER TABLE agents ADD COLUMN origin TEXT NOT NULL DEFAULT 'spawned';
-- How an external agent calls itself, where another workspace has that id already.
ALTER TABLE agents ADD COLUMN external_id TEXT;
-- `pending`, `approved`, `denied` or `revoked`.
ALTER TABLE agents ADD COLUMN access TEXT NOT NULL DEFAULT 'approved';
-- A JSON object: what it asked for, and who decided.
ALTER TABLE agents ADD COLUMN admission TEXT NOT NULL DEFAULT '{}';
-- `user` or `agent`.
ALTER TABLE agents ADD COLUMN spawned_by_kind TEXT NOT NULL DEFAULT 'user';
CREATE UNIQUE INDEX agents_by_external_id ON agents (workspace_id, external_id);
CREATE INDEX agents_by_access ON agents (workspace_id, access, origin);

ALTER TABLE agent_settings ADD COLUMN allow_access_requests BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE agent_settings ADD COLUMN max_agents BIGINT NOT NULL DEFAULT 20;

CREATE TABLE agent_invites (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    -- A JSON array of permissions.
    permissions TEXT NOT NULL,
    -- SHA-256 in hexadecimal of the token, which is random.
    token_digest TEXT NOT NULL UNIQUE,
    -- Null when it may be used without end.
    uses_remaining BIGINT,
    uses BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX agent_invites_by_workspace ON agent_invites (workspace_id, id);
