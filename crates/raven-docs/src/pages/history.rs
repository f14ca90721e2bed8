//! The history of a page: its former states, what each changed, and taking one up again.
//!
//! Owns reading and restoring. Must not know how states come about (see `editing`).

use raven_protocol::id::{PageId, PageVersionId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::difference::{self, Kept};
use super::editing::{record, stale, write_state};
use super::{Found, Pages, WikiPage, readable};
use crate::access::Granted;
use crate::access::knowledge::{ReadPages, WritePages};
use crate::activity::ActivityKind;
use crate::audit::{Action, Actor};
use crate::db::page_versions as rows;
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// A state of a page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageVersion {
    pub id: String,
    pub version: i64,
    pub title: String,
    pub saved_at: Timestamp,
    pub saved_by: Actor,
}

/// A state of a page with its content.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WholePageVersion {
    #[serde(flatten)]
    pub state: PageVersion,
    pub content: String,
    /// What it changed of the one before, as a unified difference.
    pub difference: String,
}

/// Which state is taken up again.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageRestore {
    pub history_id: PageVersionId,
    /// The version that one saw: it is refused when the page has another one by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

impl Pages {
    /// The states of a page, newest first; the first is the present one.
    pub async fn history(
        &self,
        by: &Granted<ReadPages>,
        id: &PageId,
        page: PageQuery,
    ) -> Result<Page<PageVersion>, Error> {
        let limit = page.limit()?;
        let tx = self.db.snapshot().await?;
        readable(&tx, by, id.as_str()).await?;
        let found = rows::page(&tx, id, page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(view(row)))
    }

    /// One state of a page, and what it changed.
    pub async fn version(
        &self,
        by: &Granted<ReadPages>,
        id: &PageId,
        version: &PageVersionId,
    ) -> Result<WholePageVersion, Error> {
        let tx = self.db.snapshot().await?;
        readable(&tx, by, id.as_str()).await?;
        let row = rows::find(&tx, id, version).await?.ok_or(Error::NotFound("version"))?;
        let before = rows::before(&tx, id, row.version).await?;
        drop(tx);
        let nothing = || Kept { title: row.title.clone(), content: String::new() };
        let from =
            before.map_or_else(nothing, |before| Kept { title: before.title, content: before.content });
        let to = Kept { title: row.title.clone(), content: row.content.clone() };
        let difference = difference::found(from, to).await?;
        Ok(WholePageVersion { difference, content: row.content.clone(), state: view(listed(row)) })
    }

    /// The page that a state is of.
    pub async fn page_of_version<P>(
        &self,
        by: &Granted<P>,
        version: &PageVersionId,
    ) -> Result<PageId, Error> {
        let page = rows::page_of(self.db.read(), by.workspace(), version).await?;
        Ok(PageId::parse(page.ok_or(Error::NotFound("version"))?)?)
    }

    /// Takes up a former state again, as the page's next version.
    ///
    /// # Errors
    /// `Stale`, with the difference, when the page is at another version than the one that was seen.
    pub async fn restore(
        &self,
        by: &Granted<WritePages>,
        id: &PageId,
        wanted: &PageRestore,
    ) -> Result<WikiPage, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let Found { mut row, .. } = readable(change.tx(), by, id.as_str()).await?;
        let former = rows::find(change.tx(), id, &wanted.history_id).await?;
        let former = former.ok_or(Error::NotFound("version"))?;
        if wanted.version.is_some_and(|seen| seen != row.version) {
            return Err(stale((change, by), row, former.title, former.content).await);
        }
        let before = json!({ "title": row.title, "version": row.version });
        (row.title, row.content) = (former.title, former.content);
        write_state(&change, by, &mut row).await?;
        let after = json!({ "title": row.title, "version": row.version, "restored": former.version });
        let what = (Action::PageRestore, ActivityKind::PageRestored);
        record(&mut change, by, &row, what, (Some(before), Some(after))).await?;
        self.answer(change, by, row).await
    }
}

fn listed(row: rows::Model) -> rows::Listed {
    rows::Listed {
        id: row.id,
        version: row.version,
        title: row.title,
        saved_at: row.saved_at,
        saved_by_kind: row.saved_by_kind,
        saved_by: row.saved_by,
        saved_by_name: row.saved_by_name,
    }
}

fn view(row: rows::Listed) -> PageVersion {
    PageVersion {
        id: row.id,
        version: row.version,
        title: row.title,
        saved_at: Timestamp::from_millis(row.saved_at),
        saved_by: Actor::from_row(&row.saved_by_kind, row.saved_by, row.saved_by_name),
    }
}
