-- What each workspace records, and for how long.
ALTER TABLE agent_settings ADD COLUMN record_input TEXT NOT NULL DEFAULT 'full';
ALTER TABLE agent_settings ADD COLUMN recording_retention_days BIGINT;

-- One per terminal session. `seal` is a keyed digest of what the row says of the chain of blocks, so that
-- a row that was changed by hand is noticed.
CREATE TABLE recordings (
    session_id TEXT PRIMARY KEY REFERENCES terminal_sessions (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    input TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    -- Time of the newest entry; the end, once it is complete.
    last_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- Offset after the newest recorded output, and how many bytes of it there are.
    head BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    stored_bytes BIGINT NOT NULL,
    gaps BIGINT NOT NULL,
    segments BIGINT NOT NULL,
    blocks BIGINT NOT NULL,
    link TEXT NOT NULL,
    -- Blocks that were written and were gone when the recording was taken up again.
    lost_blocks BIGINT NOT NULL,
    seal TEXT NOT NULL,
    expired_at BIGINT
);
CREATE INDEX recordings_by_end ON recordings (workspace_id, ended_at);

-- Parts of a recording that are in the object store, in order.
CREATE TABLE recording_segments (
    session_id TEXT NOT NULL REFERENCES recordings (session_id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    -- Number of its first block, and how many it has.
    first_block BIGINT NOT NULL,
    blocks BIGINT NOT NULL,
    -- Bytes of output in it, bytes in the store, and gaps in the output.
    bytes BIGINT NOT NULL,
    stored_bytes BIGINT NOT NULL,
    gaps BIGINT NOT NULL,
    -- Offset after its newest output.
    head BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    -- The chain's link after its last block.
    link TEXT NOT NULL,
    PRIMARY KEY (session_id, number)
);
