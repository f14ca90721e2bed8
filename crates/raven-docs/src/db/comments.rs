//! Comments on pages and tasks.

use raven_protocol::id::{CommentId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;
use super::search::Of;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub page_id: Option<String>,
    pub task_id: Option<String>,
    pub content: String,
    pub reply_to: Option<String>,
    pub author_kind: String,
    pub author_id: String,
    pub author_name: String,
    pub created_at: i64,
    pub resolved_at: Option<i64>,
    pub resolved_by: Option<String>,
    pub resolved_by_name: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a comment.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a comment in the place of what it was.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    Entity::update(row.clone().into_active_model().reset_all()).exec(db).await?;
    Ok(())
}

/// Removes a comment, with the replies to it.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Removes the comments on a page or a task.
pub async fn delete_on(db: &impl ConnectionTrait, of: Of<'_>) -> Queried<()> {
    Entity::delete_many().filter(is_on(of)).exec(db).await?;
    Ok(())
}

/// How many comments there are on a page or a task.
pub async fn count(db: &impl ConnectionTrait, of: Of<'_>) -> Queried<u64> {
    Ok(Entity::find().filter(is_on(of)).count(db).await?)
}

fn is_on(of: Of<'_>) -> SimpleExpr {
    match of {
        Of::Page(page) => Column::PageId.eq(page),
        Of::Task(task) => Column::TaskId.eq(task),
    }
}

/// One comment of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &CommentId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// The ids of the replies to a comment.
pub async fn replies(db: &impl ConnectionTrait, id: &str) -> Queried<Vec<String>> {
    let query = Entity::find().filter(Column::ReplyTo.eq(id)).select_only().column(Column::Id);
    Ok(query.into_tuple().all(db).await?)
}

/// The comments on a page or a task, oldest first.
pub async fn on(
    db: &impl ConnectionTrait,
    of: Of<'_>,
    after: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let query = Entity::find().filter(is_on(of)).filter(Column::Id.gt(after.unwrap_or_default()));
    Ok(query.order_by_asc(Column::Id).limit(limit).all(db).await?)
}
