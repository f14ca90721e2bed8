-- Times are milliseconds since the Unix epoch. Digests are SHA-256 in hexadecimal.
CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);

CREATE TABLE sign_ins (
    secret_digest TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    secret_digest TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

-- One row per workspace: how its runtime is reached, and what was last heard of it.
CREATE TABLE agent_settings (
    workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    hosting_mode TEXT NOT NULL,
    runtime_endpoint TEXT,
    runtime_auth_type TEXT NOT NULL,
    runtime_key_sealed TEXT,
    runtime_key_digest TEXT,
    runtime_id TEXT,
    runtime_version TEXT,
    runtime_active_agents BIGINT,
    runtime_last_heartbeat BIGINT,
    runtime_error TEXT,
    event_cursor BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX agent_settings_by_key ON agent_settings (runtime_key_digest);

CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    runtime_agent_id TEXT NOT NULL,
    -- Which installation runs it; null when that runtime tells no id.
    runtime_id TEXT,
    name TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    status TEXT NOT NULL,
    status_since BIGINT NOT NULL,
    evidence TEXT,
    error TEXT,
    login_url TEXT,
    capabilities TEXT NOT NULL,
    cwd TEXT,
    pid BIGINT,
    exit_code BIGINT,
    callback_digest TEXT NOT NULL,
    -- Digest of the Idempotency-Key of the request that asked for it.
    request_digest TEXT,
    spawned_by TEXT NOT NULL,
    spawned_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    last_activity_at BIGINT
);
CREATE INDEX agents_by_workspace ON agents (workspace_id, created_at, id);
CREATE INDEX agents_by_runtime_id ON agents (workspace_id, runtime_agent_id);
CREATE INDEX agents_by_request ON agents (request_digest);
CREATE INDEX agents_by_callback ON agents (callback_digest);

CREATE TABLE terminal_sessions (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    runtime_session_id TEXT NOT NULL,
    runtime_endpoint TEXT,
    direction TEXT NOT NULL,
    title TEXT,
    status TEXT NOT NULL,
    cols BIGINT NOT NULL,
    "rows" BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX terminal_sessions_by_agent ON terminal_sessions (agent_id, created_at);
CREATE INDEX terminal_sessions_by_workspace ON terminal_sessions (workspace_id, created_at, id);
CREATE INDEX terminal_sessions_by_runtime_session ON terminal_sessions (workspace_id, runtime_session_id);

CREATE TABLE activities (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    detail TEXT,
    agent_id TEXT,
    agent_name TEXT,
    session_id TEXT,
    actor_id TEXT,
    actor_name TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX activities_by_workspace ON activities (workspace_id, id);
CREATE INDEX activities_by_agent ON activities (agent_id, id);
