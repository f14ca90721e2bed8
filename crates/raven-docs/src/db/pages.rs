//! Pages: their rows, their tree, and which of them are closed to agents.

use raven_protocol::id::{PageId, SpaceId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{
    DbBackend, FromQueryResult, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    Select, Statement,
};

use super::Queried;

/// The pages of the workspace `$1` that are closed to agents: those with the flag off, and all below them.
pub const CLOSED: &str = "WITH RECURSIVE closed(id) AS (
        SELECT id FROM pages WHERE workspace_id = $1 AND NOT agent_accessible
        UNION SELECT c.id FROM pages c JOIN closed ON c.parent_id = closed.id)";

/// Room between two neighbours, so that another fits between them without a change of both.
pub const GAP: i64 = 1 << 20;

/// Ids that one statement names.
const AT_ONCE: usize = 500;

/// Whether closed pages are there for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    All,
    /// Those that agents may read.
    Open,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub space_id: String,
    pub parent_id: Option<String>,
    pub title: String,
    pub slug: String,
    /// Markdown.
    pub content: String,
    pub position: i64,
    pub agent_accessible: bool,
    pub version: i64,
    pub created_at: i64,
    pub created_by_kind: String,
    pub created_by: String,
    pub created_by_name: String,
    pub updated_at: i64,
    pub updated_by_kind: String,
    pub updated_by: String,
    pub updated_by_name: String,
    pub trashed_at: Option<i64>,
    pub trashed_with: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A page in a list: all but its content.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listed {
    pub id: String,
    pub space_id: String,
    pub parent_id: Option<String>,
    pub title: String,
    pub slug: String,
    pub position: i64,
    pub has_children: bool,
    pub agent_accessible: bool,
    /// By its own flag, or by that of a page above.
    pub closed: bool,
    pub version: i64,
    pub updated_at: i64,
    pub updated_by_kind: String,
    pub updated_by: String,
    pub updated_by_name: String,
    pub trashed_at: Option<i64>,
}

/// A page and those above it, as far as it matters to who may read it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Step {
    pub id: String,
    pub title: String,
    pub agent_accessible: bool,
}

/// Adds a page.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a page in the place of what it was.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    Entity::update(row.clone().into_active_model().reset_all()).exec(db).await?;
    Ok(())
}

/// One page of a workspace, in the trash or not.
pub async fn find(db: &impl ConnectionTrait, workspace: &WorkspaceId, id: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace.as_str())).one(db).await?)
}

/// The pages of this slug outside of the trash: at most one in each space.
pub async fn by_slug(db: &impl ConnectionTrait, workspace: &WorkspaceId, slug: &str) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::Slug.eq(slug))
        .filter(Column::TrashedAt.is_null());
    Ok(query.all(db).await?)
}

/// Whether a space has a page of this slug, in the trash or not.
pub async fn has_slug(db: &impl ConnectionTrait, space: &str, slug: &str) -> Queried<bool> {
    let query = Entity::find().filter(Column::SpaceId.eq(space)).filter(Column::Slug.eq(slug));
    Ok(query.count(db).await? > 0)
}

/// A page and all above it, from the top to the page itself.
pub async fn chain(db: &impl ConnectionTrait, id: &str) -> Queried<Vec<Step>> {
    let sql = "WITH RECURSIVE up(id, parent_id, title, agent_accessible, depth) AS (
            SELECT id, parent_id, title, agent_accessible, 0 FROM pages WHERE id = $1
            UNION ALL
            SELECT p.id, p.parent_id, p.title, p.agent_accessible, depth + 1
            FROM pages p JOIN up ON p.id = up.parent_id WHERE depth < 1000)
        SELECT id, title, agent_accessible FROM up ORDER BY depth DESC";
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [id.into()]);
    Ok(Step::find_by_statement(query).all(db).await?)
}

