//! Tools by which agents find, read and write pages. Owns their types and words; the rules are the room's.

use raven_protocol::id::{PageId, SpaceId};
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::page::{Page, PageQuery};
use crate::pages::content::Content;
use crate::pages::editing::{NewPage, PageChange};
use crate::pages::lines::{self, Lines};
use crate::pages::moving::PageMove;
use crate::pages::{Breadcrumb, PageSummary, PagesQuery, WikiPage};
use crate::patch::present;

mod history;

pub use history::{PageGetHistory, PageRestore};

pub const TOOLS: &[Listed] = &[
    Listed::of::<PageList>(),
    Listed::of::<PageGet>(),
    Listed::of::<PageCreate>(),
    Listed::of::<PageUpdate>(),
    Listed::of::<PageMoveTo>(),
    Listed::of::<PageDelete>(),
    Listed::of::<PageRecent>(),
    Listed::of::<PageBreadcrumbs>(),
    Listed::of::<PageGetHistory>(),
    Listed::of::<PageRestore>(),
];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageList {
    space_id: SpaceId,
    /// Only what is directly under this page; `root` for the top of the space.
    parent_id: Option<String>,
    /// Which page of the list, from 1; `cursor` is better for long lists.
    #[schemars(range(min = 1, max = 1000))]
    page: Option<u64>,
    /// 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl Tool for PageList {
    const WORDS: Words = Words::of(
        ("page_list", "Pages of a space"),
        "Lists the pages of a space, without their content.",
        Category::Page,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = Page<Entry>;

    async fn call(self, call: Call) -> Result<Page<Entry>, Error> {
        let Self { space_id, parent_id, page, limit, cursor } = self;
        let part = PageQuery { cursor, limit };
        let skip = match page.unwrap_or(1) {
            page @ 1..=1000 => (page - 1) * part.limit()?,
            _ => return Err(Error::invalid("page", "must be 1 to 1000")),
        };
        let query = PagesQuery { space_id: Some(space_id), parent_id };
        let found = call.app.pages.list_after(&call.granted()?, query, part, skip).await?;
        Ok(entries(found))
    }
}

/// A page in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    title: String,
    slug: String,
    space_id: String,
    parent_id: Option<String>,
    has_children: bool,
    agent_accessible: bool,
    version: i64,
    updated_at: Timestamp,
}

fn entries(found: Page<PageSummary>) -> Page<Entry> {
    let Page { items, next_cursor } = found;
    let entry = |page: PageSummary| Entry {
        id: page.id,
        title: page.title,
        slug: page.slug,
        space_id: page.space_id,
        parent_id: page.parent_id,
        has_children: page.has_children,
        agent_accessible: page.agent_accessible,
        version: page.version,
        updated_at: page.updated_at,
    };
    Page { items: items.into_iter().map(entry).collect(), next_cursor }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageGet {
    /// The page's id, or its slug.
    page_id: PageId,
    /// The lines that you want; as many as fit from the first by default.
    range: Option<Lines>,
}

impl Tool for PageGet {
    const WORDS: Words = Words::of(
        ("page_get", "Read a page"),
        "Reads a page in Markdown. Of a long one you get the first lines, and `range` tells how many there are: read \
         on by `range`.",
        Category::Page,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = ReadPage;

    async fn call(self, call: Call) -> Result<ReadPage, Error> {
        let page = call.app.pages.get(&call.granted()?, &self.page_id, None).await?;
        let (content, range) = lines::cut(&page.content, self.range)?;
        let content = content.to_owned();
        Ok(ReadPage { range, ..ReadPage::of(page, content) })
    }
}

/// A page with a part of its content.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ReadPage {
    id: String,
    title: String,
    slug: String,
    space_id: String,
    parent_id: Option<String>,
    /// Markdown.
    content: String,
    /// Which lines these are.
    range: lines::Shown,
    /// Give it with a change, so that nobody else's is undone.
    version: i64,
    agent_accessible: bool,
    /// The pages above it, from the top.
    breadcrumbs: Vec<Breadcrumb>,
    updated_at: Timestamp,
    updated_by: Actor,
}

impl ReadPage {
    fn of(page: WikiPage, content: String) -> Self {
        let WikiPage { summary, breadcrumbs, .. } = page;
        Self {
            id: summary.id,
            title: summary.title,
            slug: summary.slug,
            space_id: summary.space_id,
            parent_id: summary.parent_id,
            range: lines::Shown::default(),
            content,
            version: summary.version,
            agent_accessible: summary.agent_accessible,
            breadcrumbs,
            updated_at: summary.updated_at,
            updated_by: summary.updated_by,
        }
    }
}

/// What became of a page.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    id: String,
    title: String,
    slug: String,
    space_id: String,
    parent_id: Option<String>,
    version: i64,
    /// The version that this change replaced, if it changed what is written there; it is in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_version: Option<i64>,
    updated_at: Timestamp,
}

