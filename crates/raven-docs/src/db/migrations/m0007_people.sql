-- People in several workspaces: a sign-in and a token are for one of them at a time.
ALTER TABLE memberships ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;
-- When its person last signed in to it or switched to it: where the next sign-in leads.
ALTER TABLE memberships ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX memberships_by_user ON memberships (user_id, workspace_id);

ALTER TABLE sign_ins ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN workspace_id TEXT REFERENCES workspaces (id) ON DELETE CASCADE;
ALTER TABLE sign_ins ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sign_ins ADD COLUMN address TEXT;
ALTER TABLE sign_ins ADD COLUMN user_agent TEXT;
UPDATE sign_ins SET id = 'sgn_' || substr(secret_digest, 1, 32), last_seen_at = created_at,
    workspace_id = (SELECT MIN(workspace_id) FROM memberships WHERE memberships.user_id = sign_ins.user_id);
CREATE UNIQUE INDEX sign_ins_by_id ON sign_ins (id);
CREATE INDEX sign_ins_by_user ON sign_ins (user_id, id);

ALTER TABLE tokens ADD COLUMN workspace_id TEXT REFERENCES workspaces (id) ON DELETE CASCADE;
-- A JSON list of words; the strongest of them bounds the role that the token gives.
ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT '["owner"]';
ALTER TABLE tokens ADD COLUMN expires_at BIGINT;
UPDATE tokens SET
    workspace_id = (SELECT MIN(workspace_id) FROM memberships WHERE memberships.user_id = tokens.user_id);

CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    -- Whom it is for; anybody who has the link when null.
    email TEXT,
    secret_digest TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    used_at BIGINT,
    used_by TEXT
);
CREATE INDEX invitations_by_workspace ON invitations (workspace_id, id);

-- One per person at most; not in force until a first code has confirmed it.
CREATE TABLE second_factors (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    seed_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    -- The step of the last code that was taken: none is taken twice.
    last_step BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_digest TEXT NOT NULL,
    PRIMARY KEY (user_id, secret_digest)
);

-- Failed sign-ins in a row of one account: from each address, and from all of them together as `*`.
CREATE TABLE sign_in_failures (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    -- When somebody last signed in from there; 0 for never.
    good_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, address)
);
