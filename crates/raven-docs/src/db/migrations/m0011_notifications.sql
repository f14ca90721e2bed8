-- What people and webhooks are to hear of, until it is known who does.
CREATE TABLE notification_jobs (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    topic TEXT NOT NULL,
    audience TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    detail TEXT,
    agent_id TEXT,
    agent_name TEXT,
    session_id TEXT,
    actor_id TEXT,
    created_at BIGINT NOT NULL
);
CREATE TABLE notification_preferences (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- A JSON object.
    preferences TEXT NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
-- What each person was told.
CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    detail TEXT,
    agent_id TEXT,
    agent_name TEXT,
    session_id TEXT,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX notifications_by_person ON notifications (workspace_id, user_id, id);
CREATE INDEX notifications_unread ON notifications (workspace_id, user_id, read_at);
CREATE INDEX notifications_by_time ON notifications (created_at);
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    -- JSON lists; no list of agents means every agent.
    topics TEXT NOT NULL,
    agent_ids TEXT,
    secret_sealed TEXT NOT NULL,
    -- Why it is off; null while it is on.
    off_because TEXT,
    -- Since when nothing of it was accepted.
    failing_since BIGINT,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_workspace ON webhooks (workspace_id, id);
-- What goes out by e-mail or to a webhook, and what came of it.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    -- The person or the webhook that it is for.
    target_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    -- Of an e-mail: the agent that it gathers from.
    agent_id TEXT,
    -- JSON.
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    code BIGINT,
    answer TEXT,
    next_at BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX deliveries_due ON deliveries (state, next_at);
CREATE INDEX deliveries_by_target ON deliveries (target_id, id);
CREATE INDEX deliveries_by_time ON deliveries (ended_at);