impl From<WikiPage> for Written {
    fn from(page: WikiPage) -> Self {
        let PageSummary { id, title, slug, space_id, parent_id, version, updated_at, .. } = page.summary;
        let replaced_version = page.replaced_version;
        Self { id, title, slug, space_id, parent_id, version, replaced_version, updated_at }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageCreate {
    space_id: SpaceId,
    /// What it is called.
    title: String,
    /// Markdown, or a ProseMirror document.
    content: Option<Content>,
    /// The page that it will be under; the top of the space by default.
    parent_id: Option<PageId>,
}

impl Tool for PageCreate {
    const WORDS: Words =
        Words::of(("page_create", "Make a page"), "Makes a page in a space.", Category::Page, Effect::Adds)
            .needs(Permission::WritePages);
    type Answer = Written;

    async fn call(self, call: Call) -> Result<Written, Error> {
        let Self { space_id, title, content, parent_id } = self;
        let wanted = NewPage { space_id, title, content, parent_id, agent_accessible: None };
        Ok(call.app.pages.create(&call.granted()?, wanted, None).await?.into())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageUpdate {
    page_id: PageId,
    /// What it is called from now on.
    title: Option<String>,
    /// Markdown, or a ProseMirror document, in the place of what is there.
    content: Option<Content>,
    /// What is added at the end; instead of `content`.
    append: Option<Content>,
    /// The version that you have read: an older one is refused with the difference, so that nobody's change is lost.
    version: Option<i64>,
}

impl Tool for PageUpdate {
    const WORDS: Words = Words::of(
        ("page_update", "Change a page"),
        "Changes the title or the content of a page, or adds to its end. Give the `version` that you have read.",
        Category::Page,
        Effect::Amends,
    )
    .needs(Permission::WritePages);
    type Answer = Written;

    async fn call(self, call: Call) -> Result<Written, Error> {
        let Self { page_id, title, content, append, version } = self;
        let wanted = PageChange { title, content, append, version, agent_accessible: None };
        let by = call.granted()?;
        let done = call.app.pages.change(&by, &page_id, wanted).await;
        Ok(call.app.policies.of_page(&by, done).await?.into())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageMoveTo {
    page_id: PageId,
    /// The page that it will be under; null for the top of the space.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>")]
    parent_id: Option<Option<PageId>>,
    /// Its new space; that of `parentId`, or its own, by default.
    space_id: Option<SpaceId>,
    /// The page before which it will stand; the last place by default.
    before: Option<PageId>,
}

impl Tool for PageMoveTo {
    const WORDS: Words = Words::of(
        ("page_move", "Move a page"),
        "Moves a page, with what is under it, to another page or space.",
        Category::Page,
        Effect::Changes,
    )
    .needs(Permission::WritePages);
    type Answer = Written;

    async fn call(self, call: Call) -> Result<Written, Error> {
        let Self { page_id, parent_id, space_id, before } = self;
        let wanted = PageMove { parent_id, space_id, before };
        let by = call.granted()?;
        let done = call.app.pages.relocate(&by, &page_id, wanted).await;
        Ok(call.app.policies.of_page(&by, done).await?.into())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageDelete {
    page_id: PageId,
}

/// What was deleted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    id: String,
    deleted: bool,
}

impl Tool for PageDelete {
    const WORDS: Words = Words::of(
        ("page_delete", "Delete a page"),
        "Puts a page into the trash, with what is under it; people can take it out for 30 days.",
        Category::Page,
        Effect::Removes,
    )
    .needs(Permission::DeletePages);
    type Answer = Deleted;

    async fn call(self, call: Call) -> Result<Deleted, Error> {
        call.app.pages.trash(&call.granted()?, &self.page_id).await?;
        Ok(Deleted { id: self.page_id.to_string(), deleted: true })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageRecent {
    /// Only of this space.
    space_id: Option<SpaceId>,
    /// 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl Tool for PageRecent {
    const WORDS: Words = Words::of(
        ("page_recent", "Recent pages"),
        "Lists the pages that changed last.",
        Category::Page,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = Page<Entry>;

    async fn call(self, call: Call) -> Result<Page<Entry>, Error> {
        let Self { space_id, limit, cursor } = self;
        let part = PageQuery { cursor, limit };
        Ok(entries(call.app.pages.recent(&call.granted()?, space_id, part).await?))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageBreadcrumbs {
    page_id: PageId,
}

/// The pages above a page.
#[derive(Serialize, JsonSchema)]
struct Breadcrumbs {
    /// From the top.
    items: Vec<Breadcrumb>,
}

impl Tool for PageBreadcrumbs {
    const WORDS: Words = Words::of(
        ("page_breadcrumbs", "Pages above a page"),
        "Tells which pages are above a page, from the top.",
        Category::Page,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = Breadcrumbs;

    async fn call(self, call: Call) -> Result<Breadcrumbs, Error> {
        Ok(Breadcrumbs { items: call.app.pages.breadcrumbs(&call.granted()?, &self.page_id).await? })
    }
}
