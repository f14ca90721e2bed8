-- Up to which entry of a chain the details were removed; sealed with the rest of the head.
ALTER TABLE audit_heads ADD COLUMN detail_seq BIGINT NOT NULL DEFAULT 0;
-- What a chain came to at some time, signed, and whether it was delivered to where others keep it.
CREATE TABLE audit_checkpoints (
    id TEXT PRIMARY KEY,
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    link TEXT NOT NULL,
    at BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    signature TEXT NOT NULL,
    filed_at BIGINT,
    posted_at BIGINT
);
CREATE INDEX audit_checkpoints_by_chain ON audit_checkpoints (chain, seq);
CREATE INDEX audit_log_by_action ON audit_log (chain, action, seq);
-- For how many days entries keep what was before and after, and for how many they are kept.
ALTER TABLE agent_settings ADD COLUMN audit_detail_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE agent_settings ADD COLUMN audit_days BIGINT NOT NULL DEFAULT 365;
CREATE INDEX activities_by_actor ON activities (workspace_id, actor_id, id);
