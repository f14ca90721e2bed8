//! Where agents were mentioned: the newest of each.

use raven_protocol::id::AgentId;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, Statement};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_mentions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub agent_id: String,
    pub page_id: Option<String>,
    pub task_id: Option<String>,
    pub author_kind: String,
    pub author_id: String,
    pub author_name: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds one, and forgets the oldest of the agent when there are more than some number.
pub async fn add(db: &impl ConnectionTrait, row: &Model, most: i64) -> Queried<()> {
    let active = row.clone().into_active_model().reset_all();
    Entity::insert(active).exec_without_returning(db).await?;
    let sql = "DELETE FROM agent_mentions WHERE agent_id = $1 AND id NOT IN
        (SELECT id FROM agent_mentions WHERE agent_id = $1 ORDER BY id DESC LIMIT $2)";
    let values = [row.agent_id.as_str().into(), most.into()];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    Ok(())
}

/// Those of an agent, newest first, from before one on.
pub async fn of(
    db: &impl ConnectionTrait,
    agent: &AgentId,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::AgentId.eq(agent.as_str()));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}
