//! Files of pages: what is known of them. The files themselves are in the object store.

use raven_protocol::id::{AttachmentId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, Statement};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub page_id: String,
    pub name: String,
    pub content_type: String,
    pub size: i64,
    pub created_at: i64,
    pub created_by_kind: String,
    pub created_by: String,
    pub created_by_name: String,
    /// Since when its object is to be removed, or is on its way and does not count yet.
    pub removed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a file.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// One file of a workspace that counts.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AttachmentId,
) -> Queried<Option<Model>> {
    let query = Entity::find_by_id(id.as_str())
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::RemovedAt.is_null());
    Ok(query.one(db).await?)
}

/// The files of a page, oldest first.
pub async fn of_page(
    db: &impl ConnectionTrait,
    page: &str,
    after: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::PageId.eq(page))
        .filter(Column::RemovedAt.is_null())
        .filter(Column::Id.gt(after.unwrap_or_default()))
        .order_by_asc(Column::Id);
    Ok(query.limit(limit).all(db).await?)
}

/// How many files a page has, with those that are on their way or whose object is to be removed.
pub async fn count_of_page(db: &impl ConnectionTrait, page: &str) -> Queried<u64> {
    Ok(Entity::find().filter(Column::PageId.eq(page)).count(db).await?)
}

/// The bytes of a workspace's files, those counted too.
pub async fn bytes_of(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<i64> {
    let sql =
        "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) AS bytes FROM attachments WHERE workspace_id = $1";
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [workspace.as_str().into()]);
    let row = db.query_one_raw(query).await?;
    Ok(row.map(|row| row.try_get("", "bytes")).transpose()?.unwrap_or(0))
}

/// Says whether a file counts; `false` when it is gone.
pub async fn set_removed(db: &impl ConnectionTrait, id: &str, at: Option<Timestamp>) -> Queried<bool> {
    let set = Entity::update_many()
        .col_expr(Column::RemovedAt, Expr::value(at.map(Timestamp::as_millis)))
        .filter(Column::Id.eq(id));
    Ok(set.exec(db).await?.rows_affected == 1)
}

/// Says that none of a page's files counts any more.
pub async fn remove_of_page(db: &impl ConnectionTrait, page: &str, at: Timestamp) -> Queried<()> {
    let set = Entity::update_many()
        .col_expr(Column::RemovedAt, Expr::value(at.as_millis()))
        .filter(Column::PageId.eq(page))
        .filter(Column::RemovedAt.is_null());
    set.exec(db).await?;
    Ok(())
}

/// Files after one that have not counted since before a time.
pub async fn removed_before(
    db: &impl ConnectionTrait,
    time: i64,
    after: &str,
    limit: u64,
) -> Queried<Vec<Model>> {
    let query = Entity::find().filter(Column::RemovedAt.lt(time)).filter(Column::Id.gt(after));
    Ok(query.order_by_asc(Column::Id).limit(limit).all(db).await?)
}

/// Forgets a file whose object is gone.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).filter(Column::RemovedAt.is_not_null()).exec(db).await?;
    Ok(())
}
