//! Pages: Markdown in a tree, with history, and which of them agents may read.
//!
//! A page is open to agents when it and all pages above it are (decision 10). Owns reading. Must not know how
//! anything is shown.

use raven_protocol::id::{PageId, SpaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Granted;
use crate::access::knowledge::ReadPages;
use crate::audit::Actor;
use crate::db::pages::{self as rows, Part, Seen, Step, Which};
use crate::db::{ConnectionTrait, Db};
use crate::error::Error;
use crate::events::Changes;
use crate::page::{Page, PageQuery};

pub mod content;
pub mod difference;
pub mod editing;
pub mod history;
mod keeping;
pub mod lines;
pub mod moving;
mod prosemirror;
pub mod slug;
pub mod trash;

/// Most pages above a page.
const MAX_ABOVE: usize = 50;

/// A page in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageSummary {
    pub id: String,
    pub space_id: String,
    pub parent_id: Option<String>,
    pub title: String,
    pub slug: String,
    /// Orders those under the same page. 0 for agents, which learn nothing of what stands between.
    pub position: i64,
    pub has_children: bool,
    /// The page's own flag.
    pub agent_accessible: bool,
    /// Whether agents may read it: by its own flag, and those of all pages above.
    pub is_agent_accessible: bool,
    /// Counts the states of title and content, from 1.
    pub version: i64,
    pub updated_at: Timestamp,
    pub updated_by: Actor,
}

/// A page with its content.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WikiPage {
    #[serde(flatten)]
    pub summary: PageSummary,
    /// Markdown; empty for an agent that may write pages and not read them.
    pub content: String,
    pub created_at: Timestamp,
    pub created_by: Actor,
    /// The pages above it, from the top.
    pub breadcrumbs: Vec<Breadcrumb>,
    /// The version that this change replaced, if it changed something. What was written there is in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_version: Option<i64>,
}

/// A page above another one.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Breadcrumb {
    pub id: String,
    pub title: String,
}

/// Which pages a list has.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PagesQuery {
    /// Of this space; needed for `root`.
    pub space_id: Option<SpaceId>,
    /// Directly under this page, or `root` for the top of the space; all pages, oldest first, when it is left out.
    pub parent_id: Option<String>,
}

impl PagesQuery {
    fn which(self) -> Result<Which, Error> {
        match (self.parent_id.as_deref(), self.space_id) {
            (Some("root"), Some(space)) => Ok(Which::Top(space)),
            (Some("root"), None) => {
                Err(Error::invalid("spaceId", "must say of which space the top is wanted"))
            }
            (Some(parent), _) => Ok(Which::Under(PageId::parse(parent)?)),
            (None, space) => Ok(Which::Whole(space)),
        }
    }
}

/// The pages of all workspaces.
#[derive(Clone)]
pub struct Pages {
    db: Db,
    changes: Changes,
}

/// A page that somebody may read, as it is at one moment.
pub(crate) struct Found {
    pub row: rows::Model,
    /// From the top to the page itself.
    pub chain: Vec<Step>,
}

impl Found {
    pub(crate) fn is_open(&self) -> bool {
        self.chain.iter().all(|step| step.agent_accessible)
    }
}

/// Which pages are there for whoever asks.
pub(crate) fn seen<P>(by: &Granted<P>) -> Seen {
    if by.agent().is_some() { Seen::Open } else { Seen::All }
}

/// A page outside of the trash, for whoever may read it.
///
/// # Errors
/// `NotFound`, and `NotForAgents` for an agent when the page or one above it is closed.
pub(crate) async fn readable<P>(
    db: &impl ConnectionTrait,
    by: &Granted<P>,
    id: &str,
) -> Result<Found, Error> {
    let row = rows::find(db, by.workspace(), id).await?.filter(|row| row.trashed_at.is_none());
    allowed(db, by, row.ok_or(Error::NotFound("page"))?).await
}

/// A page with those above it, if whoever asks may read it.
async fn allowed<P>(db: &impl ConnectionTrait, by: &Granted<P>, row: rows::Model) -> Result<Found, Error> {
    let chain = rows::chain(db, &row.id).await?;
    let found = Found { row, chain };
    if by.agent().is_some() && !found.is_open() {
        return Err(Error::NotForAgents("page"));
    }
    Ok(found)
}

impl Pages {
    pub fn new(db: Db, changes: Changes) -> Self {
        Self { db, changes }
    }

    /// Pages of a space, a page's own, or all.
    ///
    /// # Errors
    /// For an agent `NotForAgents` when it asks for what is under a closed page.
    pub async fn list(
        &self,
        by: &Granted<ReadPages>,
        query: PagesQuery,
        page: PageQuery,
    ) -> Result<Page<PageSummary>, Error> {
        self.part(by, query.which()?, page, 0).await
    }

    /// The same, after some of them.
    pub async fn list_after(
        &self,
        by: &Granted<ReadPages>,
        query: PagesQuery,
        page: PageQuery,
        skip: u64,
    ) -> Result<Page<PageSummary>, Error> {
        self.part(by, query.which()?, page, skip).await
    }

