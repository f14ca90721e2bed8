-- Where agents were mentioned, for each agent the newest.
CREATE TABLE agent_mentions (
    id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    -- One of the two; it may be gone.
    page_id TEXT,
    task_id TEXT,
    author_kind TEXT NOT NULL,
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX agent_mentions_by_agent ON agent_mentions (agent_id, id);
-- What all files of a workspace have together.
CREATE INDEX attachments_by_size ON attachments (workspace_id, size);
