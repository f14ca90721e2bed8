-- Words of a task that a change replaced.
CREATE TABLE task_texts (
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    -- The last version of the task that had them.
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    -- Markdown.
    description TEXT NOT NULL,
    replaced_at BIGINT NOT NULL,
    replaced_by_kind TEXT NOT NULL,
    replaced_by TEXT NOT NULL,
    replaced_by_name TEXT NOT NULL,
    PRIMARY KEY (task_id, version)
);
