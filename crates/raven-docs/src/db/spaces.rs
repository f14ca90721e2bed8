//! Spaces, and how many pages each has.

use raven_protocol::id::{SpaceId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, FromQueryResult, IntoActiveModel as _, Statement};

use super::Queried;
use super::pages::{CLOSED, Seen};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spaces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub name: String,
    pub slug: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A space with the number of its pages outside of the trash.
#[derive(Debug, FromQueryResult)]
pub struct Counted {
    pub id: String,
    pub name: String,
    pub slug: String,
    pub page_count: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Adds a space.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a space in the place of what it was.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    Entity::update(row.clone().into_active_model().reset_all()).exec(db).await?;
    Ok(())
}

/// Removes a space, with what is in it.
pub async fn delete(db: &impl ConnectionTrait, id: &SpaceId) -> Queried<()> {
    Entity::delete_by_id(id.as_str()).exec(db).await?;
    Ok(())
}

/// One space of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &SpaceId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// How many spaces a workspace has.
pub async fn count(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<u64> {
    Ok(Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).count(db).await?)
}

/// Whether a workspace has a space of this slug.
pub async fn has_slug(db: &impl ConnectionTrait, workspace: &WorkspaceId, slug: &str) -> Queried<bool> {
    let query =
        Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).filter(Column::Slug.eq(slug));
    Ok(query.one(db).await?.is_some())
}

/// The spaces of a workspace in the order in which they were made, or one of them; pages are counted as somebody
/// sees them.
pub async fn counted(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    (one, after): (Option<&str>, Option<&str>),
    seen: Seen,
    limit: u64,
) -> Queried<Vec<Counted>> {
    let only_open = match seen {
        Seen::All => "",
        Seen::Open => "AND p.id NOT IN (SELECT id FROM closed)",
    };
    let sql = format!(
        "{CLOSED} SELECT s.id, s.name, s.slug, s.created_at, s.updated_at,
            (SELECT count(*) FROM pages p WHERE p.space_id = s.id AND p.trashed_at IS NULL {only_open}) AS page_count
        FROM spaces s
        WHERE s.workspace_id = $1 AND ($2 = '' OR s.id = $2) AND s.id > $3
        ORDER BY s.id LIMIT $4"
    );
    let values = [
        workspace.as_str().into(),
        one.unwrap_or_default().into(),
        after.unwrap_or_default().into(),
        i64::try_from(limit)?.into(),
    ];
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    Ok(Counted::find_by_statement(query).all(db).await?)
}
