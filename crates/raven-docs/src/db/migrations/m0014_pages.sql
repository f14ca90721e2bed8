-- Pages that belong together.
CREATE TABLE spaces (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX spaces_by_slug ON spaces (workspace_id, slug);
CREATE TABLE pages (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    space_id TEXT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
    parent_id TEXT REFERENCES pages (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    slug TEXT NOT NULL,
    -- Markdown.
    content TEXT NOT NULL,
    -- Among the pages under the same one, with gaps.
    position BIGINT NOT NULL,
    -- The page's own flag; one that is closed closes what is under it too.
    agent_accessible BOOLEAN NOT NULL,
    -- Counts the states of title and content.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by_kind TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_by_name TEXT NOT NULL,
    -- Since when it is in the trash, and the page with which it was put there.
    trashed_at BIGINT,
    trashed_with TEXT
);
CREATE UNIQUE INDEX pages_by_slug ON pages (space_id, slug);
CREATE INDEX pages_by_name ON pages (workspace_id, slug);
CREATE INDEX pages_by_parent ON pages (parent_id, position, id);
CREATE INDEX pages_by_space ON pages (space_id, parent_id, position, id);
CREATE INDEX pages_by_time ON pages (workspace_id, updated_at, id);
CREATE INDEX pages_there ON pages (workspace_id, id) WHERE trashed_at IS NULL;
CREATE INDEX pages_there_by_space ON pages (space_id, id) WHERE trashed_at IS NULL;
CREATE INDEX pages_closed ON pages (workspace_id) WHERE NOT agent_accessible;
CREATE INDEX pages_in_trash ON pages (workspace_id, trashed_at, id) WHERE trashed_at IS NOT NULL;
CREATE INDEX pages_trashed_with ON pages (trashed_with) WHERE trashed_at IS NOT NULL;
-- Every state of a page, the present one included.
CREATE TABLE page_versions (
    id TEXT PRIMARY KEY,
    page_id TEXT NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    saved_at BIGINT NOT NULL,
    saved_by_kind TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_by_name TEXT NOT NULL
);
CREATE UNIQUE INDEX page_versions_by_page ON page_versions (page_id, version);
-- Files of pages. One that was removed stays until its object is.
CREATE TABLE attachments (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    page_id TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX attachments_by_page ON attachments (page_id, id);
CREATE INDEX attachments_removed ON attachments (removed_at) WHERE removed_at IS NOT NULL;
CREATE TABLE comments (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- One of the two.
    page_id TEXT REFERENCES pages (id) ON DELETE CASCADE,
    task_id TEXT,
    content TEXT NOT NULL,
    reply_to TEXT REFERENCES comments (id) ON DELETE CASCADE,
    author_kind TEXT NOT NULL,
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT,
    resolved_by_name TEXT
);
CREATE INDEX comments_by_page ON comments (page_id, id);
CREATE INDEX comments_by_task ON comments (task_id, id);
CREATE INDEX comments_by_reply ON comments (reply_to);
-- Of what is for one person alone, and has a place of its own.
ALTER TABLE notification_jobs ADD COLUMN user_id TEXT;
ALTER TABLE notification_jobs ADD COLUMN path TEXT;
ALTER TABLE notifications ADD COLUMN path TEXT;
