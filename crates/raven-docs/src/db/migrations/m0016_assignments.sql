-- Work that is given to agents.
CREATE TABLE assignments (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    agent_id TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    title TEXT NOT NULL,
    instructions TEXT NOT NULL,
    -- JSON arrays of ids.
    page_ids TEXT NOT NULL,
    task_ids TEXT NOT NULL,
    deadline BIGINT,
    -- `pending`, `delivered`, `working`, `blocked`, `done`, `failed` or `cancelled`.
    state TEXT NOT NULL,
    progress BIGINT,
    summary TEXT,
    -- JSON.
    result TEXT,
    -- Why it failed, where that was not told by who works on it.
    reason TEXT,
    -- `user`, `agent` or `control_plane`.
    assigned_by_kind TEXT NOT NULL,
    assigned_by TEXT NOT NULL,
    assigned_by_name TEXT NOT NULL,
    -- Digest of the `Idempotency-Key` of the request that gave it.
    request_digest TEXT UNIQUE,
    -- The message as which its agent is given it; kept before its runtime is asked to type it.
    message_id TEXT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX assignments_by_agent ON assignments (workspace_id, agent_id, id);
CREATE INDEX assignments_by_state ON assignments (state, deadline);

-- Whether its program takes what is typed as words: a bare shell would run them.
ALTER TABLE agents ADD COLUMN takes_prompts BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE agents SET takes_prompts = FALSE WHERE agent_type = 'custom' OR origin = 'external';
-- What it says of itself, as JSON.
ALTER TABLE agents ADD COLUMN own_status TEXT;

-- The control plane of the hosting mode `parallax`.
ALTER TABLE agent_settings ADD COLUMN control_plane_url TEXT;
ALTER TABLE agent_settings ADD COLUMN control_plane_key_sealed TEXT;
ALTER TABLE agent_settings ADD COLUMN control_plane_key_digest TEXT;
CREATE UNIQUE INDEX agent_settings_by_control_plane_key ON agent_settings (control_plane_key_digest);
