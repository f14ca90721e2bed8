//! Comments: what people and agents say about a page or a task.
//!
//! Whoever may read the page or the task may read them, and nobody else. Owns replies and what is resolved. Must not
//! know how pages and tasks are kept.

use raven_protocol::id::{CommentId, PageId, TaskId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::knowledge::{ReadComments, WriteComments};
use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::approvals::action::cut;
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{AgentCaller, Named};
use crate::db::search::{self, Indexed, Kind, Of};
use crate::db::{ConnectionTrait, Db, comments as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes, WorkspaceEvent};
use crate::mentions::{self, Where};
use crate::page::{Page, PageQuery};
use crate::pages::{self, content};
use crate::repeats::{self, Repeatable};
use crate::tasks;

/// Longest comment, in characters.
const MAX_CONTENT: usize = 10_000;

/// Most comments on a page or a task: nobody reads more.
const MAX_COMMENTS: u64 = 5000;

/// Longest detail of an entry in the feed, in characters.
const MAX_DETAIL: usize = 200;

/// A comment as the API shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    pub id: String,
    pub page_id: Option<String>,
    pub task_id: Option<String>,
    /// Markdown.
    pub content: String,
    pub author: Actor,
    /// The comment that it replies to.
    pub reply_to: Option<String>,
    pub resolved_at: Option<Timestamp>,
    pub resolved_by: Option<Named>,
    pub created_at: Timestamp,
}

/// A comment as it is wanted: on a page, or on a task.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewComment {
    pub page_id: Option<PageId>,
    pub task_id: Option<TaskId>,
    /// Markdown.
    pub content: String,
    /// A comment on the same page or task.
    pub reply_to: Option<CommentId>,
}

/// On what comments are wanted: a page, or a task.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CommentsQuery {
    pub page_id: Option<PageId>,
    pub task_id: Option<TaskId>,
}

/// Whether a comment needs nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    Resolved,
    Open,
}

/// The comments of all workspaces.
#[derive(Clone)]
pub struct Comments {
    db: Db,
    changes: Changes,
}

impl Comments {
    pub fn new(db: Db, changes: Changes) -> Self {
        Self { db, changes }
    }

    /// The comments on a page or a task, oldest first.
    pub async fn list(
        &self,
        by: &Granted<ReadComments>,
        query: &CommentsQuery,
        page: PageQuery,
    ) -> Result<Page<Comment>, Error> {
        let (of, limit) = (of(query.page_id.as_ref(), query.task_id.as_ref())?, page.limit()?);
        let tx = self.db.snapshot().await?;
        subject(&tx, by, of).await?;
        let found = rows::on(&tx, of, page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(view(row)))
    }

    /// Comments on a page or a task.
    pub async fn create(
        &self,
        by: &Granted<WriteComments>,
        wanted: NewComment,
        request: Option<Repeatable>,
    ) -> Result<Comment, Error> {
        let text = wanted.content.replace("\r\n", "\n");
        if text.trim().is_empty() || text.chars().count() > MAX_CONTENT || text.contains('\0') {
            return Err(Error::invalid("content", format!("must be 1 to {MAX_CONTENT} characters")));
        }
        let of = of(wanted.page_id.as_ref(), wanted.task_id.as_ref())?;
        let mut change = self.changes.begin_for(by).await?;
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            return Ok(view(readable(&change, by, &CommentId::parse(id)?).await?));
        }
        let subject = subject(change.tx(), by, of).await?;
        if rows::count(change.tx(), of).await? >= MAX_COMMENTS {
            let detail =
                format!("there are {MAX_COMMENTS} comments on it; delete some, or write into a page");
            return Err(Error::Conflict { code: Conflict::TooManyComments, detail });
        }
        if let Some(reply_to) = &wanted.reply_to {
            let first = rows::find(change.tx(), by.workspace(), reply_to).await?;
            if !first.is_some_and(|first| is_on(&first, of)) {
                return Err(Error::NotFound("comment"));
            }
        }
        let author = by.actor();
        let row = rows::Model {
            id: CommentId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            page_id: wanted.page_id.as_ref().map(ToString::to_string),
            task_id: wanted.task_id.as_ref().map(ToString::to_string),
            content: text,
            reply_to: wanted.reply_to.map(String::from),
            author_kind: author.kind.as_str().to_owned(),
            author_id: author.id,
            author_name: author.name,
            created_at: Timestamp::now().as_millis(),
            resolved_at: None,
            resolved_by: None,
            resolved_by_name: None,
        };
        rows::insert(change.tx(), &row).await?;
        repeats::keep(&change, request, &row.id).await?;
        let body = content::plain(&row.content);
        let (workspace, id) = (by.workspace(), row.id.as_str());
        let item = Indexed { workspace, kind: Kind::Comment, id, of, title: "", body: &body };
        search::put(change.tx(), &item).await?;
        let place = Where { of, title: &subject };
        mentions::note(&mut change, by, place, ("", &row.content)).await?;
        record(&mut change, by, &row, (Action::CommentCreate, ActivityKind::CommentAdded)).await?;
        change.commit().await?;
        Ok(view(row))
    }

    /// Says whether a comment needs nothing any more.
    pub async fn resolve(
        &self,
        by: &Granted<WriteComments>,
        id: &CommentId,
        resolution: Resolution,
    ) -> Result<Comment, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let mut row = readable(&change, by, id).await?;
        let now = (resolution == Resolution::Resolved).then(|| Timestamp::now().as_millis());
        if now.is_some() == row.resolved_at.is_some() {
            return Ok(view(row));
        }
        row.resolved_at = now;
        let Named { id, name } = by.by();
        (row.resolved_by, row.resolved_by_name) = (now.map(|_| id), now.map(|_| name));
        rows::update(change.tx(), &row).await?;
        let kind = match resolution {
            Resolution::Resolved => ActivityKind::CommentResolved,
            Resolution::Open => ActivityKind::CommentReopened,
        };
        record(&mut change, by, &row, (Action::CommentResolve, kind)).await?;
        change.commit().await?;
        Ok(view(row))
    }

    /// Removes a comment, with the replies to it: one's own, or as an admin any.
    pub async fn delete(&self, by: &Granted<WriteComments>, id: &CommentId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = readable(&change, by, id).await?;
        let author = by.actor();
        let own = row.author_kind == author.kind.as_str() && row.author_id == author.id;
        if !own && by.and::<Administer>().is_err() {
            let why = "only who wrote a comment and admins remove it; you can resolve it";
            return Err(Error::Denied(why.to_owned()));
        }
        let mut gone = vec![row.id.clone()];
        while let Some(id) = gone.pop() {
            gone.extend(rows::replies(change.tx(), &id).await?);
            search::remove(change.tx(), Kind::Comment, &id).await?;
        }
        rows::delete(change.tx(), &row.id).await?;
        record(&mut change, by, &row, (Action::CommentDelete, ActivityKind::CommentDeleted)).await?;
        change.commit().await
    }
}

