-- Read-only links to one terminal session each. Times are milliseconds since the Unix epoch.
CREATE TABLE terminal_links (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL REFERENCES terminal_sessions (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    -- SHA-256 in hexadecimal of the token, which is random.
    secret_digest TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX terminal_links_by_session ON terminal_links (session_id, id);
