//! Keys of agents for our own tools, by the digest of their secret.

use raven_protocol::id::{AgentId, AgentKeyId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, IntoActiveModel as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub agent_id: String,
    pub digest: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds an agent's key.
pub async fn insert(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    agent: &AgentId,
    digest: String,
    at: Timestamp,
) -> Queried<()> {
    let row = Model {
        id: AgentKeyId::generate().to_string(),
        workspace_id: workspace.to_string(),
        agent_id: agent.to_string(),
        digest,
        created_at: at.as_millis(),
        last_used_at: None,
        revoked_at: None,
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// The key with a digest that is still good.
pub async fn good(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    let query = Entity::find().filter(Column::Digest.eq(digest)).filter(Column::RevokedAt.is_null());
    Ok(query.one(db).await?)
}

/// Whether a key is still good.
pub async fn is_good(db: &impl ConnectionTrait, id: &AgentKeyId) -> Queried<bool> {
    let good = Entity::find_by_id(id.as_str()).filter(Column::RevokedAt.is_null());
    Ok(good.one(db).await?.is_some())
}

/// Notes that a key was used.
pub async fn touch(db: &impl ConnectionTrait, id: &str, at: Timestamp) -> Queried<()> {
    let used = ActiveModel { last_used_at: Set(Some(at.as_millis())), ..Default::default() };
    Entity::update_many().set(used).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Ends every key of an agent.
pub async fn revoke_of_agent(db: &impl ConnectionTrait, agent: &str, at: Timestamp) -> Queried<()> {
    let revoked = ActiveModel { revoked_at: Set(Some(at.as_millis())), ..Default::default() };
    let of_agent = Entity::update_many().set(revoked).filter(Column::AgentId.eq(agent));
    of_agent.filter(Column::RevokedAt.is_null()).exec(db).await?;
    Ok(())
}

/// A key of an agent that is still good.
pub async fn good_of(db: &impl ConnectionTrait, agent: &AgentId) -> Queried<Option<Model>> {
    let good = Entity::find().filter(Column::AgentId.eq(agent.as_str())).filter(Column::RevokedAt.is_null());
    Ok(good.one(db).await?)
}
