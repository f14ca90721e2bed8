-- Requests with an `Idempotency-Key`, each with what it has made.
CREATE TABLE repeats (
    noun TEXT NOT NULL,
    -- Of the key and whose it is.
    key_digest TEXT NOT NULL,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Of what was asked for.
    content_digest TEXT NOT NULL,
    made_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (noun, key_digest)
);
CREATE INDEX repeats_by_time ON repeats (created_at);
