-- The audit log: one chain per workspace, and one of the server itself.
CREATE TABLE audit_log (
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT,
    agent_id TEXT,
    outcome TEXT NOT NULL,
    request_id TEXT,
    address TEXT,
    -- A JSON object, removed when its time is over; its keyed digest stays.
    detail TEXT,
    detail_digest TEXT NOT NULL,
    -- Keyed digest of this entry and of the link before it.
    link TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_log_by_agent ON audit_log (chain, agent_id, seq);
CREATE INDEX audit_log_by_actor ON audit_log (chain, actor_id, seq);
-- Where each chain begins and ends, sealed with the server's key.
CREATE TABLE audit_heads (
    chain TEXT PRIMARY KEY,
    first_seq BIGINT NOT NULL,
    base_link TEXT NOT NULL,
    seq BIGINT NOT NULL,
    link TEXT NOT NULL,
    seal TEXT NOT NULL
);
