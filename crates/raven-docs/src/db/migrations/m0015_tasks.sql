-- Tasks that belong together.
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Whether agents may see it; null means yes, and is what a task without a say of its own goes by.
    agent_accessible BOOLEAN,
    created_at BIGINT NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX projects_by_workspace ON projects (workspace_id, id);
CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Counts the tasks of the workspace; what people call it.
    number BIGINT NOT NULL,
    project_id TEXT REFERENCES projects (id),
    title TEXT NOT NULL,
    -- Markdown.
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    bucket TEXT NOT NULL,
    -- A person or an agent of the workspace.
    assignee_kind TEXT,
    assignee_id TEXT,
    assignee_name TEXT,
    -- A day, as in 2026-01-31.
    due_date TEXT,
    -- Among the tasks of the same status, with gaps.
    position BIGINT NOT NULL,
    -- Whether agents may see it; null means as its project.
    agent_accessible BOOLEAN,
    -- The pages that it refers to, a JSON array of ids.
    page_ids TEXT NOT NULL,
    -- Counts the states of it.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by_kind TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_by_name TEXT NOT NULL,
    completed_at BIGINT
);
CREATE UNIQUE INDEX tasks_by_number ON tasks (workspace_id, number);
CREATE INDEX tasks_by_position ON tasks (workspace_id, position, id);
CREATE INDEX tasks_by_column ON tasks (workspace_id, status, position, id);
CREATE INDEX tasks_by_project ON tasks (project_id, status, position, id);
CREATE INDEX tasks_by_assignee ON tasks (workspace_id, assignee_id, position, id);
-- The number of a workspace's newest task: that of one that was deleted is not given again.
CREATE TABLE task_numbers (
    workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    last BIGINT NOT NULL
);
-- What agents and people want remembered.
CREATE TABLE memories (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    owner_kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    -- Markdown.
    content TEXT NOT NULL,
    -- A JSON array of texts.
    tags TEXT NOT NULL,
    -- Whether others than its owner may read it.
    shared BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX memories_by_workspace ON memories (workspace_id, id);
CREATE INDEX memories_by_owner ON memories (workspace_id, owner_id, id);
CREATE INDEX memories_shared ON memories (workspace_id, shared, id);
