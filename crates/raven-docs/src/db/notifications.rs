//! What each person was told.

use raven_protocol::id::{UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub user_id: String,
    pub event_id: String,
    pub topic: String,
    pub kind: String,
    pub message: String,
    pub detail: Option<String>,
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    pub session_id: Option<String>,
    pub created_at: i64,
    pub read_at: Option<i64>,
    /// Its page in the web UI, where it has one of its own.
    pub path: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whose they are: a person's in one workspace.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    pub workspace: &'a WorkspaceId,
    pub user: &'a UserId,
}

fn of(owner: Owner<'_>) -> Select<Entity> {
    Entity::find()
        .filter(Column::WorkspaceId.eq(owner.workspace.as_str()))
        .filter(Column::UserId.eq(owner.user.as_str()))
}

/// Adds one.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Which of a person's a list shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    Unread,
}

/// A person's, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    (owner, which): (Owner<'_>, Which),
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = of(owner);
    if which == Which::Unread {
        query = query.filter(Column::ReadAt.is_null());
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// How many a person has not read.
pub async fn unread(db: &impl ConnectionTrait, owner: Owner<'_>) -> Queried<u64> {
    Ok(of(owner).filter(Column::ReadAt.is_null()).count(db).await?)
}

/// One of a person's.
pub async fn find(db: &impl ConnectionTrait, owner: Owner<'_>, id: &str) -> Queried<Option<Model>> {
    Ok(of(owner).filter(Column::Id.eq(id)).one(db).await?)
}

/// Notes that a person has read one, or all.
pub async fn read(
    db: &impl ConnectionTrait,
    owner: Owner<'_>,
    id: Option<&str>,
    at: Timestamp,
) -> Queried<()> {
    let mut update = Entity::update_many()
        .col_expr(Column::ReadAt, Expr::value(at.as_millis()))
        .filter(Column::WorkspaceId.eq(owner.workspace.as_str()))
        .filter(Column::UserId.eq(owner.user.as_str()))
        .filter(Column::ReadAt.is_null());
    if let Some(id) = id {
        update = update.filter(Column::Id.eq(id));
    }
    update.exec(db).await?;
    Ok(())
}

/// How many of some events a person was told of and has read.
pub async fn read_of(db: &impl ConnectionTrait, owner: Owner<'_>, events: &[String]) -> Queried<u64> {
    let read = of(owner).filter(Column::EventId.is_in(events)).filter(Column::ReadAt.is_not_null());
    Ok(read.count(db).await?)
}

/// Removes those from before a time.
pub async fn expire(db: &impl ConnectionTrait, before: i64) -> Queried<()> {
    Entity::delete_many().filter(Column::CreatedAt.lt(before)).exec(db).await?;
    Ok(())
}
