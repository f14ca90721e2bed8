//! Tools about the history of pages. Owns their types and words; the rules are the room's.

use raven_protocol::id::{PageId, PageVersionId};
use raven_protocol::permission::Permission;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Written;
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Tool, Words};
use crate::page::{Page, PageQuery};
use crate::pages::history::{self, PageVersion};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageGetHistory {
    page_id: PageId,
    /// 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl Tool for PageGetHistory {
    const WORDS: Words = Words::of(
        ("page_get_history", "History of a page"),
        "Lists the states that a page has had, newest first, without their content; `page_restore` takes one up again.",
        Category::Page,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = Page<PageVersion>;

    async fn call(self, call: Call) -> Result<Page<PageVersion>, Error> {
        let Self { page_id, limit, cursor } = self;
        call.app.pages.history(&call.granted()?, &page_id, PageQuery { cursor, limit }).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageRestore {
    /// The page; that of the state by default.
    page_id: Option<PageId>,
    /// The id of a state, as `page_get_history` lists it.
    history_id: PageVersionId,
    /// The version of the page that you have read: an older one is refused with the difference, as with a change.
    version: Option<i64>,
}

impl Tool for PageRestore {
    const WORDS: Words = Words::of(
        ("page_restore", "Restore a page"),
        "Takes up a former state of a page again, as its next version: nothing is lost. Give the `version` that you \
         have read.",
        Category::Page,
        Effect::Adds,
    )
    .needs(Permission::WritePages);
    type Answer = Written;

    async fn call(self, call: Call) -> Result<Written, Error> {
        let by = call.granted()?;
        let page = match self.page_id {
            Some(page) => page,
            None => call.app.pages.page_of_version(&by, &self.history_id).await?,
        };
        let wanted = history::PageRestore { history_id: self.history_id, version: self.version };
        Ok(call.app.pages.restore(&by, &page, &wanted).await?.into())
    }
}
