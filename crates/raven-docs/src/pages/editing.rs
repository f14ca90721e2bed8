//! Making and editing pages. An edit that is based on another state than the present one is refused with the
//! difference, so that nothing is lost.
//!
//! Owns what a write leaves: row, state in the history, index, audit, activity, event. Must not know transport.

use raven_protocol::id::{PageId, PageVersionId, SpaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::content::{self, Content};
use super::difference::{self, Kept};
use super::{Found, MAX_ABOVE, Pages, WikiPage, keeping, readable, slug, whole};
use crate::access::Granted;
use crate::access::knowledge::{OpenToAgents, ReadPages, WritePages};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, ActorKind, Entry, Target};
use crate::auth::Named;
use crate::db::search::{self, Indexed, Kind, Of};
use crate::db::{self, page_versions, pages as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, WorkspaceEvent};
use crate::mentions::{self, Where};
use crate::repeats::{self, Repeatable};

/// Most pages of a workspace, in the trash or not: lists and search stay quick with as many.
const MAX_PAGES: u64 = 50_000;

/// A page as it is wanted.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPage {
    pub space_id: SpaceId,
    pub title: String,
    /// Markdown, or a ProseMirror document.
    pub content: Option<Content>,
    /// The page that it will be under; the top of the space when it is left out.
    pub parent_id: Option<PageId>,
    /// Whether agents may read it; true by default. Only people say so.
    pub agent_accessible: Option<bool>,
}

/// What is to be changed of a page.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageChange {
    pub title: Option<String>,
    /// Markdown, or a ProseMirror document, in the place of what is there.
    pub content: Option<Content>,
    /// What is added at the end, on a line of its own.
    pub append: Option<Content>,
    /// Whether agents may read it and what is under it. Only people say so.
    pub agent_accessible: Option<bool>,
    /// The version that the change is based on: it is refused when the page has another one by now.
    pub version: Option<i64>,
}

impl Pages {
    /// Makes a page, the last of those under the same one.
    ///
    /// # Errors
    /// `NotFound` for a space or a parent that is not there; `NotForAgents` for an agent under a closed page.
    pub async fn create(
        &self,
        by: &Granted<WritePages>,
        wanted: NewPage,
        request: Option<Repeatable>,
    ) -> Result<WikiPage, Error> {
        if wanted.agent_accessible.is_some() {
            by.and::<OpenToAgents>()?;
        }
        let title = content::title(&wanted.title)?;
        let text = wanted.content.map(|content| content.into_markdown("content")).transpose()?;
        let mut change = self.changes.begin_for(by).await?;
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            let found = readable(change.tx(), by, &id).await?;
            return whole(change.tx(), by, found).await;
        }
        let space = db::spaces::find(change.tx(), by.workspace(), &wanted.space_id).await?;
        let space = space.ok_or(Error::NotFound("space"))?.id;
        check_count(&change, by).await?;
        if let Some(parent) = &wanted.parent_id {
            let above = readable(change.tx(), by, parent.as_str()).await?;
            check_parent(&above, &space, 1)?;
        }
        let parent = wanted.parent_id.map(String::from);
        let now = Timestamp::now().as_millis();
        let author = by.actor();
        let row = rows::Model {
            id: PageId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            slug: free_slug(&change, by, &space, slug::of(&title, "page")).await?,
            position: rows::last_place(change.tx(), &space, parent.as_deref()).await?,
            space_id: space,
            parent_id: parent,
            title,
            content: text.unwrap_or_default(),
            agent_accessible: wanted.agent_accessible.unwrap_or(true),
            version: 1,
            created_at: now,
            created_by_kind: author.kind.as_str().to_owned(),
            created_by: author.id.clone(),
            created_by_name: author.name.clone(),
            updated_at: now,
            updated_by_kind: author.kind.as_str().to_owned(),
            updated_by: author.id,
            updated_by_name: author.name,
            trashed_at: None,
            trashed_with: None,
        };
        rows::insert(change.tx(), &row).await?;
        repeats::keep(&change, request, &row.id).await?;
        keep_state(&change, &row).await?;
        let place = Where { of: Of::Page(&row.id), title: &row.title };
        mentions::note(&mut change, by, place, ("", &row.content)).await?;
        let after = json!({ "title": row.title, "spaceId": row.space_id, "parentId": row.parent_id,
            "agentAccessible": row.agent_accessible });
        record(&mut change, by, &row, (Action::PageCreate, ActivityKind::PageCreated), (None, Some(after)))
            .await?;
        self.answer(change, by, row).await
    }

    /// Changes a page.
    ///
    /// # Errors
    /// `Stale`, with the difference, when it is at another version than the change is based on.
    pub async fn change(
        &self,
        by: &Granted<WritePages>,
        id: &PageId,
        wanted: PageChange,
    ) -> Result<WikiPage, Error> {
        if wanted.agent_accessible.is_some() {
            by.and::<OpenToAgents>()?;
        }
        let edit = Edit::of(&wanted)?;
        let mut change = self.changes.begin_for(by).await?;
        let Found { row: before, .. } = readable(change.tx(), by, id.as_str()).await?;
        let (title, text) = edit.onto(&before)?;
        if wanted.version.is_some_and(|based_on| based_on != before.version) {
            return Err(stale((change, by), before, title, text).await);
        }
        let mut row = before.clone();
        if title != before.title || text != before.content {
            (row.title, row.content) = (title, text);
            self.save(&mut change, by, (&before, &mut row)).await?;
        }
        if let Some(open) = wanted.agent_accessible.filter(|open| *open != row.agent_accessible) {
            row.agent_accessible = open;
            rows::update(change.tx(), &row).await?;
            let kind = if open { ActivityKind::PageOpened } else { ActivityKind::PageClosed };
            let flag = |open: bool| Some(json!({ "agentAccessible": open }));
            record(&mut change, by, &row, (Action::PageAccess, kind), (flag(!open), flag(open))).await?;
        }
        let replaced_version = (row.version != before.version).then_some(before.version);
        Ok(WikiPage { replaced_version, ..self.answer(change, by, row).await? })
    }

    /// Writes a page's new title and content, as its next version.
    async fn save(
        &self,
        change: &mut Change,
        by: &Granted<WritePages>,
        (before, row): (&rows::Model, &mut rows::Model),
    ) -> Result<(), Error> {
        write_state(change, by, row).await?;
        let place = Where { of: Of::Page(&row.id), title: &row.title };
        mentions::note(change, by, place, (&before.content, &row.content)).await?;
        let shown = |row: &rows::Model| json!({ "title": row.title, "version": row.version, "bytes": row.content.len() });
        let kept = (Some(shown(before)), Some(shown(row)));
        record(change, by, row, (Action::PageChange, ActivityKind::PageChanged), kept).await
    }

    /// Commits what was done to a page, tells of it, and answers with the page as it is then.
    pub(super) async fn answer<P>(
        &self,
        mut change: Change,
        by: &Granted<P>,
        row: rows::Model,
    ) -> Result<WikiPage, Error> {
        tell(&mut change, by, &row)?;
        let chain = rows::chain(change.tx(), &row.id).await?;
        let page = whole(change.tx(), by, Found { row, chain }).await?;
        change.commit().await?;
        Ok(page)
    }
}

