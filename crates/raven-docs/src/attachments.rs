//! Files of pages. Whoever may read the page may read them.
//!
//! A file's object is put before its row counts, and removed after it does not: a crash leaves neither a row without
//! an object nor an object without a row. Owns what files there may be. Must not know where objects are kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use raven_protocol::id::{AttachmentId, PageId};
use raven_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::access::Granted;
use crate::access::knowledge::{ReadPages, WritePages};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{AgentCaller, Named};
use crate::db::{Db, attachments as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes};
use crate::page::{Page, PageQuery};
use crate::pages;
use crate::repeats::{self, Repeatable};
use crate::store::Store;

/// Largest file, in bytes.
pub const MAX_SIZE: usize = 10 * 1024 * 1024;

/// Most files of a page.
const MAX_FILES: u64 = 500;

/// Bytes of all files of a workspace, until those that were removed are swept too.
const MAX_TOTAL: i64 = 20 * 1024 * 1024 * 1024;

/// Longest name, in characters.
const MAX_NAME: usize = 200;

/// Longest content type, in characters.
const MAX_TYPE: usize = 100;

/// What a file is when nobody says.
const UNKNOWN: &str = "application/octet-stream";

/// Images that a browser shows and that run nothing.
const SAFE_IMAGES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// How long an object stays that does not count any more, or not yet: longer than any upload takes.
const SWEEP_AFTER_MS: i64 = 60 * 60 * 1000;

/// How often it is looked for these.
const SWEEP_EVERY: Duration = Duration::from_secs(15 * 60);

/// Objects that are removed at once.
const AT_ONCE: u64 = 100;

/// A file of a page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub id: String,
    pub page_id: String,
    pub name: String,
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    /// Where it is read, on this server; Markdown links there.
    pub url: String,
    pub created_at: Timestamp,
    pub created_by: Actor,
}

/// A file as it comes.
pub struct Upload {
    pub name: String,
    pub content_type: Option<String>,
    pub bytes: Bytes,
}

/// A file with its bytes.
pub struct Opened {
    pub name: String,
    pub content_type: String,
    pub bytes: Bytes,
}

impl Opened {
    /// Whether a browser may show it; others it saves.
    pub fn is_shown(&self) -> bool {
        SAFE_IMAGES.contains(&self.content_type.as_str())
    }
}

/// The files of all workspaces.
#[derive(Clone)]
pub struct Attachments {
    db: Db,
    changes: Changes,
    store: Arc<Store>,
}

impl Attachments {
    /// Opens the files of a data folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(data_dir: &Path, db: Db, changes: Changes) -> anyhow::Result<Self> {
        let store = Store::in_folder(&data_dir.join("attachments"))?;
        store.remove_unfinished()?;
        Ok(Self { db, changes, store: Arc::new(store) })
    }

    /// Adds a file to a page.
    pub async fn add(
        &self,
        by: &Granted<WritePages>,
        page: &PageId,
        file: Upload,
        request: Option<Repeatable>,
    ) -> Result<Attachment, Error> {
        let row = new_row(by, page, &file)?;
        let change = self.changes.begin_for(by).await?;
        pages::readable(change.tx(), by, page.as_str()).await?;
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            return before(&change, by, id).await;
        }
        check_room(&change, by, &row).await?;
        rows::insert(change.tx(), &row).await?;
        change.commit().await?;
        self.store.put(&key(&row), file.bytes).await?;
        let mut change = self.changes.begin_for(by).await?;
        // The page may have been closed or put into the trash meanwhile.
        pages::readable(change.tx(), by, page.as_str()).await?;
        // So may the same request, whose file then counts.
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            return before(&change, by, id).await;
        }
        repeats::keep(&change, request, &row.id).await?;
        if !rows::set_removed(change.tx(), &row.id, None).await? {
            return Err(anyhow::anyhow!("an upload took longer than its row was kept").into());
        }
        let what = (Action::AttachmentAdd, ActivityKind::AttachmentAdded);
        record(&mut change, by, &row, what).await?;
        change.commit().await?;
        Ok(view(row))
    }

    /// The files of a page, oldest first.
    pub async fn list(
        &self,
        by: &Granted<ReadPages>,
        page: &PageId,
        part: PageQuery,
    ) -> Result<Page<Attachment>, Error> {
        let limit = part.limit()?;
        let tx = self.db.snapshot().await?;
        pages::readable(&tx, by, page.as_str()).await?;
        let found = rows::of_page(&tx, page.as_str(), part.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(view(row)))
    }

    /// A file with its bytes.
    pub async fn get(&self, by: &Granted<ReadPages>, id: &AttachmentId) -> Result<Opened, Error> {
        let tx = self.db.snapshot().await?;
        let row = rows::find(&tx, by.workspace(), id).await?.ok_or(Error::NotFound("attachment"))?;
        pages::readable(&tx, by, &row.page_id).await?;
        drop(tx);
        let bytes = self.store.get(&key(&row)).await?.ok_or(Error::NotFound("attachment"))?;
        Ok(Opened { name: row.name, content_type: row.content_type, bytes })
    }

    /// Removes a file.
    pub async fn remove(&self, by: &Granted<WritePages>, id: &AttachmentId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = rows::find(change.tx(), by.workspace(), id).await?.ok_or(Error::NotFound("attachment"))?;
        pages::readable(change.tx(), by, &row.page_id).await?;
        rows::set_removed(change.tx(), &row.id, Some(Timestamp::now())).await?;
        let what = (Action::AttachmentRemove, ActivityKind::AttachmentRemoved);
        record(&mut change, by, &row, what).await?;
        change.commit().await
    }

    /// Removes objects that do not count any more, for as long as the server runs.
    pub async fn keep_sweeping(self, cancel: CancellationToken) {
        loop {
            if let Err(error) = self.sweep(Timestamp::now()).await {
                tracing::warn!(%error, "removed files could not be swept");
            }
            if cancel.run_until_cancelled(tokio::time::sleep(SWEEP_EVERY)).await.is_none() {
                return;
            }
        }
    }

    /// Removes what does not count any more. What cannot be removed keeps nothing else there: it is tried again the
    /// next time.
    async fn sweep(&self, now: Timestamp) -> Result<(), Error> {
        let before = now.as_millis() - SWEEP_AFTER_MS;
        let mut after = String::new();
        loop {
            let old = rows::removed_before(self.db.read(), before, &after, AT_ONCE).await?;
            let Some(last) = old.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for row in old {
                if let Err(error) = self.sweep_one(&row).await {
                    tracing::warn!(%error, file = row.id, "a removed file could not be swept");
                }
            }
        }
    }

    async fn sweep_one(&self, row: &rows::Model) -> Result<(), Error> {
        self.store.delete(&key(row)).await?;
        let change = self.changes.begin().await?;
        rows::delete(change.tx(), &row.id).await?;
        change.commit().await
    }
}