    /// The pages that changed last.
    pub async fn recent(
        &self,
        by: &Granted<ReadPages>,
        space: Option<SpaceId>,
        page: PageQuery,
    ) -> Result<Page<PageSummary>, Error> {
        self.part(by, Which::Recent(space), page, 0).await
    }

    async fn part(
        &self,
        by: &Granted<ReadPages>,
        which: Which,
        page: PageQuery,
        skip: u64,
    ) -> Result<Page<PageSummary>, Error> {
        let limit = page.limit()?;
        let tx = self.db.snapshot().await?;
        if let Which::Under(parent) = &which {
            readable(&tx, by, parent.as_str()).await?;
        }
        let part = Part { after: page.cursor, skip, limit: limit + 1 };
        let found = rows::list(&tx, by.workspace(), &which, seen(by), &part).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(summary(row, seen(by))))
    }

    /// A page by its id, or by its slug.
    ///
    /// # Errors
    /// `NotForAgents` for an agent when the page or one above it is closed. A slug is made of a title: by a slug,
    /// agents are told of a closed page no more than of one that is not there.
    pub async fn get(
        &self,
        by: &Granted<ReadPages>,
        id: &PageId,
        space: Option<&SpaceId>,
    ) -> Result<WikiPage, Error> {
        let tx = self.db.snapshot().await?;
        match rows::find(&tx, by.workspace(), id.as_str()).await? {
            Some(row) if row.trashed_at.is_none() => {
                let found = allowed(&tx, by, row).await?;
                whole(&tx, by, found).await
            }
            Some(_) => Err(Error::NotFound("page")),
            None => {
                let found = by_slug(&tx, by, id.as_str(), space).await?;
                whole(&tx, by, found).await
            }
        }
    }

    /// The pages above a page, from the top.
    pub async fn breadcrumbs(&self, by: &Granted<ReadPages>, id: &PageId) -> Result<Vec<Breadcrumb>, Error> {
        let tx = self.db.snapshot().await?;
        Ok(breadcrumbs(readable(&tx, by, id.as_str()).await?.chain))
    }
}

async fn by_slug(
    db: &impl ConnectionTrait,
    by: &Granted<ReadPages>,
    slug: &str,
    space: Option<&SpaceId>,
) -> Result<Found, Error> {
    let mut found = Vec::new();
    for row in rows::by_slug(db, by.workspace(), slug).await? {
        if space.is_some_and(|space| space.as_str() != row.space_id) {
            continue;
        }
        match allowed(db, by, row).await {
            Ok(page) => found.push(page),
            Err(Error::NotForAgents(_)) => {}
            Err(other) => return Err(other),
        }
    }
    if found.len() > 1 {
        return Err(Error::invalid("spaceId", "must say of which space: several have a page with this slug"));
    }
    found.pop().ok_or(Error::NotFound("page"))
}

/// A page as whoever asked for it sees it.
async fn whole<P>(db: &impl ConnectionTrait, by: &Granted<P>, found: Found) -> Result<WikiPage, Error> {
    let (seen, is_open) = (seen(by), found.is_open());
    let has_children = rows::has_children(db, &found.row.id, seen).await?;
    let Found { row, chain } = found;
    let content = if by.and::<ReadPages>().is_ok() { row.content } else { String::new() };
    let created_by = Actor::from_row(&row.created_by_kind, row.created_by, row.created_by_name);
    let listed = rows::Listed {
        id: row.id,
        space_id: row.space_id,
        parent_id: row.parent_id,
        title: row.title,
        slug: row.slug,
        position: row.position,
        has_children,
        agent_accessible: row.agent_accessible,
        closed: !is_open,
        version: row.version,
        updated_at: row.updated_at,
        updated_by_kind: row.updated_by_kind,
        updated_by: row.updated_by,
        updated_by_name: row.updated_by_name,
        trashed_at: row.trashed_at,
    };
    Ok(WikiPage {
        summary: summary(listed, seen),
        content,
        created_at: Timestamp::from_millis(row.created_at),
        created_by,
        breadcrumbs: breadcrumbs(chain),
        replaced_version: None,
    })
}

fn breadcrumbs(mut chain: Vec<Step>) -> Vec<Breadcrumb> {
    chain.pop();
    chain.into_iter().map(|step| Breadcrumb { id: step.id, title: step.title }).collect()
}

fn summary(row: rows::Listed, seen: Seen) -> PageSummary {
    PageSummary {
        id: row.id,
        space_id: row.space_id,
        parent_id: row.parent_id,
        title: row.title,
        slug: row.slug,
        position: if seen == Seen::Open { 0 } else { row.position },
        has_children: row.has_children,
        agent_accessible: row.agent_accessible,
        is_agent_accessible: !row.closed,
        version: row.version,
        updated_at: Timestamp::from_millis(row.updated_at),
        updated_by: Actor::from_row(&row.updated_by_kind, row.updated_by, row.updated_by_name),
    }
}