/// What an edit does to the text of a page, whatever it is.
struct Edit {
    title: Option<String>,
    content: Option<String>,
    append: Option<String>,
}

impl Edit {
    fn of(wanted: &PageChange) -> Result<Self, Error> {
        let text = |content: &Option<Content>, field: &str| {
            content.clone().map(|content| content.into_markdown(field)).transpose()
        };
        let edit = Self {
            title: wanted.title.as_deref().map(content::title).transpose()?,
            content: text(&wanted.content, "content")?,
            append: text(&wanted.append, "append")?,
        };
        if edit.content.is_some() && edit.append.is_some() {
            return Err(Error::invalid("append", "and `content`: give one of them"));
        }
        Ok(edit)
    }

    /// Title and content after the edit.
    fn onto(self, row: &rows::Model) -> Result<(String, String), Error> {
        let mut text = self.content.unwrap_or_else(|| row.content.clone());
        if let Some(more) = self.append {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text += &more;
            content::check("append", &text)?;
        }
        Ok((self.title.unwrap_or_else(|| row.title.clone()), text))
    }
}

/// The refusal of what was based on another state than the present one, with what it would have changed of that.
pub(super) async fn stale(
    (change, by): (Change, &Granted<WritePages>),
    now: rows::Model,
    title: String,
    content: String,
) -> Error {
    // Others write meanwhile: a difference of long texts takes its time.
    drop(change);
    if by.and::<ReadPages>().is_err() {
        let difference = "an agent sees it with the permission read:pages".to_owned();
        return Error::Stale { current: now.version, difference };
    }
    let from = Kept { title: now.title, content: now.content };
    match difference::found(from, Kept { title, content }).await {
        Ok(difference) => Error::Stale { current: now.version, difference },
        Err(error) => error,
    }
}

