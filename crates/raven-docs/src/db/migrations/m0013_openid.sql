-- Sign-in by OpenID Connect.

-- Who vouches for a workspace's people; one for each workspace at most.
CREATE TABLE identity_providers (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL UNIQUE REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret_sealed TEXT NOT NULL,
    -- A JSON list of the e-mail domains whose people get an account.
    allowed_domains TEXT NOT NULL,
    default_role TEXT NOT NULL,
    create_accounts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Which account somebody has whom an issuer knows.
CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- As the issuer said when it was connected, to be shown.
    email TEXT,
    connected_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id, id);

-- Sign-ins that are under way at a provider; each ends at its first answer.
CREATE TABLE openid_attempts (
    state_digest TEXT PRIMARY KEY,
    -- Of the cookie of the browser that began it.
    browser_digest TEXT NOT NULL,
    nonce_digest TEXT NOT NULL,
    verifier_sealed TEXT NOT NULL,
    provider_id TEXT NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    -- Whose account it is to be connected to; null for a sign-in.
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX openid_attempts_by_provider ON openid_attempts (provider_id, expires_at);