/// A page and all below it, from the page itself downwards, each with how far below it is.
pub async fn below(db: &impl ConnectionTrait, id: &str) -> Queried<Vec<(String, i64)>> {
    let sql = "WITH RECURSIVE down(id, depth) AS (
            SELECT id, 0 FROM pages WHERE id = $1
            UNION ALL
            SELECT p.id, depth + 1 FROM pages p JOIN down ON p.parent_id = down.id WHERE depth < 1000)
        SELECT id, depth FROM down ORDER BY depth, id";
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, [id.into()])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "depth")?))).collect()
}

/// Which pages a list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Directly under a page.
    Under(PageId),
    /// At the top of a space.
    Top(SpaceId),
    /// All of a space, or of the workspace, oldest first.
    Whole(Option<SpaceId>),
    /// Those that changed last.
    Recent(Option<SpaceId>),
    /// What was put into the trash, newest first, without what went with it.
    Trash,
}

/// Where a list begins and how long it is.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The id of the last of the part before.
    pub after: Option<String>,
    pub skip: u64,
    pub limit: u64,
}

/// Pages of a workspace, as somebody sees them.
pub async fn list(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    which: &Which,
    seen: Seen,
    part: &Part,
) -> Queried<Vec<Listed>> {
    let mut values: Vec<Value> = vec![workspace.as_str().into()];
    let (filter, order) = (filter(which, &mut values), order(which));
    let after = part.after.as_deref().map(|after| after_row((which, seen), after, &mut values));
    let after = after.unwrap_or_default();
    let (open, open_child) = match seen {
        Seen::All => ("", ""),
        Seen::Open => ("AND p.id NOT IN (SELECT id FROM closed)", "AND c.agent_accessible"),
    };
    values.push(i64::try_from(part.limit)?.into());
    let limit = values.len();
    values.push(i64::try_from(part.skip)?.into());
    let sql = format!(
        "{CLOSED} SELECT p.id, p.space_id, p.parent_id, p.title, p.slug, p.position, p.agent_accessible, p.version,
            p.updated_at, p.updated_by_kind, p.updated_by, p.updated_by_name, p.trashed_at,
            EXISTS (SELECT 1 FROM pages c WHERE c.parent_id = p.id AND c.trashed_at IS NULL {open_child})
                AS has_children,
            p.id IN (SELECT id FROM closed) AS closed
        FROM pages p WHERE p.workspace_id = $1 AND {filter} {after} {open}
        ORDER BY {order} LIMIT ${limit} OFFSET ${}",
        values.len()
    );
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    Ok(Listed::find_by_statement(query).all(db).await?)
}

/// Whether a page has any directly under it, for somebody who may read the page.
pub async fn has_children(db: &impl ConnectionTrait, id: &str, seen: Seen) -> Queried<bool> {
    let open = match seen {
        Seen::All => "",
        Seen::Open => "AND agent_accessible",
    };
    let sql = format!("SELECT 1 FROM pages WHERE parent_id = $1 AND trashed_at IS NULL {open} LIMIT 1");
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [id.into()]);
    Ok(db.query_one_raw(query).await?.is_some())
}

/// The condition of a list.
fn filter(which: &Which, values: &mut Vec<Value>) -> String {
    let mut is = |column: &str, value: &str| {
        values.push(value.into());
        format!("p.{column} = ${}", values.len())
    };
    let (of, there) = match which {
        Which::Under(parent) => (is("parent_id", parent.as_str()), "p.trashed_at IS NULL"),
        Which::Top(space) => (is("space_id", space.as_str()), "p.parent_id IS NULL AND p.trashed_at IS NULL"),
        Which::Whole(Some(space)) | Which::Recent(Some(space)) => {
            (is("space_id", space.as_str()), "p.trashed_at IS NULL")
        }
        Which::Whole(None) | Which::Recent(None) => ("TRUE".to_owned(), "p.trashed_at IS NULL"),
        Which::Trash => ("p.trashed_with = p.id".to_owned(), "p.trashed_at IS NOT NULL"),
    };
    format!("{of} AND {there}")
}

fn order(which: &Which) -> &'static str {
    match which {
        Which::Under(_) | Which::Top(_) => "p.position, p.id",
        Which::Whole(_) => "p.id",
        Which::Recent(_) => "p.updated_at DESC, p.id DESC",
        Which::Trash => "p.trashed_at DESC, p.id DESC",
    }
}