fn of<'a>(page: Option<&'a PageId>, task: Option<&'a TaskId>) -> Result<Of<'a>, Error> {
    match (page, task) {
        (Some(page), None) => Ok(Of::Page(page.as_str())),
        (None, Some(task)) => Ok(Of::Task(task.as_str())),
        _ => Err(Error::invalid("pageId", "or `taskId` must be given, and not both")),
    }
}

fn is_on(row: &rows::Model, of: Of<'_>) -> bool {
    match of {
        Of::Page(page) => row.page_id.as_deref() == Some(page),
        Of::Task(task) => row.task_id.as_deref() == Some(task),
    }
}

/// The title of what comments are on, for whoever may read it.
async fn subject<P>(db: &impl ConnectionTrait, by: &Granted<P>, of: Of<'_>) -> Result<String, Error> {
    match of {
        Of::Page(page) => Ok(pages::readable(db, by, page).await?.row.title),
        Of::Task(task) => Ok(tasks::readable(db, by, &TaskId::parse(task)?).await?.row.title),
    }
}

/// A comment on something that one may read.
async fn readable<P>(change: &Change, by: &Granted<P>, id: &CommentId) -> Result<rows::Model, Error> {
    let row = rows::find(change.tx(), by.workspace(), id).await?.ok_or(Error::NotFound("comment"))?;
    let of = match (&row.page_id, &row.task_id) {
        (Some(page), _) => Of::Page(page),
        (None, task) => Of::Task(task.as_deref().unwrap_or_default()),
    };
    subject(change.tx(), by, of).await?;
    Ok(row)
}

async fn record(
    change: &mut Change,
    by: &Granted<WriteComments>,
    row: &rows::Model,
    (action, kind): (Action, ActivityKind),
) -> Result<(), Error> {
    let mut entry = Entry::new(by.actor(), action, Target::new("comment", row.id.as_str()));
    entry.agent_id = by.agent().map(|agent| agent.agent().to_string());
    let kept = json!({ "pageId": row.page_id, "taskId": row.task_id, "resolved": row.resolved_at.is_some() });
    change.audit(by.workspace(), entry.after(kept)).await?;
    let detail = Some(cut(&row.content, MAX_DETAIL));
    let agent = by.agent().map(AgentCaller::named);
    let about = About { agent, actor: Some(by.by()), detail, session: None };
    activity::record(change, by.workspace(), kind, about).await?;
    let event = WorkspaceEvent::CommentChanged { page: row.page_id.clone(), task: row.task_id.clone() };
    change.tell(by.workspace(), event);
    Ok(())
}

fn view(row: rows::Model) -> Comment {
    let resolved_by = row.resolved_by.map(|id| Named { id, name: row.resolved_by_name.unwrap_or_default() });
    Comment {
        id: row.id,
        page_id: row.page_id,
        task_id: row.task_id,
        content: row.content,
        author: Actor::from_row(&row.author_kind, row.author_id, row.author_name),
        reply_to: row.reply_to,
        resolved_at: row.resolved_at.map(Timestamp::from_millis),
        resolved_by,
        created_at: Timestamp::from_millis(row.created_at),
    }
}
