//! The trash: a page goes into it with what is under it, comes out of it within 30 days, and is gone after that.
//!
//! Owns how long. Must not know who empties it when (see `app`).

use std::time::Duration;

use raven_protocol::id::{PageId, SpaceId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::editing::{record, tell};
use super::{Found, PageSummary, Pages, WikiPage, allowed, readable, seen, summary};
use crate::access::Granted;
use crate::access::knowledge::{DeletePages, ReadPages};
use crate::activity::ActivityKind;
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Named;
use crate::db::pages::{self as rows, Part, Seen, Which};
use crate::db::search::{self, Of};
use crate::db::{self, attachments};
use crate::error::{Conflict, Error};
use crate::events::{Change, WorkspaceEvent};
use crate::page::{Page, PageQuery};

/// How long pages stay in the trash.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How often it is looked for what was there for long enough.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// Pages, each with what went with it, that are looked up at once.
const AT_ONCE: u64 = 20;

/// Pages that one change removes: nobody else writes for as long as it takes.
const REMOVED_AT_ONCE: usize = 20;

/// A page in the trash, with which others may have gone there.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrashedPage {
    #[serde(flatten)]
    pub summary: PageSummary,
    pub trashed_at: Timestamp,
    /// When it is removed for good.
    pub expires_at: Timestamp,
}

impl Pages {
    /// Puts a page into the trash, with all that is under it.
    ///
    /// # Errors
    /// `Denied` for an agent when something under it is closed: it would be removed for good in the end.
    pub async fn trash(&self, by: &Granted<DeletePages>, id: &PageId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = readable(change.tx(), by, id.as_str()).await?.row;
        let ids: Vec<String> =
            rows::below(change.tx(), &row.id).await?.into_iter().map(|(id, _)| id).collect();
        if by.agent().is_some() && rows::any_closed(change.tx(), &ids).await? {
            let why = "something under it is not accessible by agents, and would go with it; ask a person";
            return Err(Error::Denied(why.to_owned()));
        }
        let count = rows::trash(change.tx(), &ids, &row.id, Timestamp::now().as_millis()).await?;
        let what = (Action::PageTrash, ActivityKind::PageTrashed);
        record(&mut change, by, &row, what, (None, Some(json!({ "pages": count })))).await?;
        tell(&mut change, by, &row)?;
        change.commit().await
    }