/// The condition that a row comes after another one in the order of its list. After one that is not there for whoever
/// asks comes nothing, so that nobody learns by it of a page that is.
fn after_row((which, seen): (&Which, Seen), after: &str, values: &mut Vec<Value>) -> String {
    values.push(after.into());
    let at = values.len();
    let (column, than) = match which {
        Which::Under(_) | Which::Top(_) => ("position", ">"),
        Which::Whole(_) => return format!("AND p.id > ${at}"),
        Which::Recent(_) => ("updated_at", "<"),
        Which::Trash => ("trashed_at", "<"),
    };
    let open = match seen {
        Seen::All => "",
        Seen::Open => "AND a.id NOT IN (SELECT id FROM closed)",
    };
    format!(
        "AND (p.{column}, p.id) {than} (SELECT a.{column}, a.id FROM pages a
            WHERE a.workspace_id = $1 AND a.id = ${at} {open})"
    )
}

/// The place of a page among those under the same one, and that of the one before it, if there is one.
pub async fn place_before(db: &impl ConnectionTrait, of: &Model) -> Queried<Option<i64>> {
    let before = siblings(&of.space_id, of.parent_id.as_deref())
        .filter(Column::Position.lt(of.position))
        .order_by_desc(Column::Position);
    Ok(before.select_only().column(Column::Position).into_tuple().one(db).await?)
}

/// The place after all pages under the same one.
pub async fn last_place(db: &impl ConnectionTrait, space: &str, parent: Option<&str>) -> Queried<i64> {
    let last = siblings(space, parent).order_by_desc(Column::Position);
    let last: Option<i64> = last.select_only().column(Column::Position).into_tuple().one(db).await?;
    Ok(last.map_or(GAP, |position| position + GAP))
}

/// Gives the pages under the same one places with room between them.
pub async fn spread(db: &impl ConnectionTrait, space: &str, parent: Option<&str>) -> Queried<()> {
    let rows = siblings(space, parent).order_by_asc(Column::Position).order_by_asc(Column::Id);
    let ids: Vec<String> = rows.select_only().column(Column::Id).into_tuple().all(db).await?;
    for (id, place) in ids.into_iter().zip((1..).map(|nth: i64| nth * GAP)) {
        let moved = Entity::update_many().col_expr(Column::Position, Expr::value(place));
        moved.filter(Column::Id.eq(id)).exec(db).await?;
    }
    Ok(())
}

fn siblings(space: &str, parent: Option<&str>) -> Select<Entity> {
    let query = Entity::find().filter(Column::SpaceId.eq(space));
    match parent {
        Some(parent) => query.filter(Column::ParentId.eq(parent)),
        None => query.filter(Column::ParentId.is_null()),
    }
}

/// How many pages a space has outside of the trash.
pub async fn count(db: &impl ConnectionTrait, space: &SpaceId) -> Queried<u64> {
    let query = Entity::find().filter(Column::SpaceId.eq(space.as_str())).filter(Column::TrashedAt.is_null());
    Ok(query.count(db).await?)
}

/// How many pages a workspace has, in the trash or not.
pub async fn count_all(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<u64> {
    Ok(Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).count(db).await?)
}

/// Every page of a space, in the trash or not.
pub async fn ids_of_space(db: &impl ConnectionTrait, space: &SpaceId) -> Queried<Vec<String>> {
    let query = Entity::find().filter(Column::SpaceId.eq(space.as_str()));
    Ok(query.select_only().column(Column::Id).into_tuple().all(db).await?)
}

/// The pages of some whose slug a space has already, with slug and title; or all of them.
pub async fn slugs(
    db: &impl ConnectionTrait,
    ids: &[String],
    taken_in: Option<&str>,
) -> Queried<Vec<(String, String, String)>> {
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let mut query = Entity::find().filter(Column::Id.is_in(some));
        if let Some(space) = taken_in {
            let there = Entity::find().filter(Column::SpaceId.eq(space)).select_only().column(Column::Slug);
            query = query.filter(Column::Slug.in_subquery(there.into_query()));
        }
        let query = query.select_only().columns([Column::Id, Column::Slug, Column::Title]);
        found.extend(query.into_tuple::<(String, String, String)>().all(db).await?);
    }
    Ok(found)
}

