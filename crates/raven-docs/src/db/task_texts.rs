//! Words of tasks that a change replaced.

use raven_protocol::id::TaskId;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "task_texts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_id: String,
    /// The last version of the task that had them.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub title: String,
    pub description: String,
    pub replaced_at: i64,
    pub replaced_by_kind: String,
    pub replaced_by: String,
    pub replaced_by_name: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds some, and forgets the oldest of the task when there are more than some number.
pub async fn add(db: &impl ConnectionTrait, row: &Model, most: u64) -> Queried<()> {
    let active = row.clone().into_active_model().reset_all();
    Entity::insert(active).exec_without_returning(db).await?;
    let of_task = Column::TaskId.eq(row.task_id.as_str());
    let newest = Entity::find().filter(of_task.clone()).order_by_desc(Column::Version);
    if let Some(first_too_many) = newest.offset(most).one(db).await? {
        let old = Entity::delete_many().filter(of_task).filter(Column::Version.lte(first_too_many.version));
        old.exec(db).await?;
    }
    Ok(())
}

/// Those of a task from before a version, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    task: &TaskId,
    before: Option<i64>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::TaskId.eq(task.as_str()));
    if let Some(before) = before {
        query = query.filter(Column::Version.lt(before));
    }
    Ok(query.order_by_desc(Column::Version).limit(limit).all(db).await?)
}