/// Refuses a file where there are enough; one that is on its way counts as if it were there.
async fn check_room(change: &Change, by: &Granted<WritePages>, row: &rows::Model) -> Result<(), Error> {
    if rows::count_of_page(change.tx(), &row.page_id).await? >= MAX_FILES {
        let detail =
            format!("the page has {MAX_FILES} files; remove some, and wait an hour, or use another page");
        return Err(Error::Conflict { code: Conflict::TooManyFiles, detail });
    }
    if rows::bytes_of(change.tx(), by.workspace()).await?.saturating_add(row.size) > MAX_TOTAL {
        let detail = format!(
            "the files of the workspace have {} GiB together; remove some, and wait an hour until they are gone",
            MAX_TOTAL / (1024 * 1024 * 1024)
        );
        return Err(Error::Conflict { code: Conflict::NoRoomForFiles, detail });
    }
    Ok(())
}

/// The file that an earlier request with the same key has added.
async fn before(change: &Change, by: &Granted<WritePages>, id: String) -> Result<Attachment, Error> {
    let row = rows::find(change.tx(), by.workspace(), &AttachmentId::parse(id)?).await?;
    Ok(view(row.ok_or(Error::NotFound("attachment"))?))
}

fn key(row: &rows::Model) -> String {
    format!("{}/{}", row.workspace_id, row.id)
}

fn new_row(by: &Granted<WritePages>, page: &PageId, file: &Upload) -> Result<rows::Model, Error> {
    let name = file.name.trim();
    let good = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.contains(char::is_control);
    if !good || name.contains(['/', '\\']) {
        let why = format!("must be a file's name of 1 to {MAX_NAME} characters, without a path");
        return Err(Error::invalid("name", why));
    }
    if file.bytes.is_empty() {
        return Err(Error::invalid("body", "must be the file's bytes"));
    }
    let content_type = file.content_type.as_deref().map(str::trim).filter(|text| is_type(text));
    let author = by.actor();
    let now = Timestamp::now().as_millis();
    Ok(rows::Model {
        id: AttachmentId::generate().to_string(),
        workspace_id: by.workspace().to_string(),
        page_id: page.to_string(),
        name: name.to_owned(),
        content_type: content_type.unwrap_or(UNKNOWN).to_ascii_lowercase(),
        size: i64::try_from(file.bytes.len()).map_err(anyhow::Error::from)?,
        created_at: now,
        created_by_kind: author.kind.as_str().to_owned(),
        created_by: author.id,
        created_by_name: author.name,
        removed_at: Some(now),
    })
}

/// Whether a text names a type, without parameters.
fn is_type(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    let parts = text.split_once('/');
    text.len() <= MAX_TYPE
        && parts.is_some_and(|(kind, of)| {
            [kind, of].iter().all(|part| !part.is_empty() && part.chars().all(plain))
        })
}

async fn record(
    change: &mut Change,
    by: &Granted<WritePages>,
    row: &rows::Model,
    (action, kind): (Action, ActivityKind),
) -> Result<(), Error> {
    let named = Named { id: row.id.clone(), name: row.name.clone() };
    let mut entry = Entry::new(by.actor(), action, Target::named("attachment", &named));
    entry.agent_id = by.agent().map(|agent| agent.agent().to_string());
    let kept = json!({ "pageId": row.page_id, "size": row.size, "contentType": row.content_type });
    change.audit(by.workspace(), entry.after(kept)).await?;
    let agent = by.agent().map(AgentCaller::named);
    let about = About { agent, actor: Some(by.by()), detail: Some(row.name.clone()), session: None };
    activity::record(change, by.workspace(), kind, about).await
}

fn view(row: rows::Model) -> Attachment {
    Attachment {
        url: format!("/api/attachments/{}", row.id),
        id: row.id,
        page_id: row.page_id,
        name: row.name,
        content_type: row.content_type,
        size: row.size,
        created_at: Timestamp::from_millis(row.created_at),
        created_by: Actor::from_row(&row.created_by_kind, row.created_by, row.created_by_name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_plain() {
        for (text, good) in [
            ("image/png", true),
            ("application/vnd.api+json", true),
            ("text/html; charset=utf-8", false),
            ("image/", false),
            ("x", false),
            ("a/b\r\nset-cookie: x", false),
        ] {
            assert_eq!(is_type(text), good, "{text:?}");
        }
    }
}