/// Puts pages into a space: those that have a new slug with it, the others as they are.
pub async fn put_into(
    db: &impl ConnectionTrait,
    space: &str,
    ids: &[String],
    slugs: &[(String, String)],
) -> Queried<()> {
    for some in slugs.chunks(AT_ONCE) {
        let mut values: Vec<Value> = vec![space.into()];
        let mut renamed = Vec::with_capacity(some.len());
        for (id, slug) in some {
            values.extend([id.as_str().into(), slug.as_str().into()]);
            renamed.push(format!("(${}, ${})", values.len() - 1, values.len()));
        }
        let sql = format!(
            "WITH renamed(id, slug) AS (VALUES {}) UPDATE pages SET space_id = $1, slug = renamed.slug
            FROM renamed WHERE pages.id = renamed.id",
            renamed.join(", ")
        );
        db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    }
    for some in ids.chunks(AT_ONCE) {
        let moved = Entity::update_many().col_expr(Column::SpaceId, Expr::value(space));
        moved.filter(Column::Id.is_in(some)).filter(Column::SpaceId.ne(space)).exec(db).await?;
    }
    Ok(())
}

/// Puts those of some pages that are not in the trash into it, with one of them.
pub async fn trash(db: &impl ConnectionTrait, ids: &[String], with: &str, now: i64) -> Queried<u64> {
    let mut count = 0;
    for some in ids.chunks(AT_ONCE) {
        let put = Entity::update_many()
            .col_expr(Column::TrashedAt, Expr::value(now))
            .col_expr(Column::TrashedWith, Expr::value(with))
            .filter(Column::Id.is_in(some))
            .filter(Column::TrashedAt.is_null());
        count += put.exec(db).await?.rows_affected;
    }
    Ok(count)
}

/// Takes those of some pages out of the trash that were put there with one of them.
pub async fn untrash(db: &impl ConnectionTrait, ids: &[String], with: &str) -> Queried<u64> {
    let mut count = 0;
    for some in ids.chunks(AT_ONCE) {
        let taken = Entity::update_many()
            .col_expr(Column::TrashedAt, Expr::value(None::<i64>))
            .col_expr(Column::TrashedWith, Expr::value(None::<String>))
            .filter(Column::Id.is_in(some))
            .filter(Column::TrashedWith.eq(with));
        count += taken.exec(db).await?.rows_affected;
    }
    Ok(count)
}

/// The ids after one of pages that were put into the trash before a time, without what went with them; of all
/// workspaces.
pub async fn trashed_before(
    db: &impl ConnectionTrait,
    time: i64,
    after: &str,
    limit: u64,
) -> Queried<Vec<String>> {
    let query = Entity::find()
        .filter(Column::TrashedAt.lt(time))
        .filter(Expr::col(Column::TrashedWith).equals(Column::Id))
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit);
    Ok(query.select_only().column(Column::Id).into_tuple().all(db).await?)
}

/// Removes pages for good, with their history and comments.
pub async fn delete(db: &impl ConnectionTrait, ids: &[String]) -> Queried<()> {
    for some in ids.chunks(AT_ONCE) {
        Entity::delete_many().filter(Column::Id.is_in(some)).exec(db).await?;
    }
    Ok(())
}

/// Whether one of some pages has its flag off.
pub async fn any_closed(db: &impl ConnectionTrait, ids: &[String]) -> Queried<bool> {
    for some in ids.chunks(AT_ONCE) {
        let closed = Entity::find().filter(Column::Id.is_in(some)).filter(Column::AgentAccessible.eq(false));
        if closed.count(db).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A page that was put into the trash before a time.
pub async fn trashed_one(db: &impl ConnectionTrait, id: &str, time: i64) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(id).filter(Column::TrashedAt.lt(time)).one(db).await?)
}
