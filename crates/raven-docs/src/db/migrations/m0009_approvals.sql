-- What may be done, what must be asked for, and what not: one document per workspace, and one per agent that has
-- rules of its own. The workspace's own has an empty agent.
CREATE TABLE policies (
    workspace_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- A JSON array of rules.
    rules TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_by_name TEXT NOT NULL,
    PRIMARY KEY (workspace_id, agent_id)
);
-- Requests that people decide.
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    -- `user` or `agent`.
    asked_kind TEXT NOT NULL,
    asked_id TEXT NOT NULL,
    asked_name TEXT NOT NULL,
    agent_id TEXT,
    agent_name TEXT,
    -- The person at the root of the agents that spawned the one that asks.
    owner_id TEXT,
    owner_name TEXT,
    action_kind TEXT NOT NULL,
    tool TEXT,
    -- What will be done, as JSON, sealed: it may hold secrets.
    action_sealed TEXT NOT NULL,
    -- Its keyed digest, for the audit log.
    action_digest TEXT NOT NULL,
    -- What people are shown of it, as JSON.
    shown TEXT NOT NULL,
    summary TEXT NOT NULL,
    reason TEXT,
    state TEXT NOT NULL,
    deciders BIGINT NOT NULL,
    decider_role TEXT NOT NULL,
    -- Digest of the `Idempotency-Key` of the request.
    request_digest TEXT,
    created_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    settled_at BIGINT,
    error TEXT,
    -- What came of it, as JSON.
    result TEXT
);
CREATE INDEX approvals_by_workspace ON approvals (workspace_id, state, id);
CREATE INDEX approvals_by_deadline ON approvals (state, deadline);
CREATE UNIQUE INDEX approvals_by_request ON approvals (request_digest);
CREATE TABLE approval_decisions (
    approval_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    -- `approve` or `reject`.
    verdict TEXT NOT NULL,
    note TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (approval_id, user_id)
);
-- Questions of agents to people.
CREATE TABLE questions (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    question TEXT NOT NULL,
    -- A JSON array of texts.
    options TEXT NOT NULL,
    context TEXT,
    state TEXT NOT NULL,
    answer TEXT,
    answered_by TEXT,
    answered_by_name TEXT,
    created_at BIGINT NOT NULL,
    escalates_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    answered_at BIGINT
);
CREATE INDEX questions_by_workspace ON questions (workspace_id, state, id);
CREATE INDEX questions_by_deadline ON questions (state, deadline);
