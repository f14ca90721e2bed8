//! Words of a task that changes replaced: whoever changes them without saying what they have read loses nobody's.
//!
//! Owns how many are kept. Must not know why they were changed.

use raven_protocol::id::TaskId;
use raven_protocol::time::Timestamp;
use serde::Serialize;

use super::{Tasks, readable, rows};
use crate::access::Granted;
use crate::access::knowledge::ReadTasks;
use crate::audit::Actor;
use crate::db::task_texts;
use crate::error::Error;
use crate::events::Change;
use crate::page::{Page, PageQuery};

/// Most of a task that are kept; more would be an archive of every keystroke of a program.
const MAX_TEXTS: u64 = 100;

/// Most that are told at once: each may be long.
const AT_ONCE: u64 = 20;

/// Title and description of a task that a change replaced.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskText {
    /// The last version of the task that had them.
    pub version: i64,
    pub title: String,
    /// Markdown.
    pub description: String,
    pub replaced_at: Timestamp,
    pub replaced_by: Actor,
}

impl Tasks {
    /// What a task's title and description were before, newest first, at most 20 at once.
    pub async fn history(
        &self,
        by: &Granted<ReadTasks>,
        id: &TaskId,
        page: PageQuery,
    ) -> Result<Page<TaskText>, Error> {
        let limit = page.limit()?.min(AT_ONCE);
        let before = page.cursor.as_deref().map(str::parse).transpose();
        let before = before.map_err(|_| Error::invalid("cursor", "is none of this list"))?;
        readable(self.db.read(), by, id).await?;
        let found = task_texts::page(self.db.read(), id, before, limit + 1).await?;
        let found = found.into_iter().map(|row| (row.version.to_string(), row)).collect();
        Page::of(found, limit, |(version, _)| version, |(_, row)| Ok(view(row)))
    }
}

/// Keeps the words of a task that is changed, when they are.
pub(super) async fn keep<P>(
    change: &Change,
    by: &Granted<P>,
    (before, after): (&rows::Model, &rows::Model),
) -> Result<(), Error> {
    if before.title == after.title && before.description == after.description {
        return Ok(());
    }
    let actor = by.actor();
    let row = task_texts::Model {
        task_id: before.id.clone(),
        version: before.version,
        title: before.title.clone(),
        description: before.description.clone(),
        replaced_at: after.updated_at,
        replaced_by_kind: actor.kind.as_str().to_owned(),
        replaced_by: actor.id,
        replaced_by_name: actor.name,
    };
    Ok(task_texts::add(change.tx(), &row, MAX_TEXTS).await?)
}

fn view(row: task_texts::Model) -> TaskText {
    TaskText {
        version: row.version,
        title: row.title,
        description: row.description,
        replaced_at: Timestamp::from_millis(row.replaced_at),
        replaced_by: Actor::from_row(&row.replaced_by_kind, row.replaced_by, row.replaced_by_name),
    }
}