    /// Takes a page out of the trash, with what went there with it. It comes back to the top of its space when the
    /// page above it is in the trash, and is closed itself then if one of those above it was.
    ///
    /// # Errors
    /// `Conflict` when it is not in the trash, went there with another page, or is being removed.
    pub async fn untrash(&self, by: &Granted<DeletePages>, id: &PageId) -> Result<WikiPage, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = rows::find(change.tx(), by.workspace(), id.as_str()).await?;
        let Found { mut row, chain } = allowed(change.tx(), by, row.ok_or(Error::NotFound("page"))?).await?;
        check_trashed(&row)?;
        let ids: Vec<String> =
            rows::below(change.tx(), &row.id).await?.into_iter().map(|(id, _)| id).collect();
        let count = rows::untrash(change.tx(), &ids, &row.id).await?;
        (row.trashed_at, row.trashed_with) = (None, None);
        let above = match &row.parent_id {
            Some(parent) => rows::find(change.tx(), by.workspace(), parent).await?,
            None => None,
        };
        let was_open = row.agent_accessible;
        if above.is_some_and(|above| above.trashed_at.is_some()) {
            row.parent_id = None;
            row.position = rows::last_place(change.tx(), &row.space_id, None).await?;
            // Nobody said that agents may read it now: what closed it stays behind.
            row.agent_accessible = chain.iter().all(|step| step.agent_accessible);
        }
        rows::update(change.tx(), &row).await?;
        let what = (Action::PageUntrash, ActivityKind::PageUntrashed);
        record(&mut change, by, &row, what, (None, Some(json!({ "pages": count })))).await?;
        if row.agent_accessible != was_open {
            let flag = |open: bool| Some(json!({ "agentAccessible": open }));
            let what = (Action::PageAccess, ActivityKind::PageClosed);
            record(&mut change, by, &row, what, (flag(true), flag(false))).await?;
        }
        self.answer(change, by, row).await
    }

    /// What is in the trash, newest first, each without what went there with it.
    pub async fn trashed(
        &self,
        by: &Granted<ReadPages>,
        page: PageQuery,
    ) -> Result<Page<TrashedPage>, Error> {
        let limit = page.limit()?;
        let part = Part { after: page.cursor, skip: 0, limit: limit + 1 };
        let found = rows::list(self.db.read(), by.workspace(), &Which::Trash, seen(by), &part).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(view(row, seen(by))))
    }

    /// Empties the trash of what was there for long enough, for as long as the server runs.
    pub async fn keep_emptying(self, cancel: CancellationToken) {
        loop {
            if let Err(error) = self.expire(Timestamp::now()).await {
                tracing::warn!(%error, "the trash could not be emptied");
            }
            if cancel.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
                return;
            }
        }
    }

    /// Removes what was in the trash for long enough. What cannot be removed keeps nothing else there: it is tried
    /// again the next time.
    async fn expire(&self, now: Timestamp) -> Result<(), Error> {
        let before = now.as_millis() - KEPT_MS;
        let mut after = String::new();
        loop {
            let old = rows::trashed_before(self.db.read(), before, &after, AT_ONCE).await?;
            let Some(last) = old.last() else { return Ok(()) };
            after.clone_from(last);
            for id in old {
                if let Err(error) = self.expire_one(&id, before).await {
                    tracing::warn!(%error, page = id, "a page could not be removed from the trash");
                }
            }
        }
    }

    /// Removes a page with what is under it, from the lowest up, so that each part leaves a tree and lets others
    /// write before the next.
    async fn expire_one(&self, id: &str, before: i64) -> Result<(), Error> {
        loop {
            let mut change = self.changes.begin().await?;
            // Somebody may have deleted its space meanwhile.
            let Some(row) = rows::trashed_one(change.tx(), id, before).await? else { return Ok(()) };
            let mut left: Vec<String> =
                rows::below(change.tx(), id).await?.into_iter().map(|(id, _)| id).collect();
            let now = left.split_off(left.len().saturating_sub(REMOVED_AT_ONCE));
            remove(&change, &now).await?;
            let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
            let named = Named { id: row.id.clone(), name: row.title.clone() };
            let entry = Entry::new(Actor::system(), Action::PageExpire, Target::named("page", &named));
            let counts = json!({ "pages": now.len(), "left": left.len() });
            change.audit(&workspace, entry.before(counts)).await?;
            let event = WorkspaceEvent::PageChanged {
                page: PageId::parse(row.id.as_str())?,
                space: SpaceId::parse(row.space_id.as_str())?,
                version: row.version,
            };
            change.tell(&workspace, event);
            change.commit().await?;
            if left.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Removes pages for good, with their history, comments and files.
pub async fn remove(change: &Change, ids: &[String]) -> Result<(), Error> {
    let now = Timestamp::now();
    for id in ids {
        search::remove_with_comments(change.tx(), Of::Page(id)).await?;
        attachments::remove_of_page(change.tx(), id, now).await?;
    }
    Ok(db::pages::delete(change.tx(), ids).await?)
}

fn check_trashed(row: &rows::Model) -> Result<(), Error> {
    let detail = match &row.trashed_with {
        None => "it is not in the trash".to_owned(),
        Some(with) if *with != row.id => {
            format!("it went into the trash with the page {with}: take that out")
        }
        Some(_) if is_over(row) => "it was there for 30 days and is being removed: make it anew".to_owned(),
        Some(_) => return Ok(()),
    };
    Err(Error::Conflict { code: Conflict::NotInTrash, detail })
}

/// Whether a page was in the trash for long enough: a part of what went with it may be gone.
fn is_over(row: &rows::Model) -> bool {
    row.trashed_at.is_some_and(|at| at < Timestamp::now().as_millis() - KEPT_MS)
}

fn view(row: rows::Listed, seen: Seen) -> TrashedPage {
    let at = row.trashed_at.unwrap_or_default();
    TrashedPage {
        trashed_at: Timestamp::from_millis(at),
        expires_at: Timestamp::from_millis(at + KEPT_MS),
        summary: summary(row, seen),
    }
}
