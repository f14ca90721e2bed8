-- For how many days what is over is kept: the feed, settled requests, questions and assignments.
ALTER TABLE agent_settings ADD COLUMN history_days BIGINT NOT NULL DEFAULT 400;
CREATE INDEX activities_by_time ON activities (workspace_id, created_at);