/// Refuses another page where there are enough.
async fn check_count(change: &Change, by: &Granted<WritePages>) -> Result<(), Error> {
    if rows::count_all(change.tx(), by.workspace()).await? < MAX_PAGES {
        return Ok(());
    }
    let detail = format!(
        "the workspace has {MAX_PAGES} pages, those in the trash counted; delete some that are over, which are \
         removed after 30 days, or write into one that is there"
    );
    Err(Error::Conflict { code: Conflict::TooManyPages, detail })
}

/// Refuses a parent of another space, or one that is too deep for a page with so many levels from itself down.
pub(super) fn check_parent(above: &Found, space: &str, levels: usize) -> Result<(), Error> {
    if above.row.space_id != space {
        return Err(Error::invalid("parentId", "must be a page of the same space"));
    }
    if above.chain.len() + levels > MAX_ABOVE + 1 {
        let detail = format!("at most {MAX_ABOVE} pages can be above one; choose a page nearer to the top");
        return Err(Error::Conflict { code: Conflict::TooDeep, detail });
    }
    Ok(())
}

/// A slug that no page of the space has. An agent's is always drawn: from one that is not, it would learn of pages
/// that it may not read.
pub(super) async fn free_slug<P>(
    change: &Change,
    by: &Granted<P>,
    space: &str,
    wanted: String,
) -> Result<String, Error> {
    let taken = slug::is_reserved(&wanted) || rows::has_slug(change.tx(), space, &wanted).await?;
    Ok(if taken || by.agent().is_some() { slug::drawn(&wanted) } else { wanted })
}

/// Writes a row's title and content as its next version.
pub(super) async fn write_state<P>(
    change: &Change,
    by: &Granted<P>,
    row: &mut rows::Model,
) -> Result<(), Error> {
    let author = by.actor();
    row.version += 1;
    row.updated_at = Timestamp::now().as_millis();
    row.updated_by_kind = author.kind.as_str().to_owned();
    (row.updated_by, row.updated_by_name) = (author.id, author.name);
    rows::update(change.tx(), row).await?;
    keep_state(change, row).await
}

/// Keeps a row's state in the history and in the index.
async fn keep_state(change: &Change, row: &rows::Model) -> Result<(), Error> {
    let version = page_versions::Model {
        id: PageVersionId::generate().to_string(),
        page_id: row.id.clone(),
        version: row.version,
        title: row.title.clone(),
        content: row.content.clone(),
        saved_at: row.updated_at,
        saved_by_kind: row.updated_by_kind.clone(),
        saved_by: row.updated_by.clone(),
        saved_by_name: row.updated_by_name.clone(),
    };
    page_versions::add(change.tx(), &version).await?;
    let states = page_versions::weighed(change.tx(), &row.id).await?;
    let states = states.into_iter().map(|state| keeping::State {
        id: state.id,
        saved_at: state.saved_at,
        person: (state.saved_by_kind == ActorKind::User.as_str()).then_some(state.saved_by),
        bytes: state.bytes,
    });
    let gone = keeping::superfluous(states.collect(), row.updated_at);
    page_versions::forget(change.tx(), &gone).await?;
    let workspace = raven_protocol::id::WorkspaceId::parse(row.workspace_id.as_str())?;
    let item = Indexed {
        workspace: &workspace,
        kind: Kind::Page,
        id: &row.id,
        of: Of::Page(&row.id),
        title: &row.title,
        body: &content::plain(&row.content),
    };
    Ok(search::put(change.tx(), &item).await?)
}

/// Records what was done to a page, for auditors and for people.
pub(super) async fn record<P>(
    change: &mut Change,
    by: &Granted<P>,
    row: &rows::Model,
    (action, kind): (Action, ActivityKind),
    (before, after): (Option<Value>, Option<Value>),
) -> Result<(), Error> {
    let named = Named { id: row.id.clone(), name: row.title.clone() };
    let mut entry = Entry::new(by.actor(), action, Target::named("page", &named));
    (entry.before, entry.after) = (before, after);
    entry.agent_id = by.agent().map(|agent| agent.agent().to_string());
    change.audit(by.workspace(), entry).await?;
    let agent = by.agent().map(crate::auth::AgentCaller::named);
    let about = About { agent, actor: Some(by.by()), detail: Some(row.title.clone()), session: None };
    activity::record(change, by.workspace(), kind, about).await
}

/// Tells browsers that a page has changed.
pub(super) fn tell<P>(change: &mut Change, by: &Granted<P>, row: &rows::Model) -> Result<(), Error> {
    let event = WorkspaceEvent::PageChanged {
        page: PageId::parse(row.id.as_str())?,
        space: SpaceId::parse(row.space_id.as_str())?,
        version: row.version,
    };
    change.tell(by.workspace(), event);
    Ok(())
}
