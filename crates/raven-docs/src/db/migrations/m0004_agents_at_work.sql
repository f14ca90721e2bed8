-- What agents are at and may do, and the keys by which they are known. Times are milliseconds since the Unix epoch.
-- A JSON object: what it asks, how to sign in, its turn, what it has used.
ALTER TABLE agents ADD COLUMN doing TEXT NOT NULL DEFAULT '{}';
-- A JSON array of permissions.
ALTER TABLE agents ADD COLUMN permissions TEXT NOT NULL DEFAULT '[]';
CREATE TABLE agent_keys (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    -- SHA-256 in hexadecimal of the key, which is random.
    digest TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX agent_keys_by_agent ON agent_keys (agent_id);
