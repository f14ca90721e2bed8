//! Terminal sessions as the control plane keeps them.

use raven_protocol::id::{AgentId, RuntimeSessionId, SessionId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

const TERMINATED: &str = "terminated";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "terminal_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub agent_id: String,
    pub runtime_session_id: String,
    pub runtime_endpoint: Option<String>,
    /// `dialled` by us, or `dials_in`.
    pub direction: String,
    pub title: Option<String>,
    pub status: String,
    pub cols: i64,
    pub rows: i64,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Every session of some agents, newest first.
pub async fn all_of_agents(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    agents: &[String],
) -> Queried<Vec<Model>> {
    if agents.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::AgentId.is_in(agents))
        .order_by_desc(Column::Id);
    Ok(query.all(db).await?)
}

#[cfg(test)]
impl Model {
    /// A live session, for tests.
    pub fn example(id: &str, agent: &str, workspace: &str) -> Self {
        Self {
            id: id.to_owned(),
            workspace_id: workspace.to_owned(),
            agent_id: agent.to_owned(),
            runtime_session_id: "pty_1".to_owned(),
            runtime_endpoint: None,
            direction: "dialled".to_owned(),
            title: None,
            status: "active".to_owned(),
            cols: 80,
            rows: 24,
            created_at: 0,
            ended_at: None,
        }
    }

    /// A database with such a session and what it belongs to, for tests.
    pub async fn in_new_database(folder: &std::path::Path) -> (super::Db, Self) {
        let db = super::Db::open(folder).await.unwrap();
        let row = Self::example("ses_1", "agt_1", "ws_1");
        let workspace = WorkspaceId::parse("ws_1").unwrap();
        let agent = super::agents::Model::example(&AgentId::parse("agt_1").unwrap(), &workspace);
        let tx = db.begin().await.unwrap();
        let now = raven_protocol::time::Timestamp::now();
        super::workspaces::insert(&tx, &workspace, "W", now).await.unwrap();
        super::agents::insert(&tx, &agent).await.unwrap();
        insert(&tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        (db, row)
    }
}

/// Adds a session.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a session's row anew.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// One session of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &SessionId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// The newest session of an agent.
pub async fn of_agent(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    agent: &AgentId,
) -> Queried<Option<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::AgentId.eq(agent.as_str()))
        .order_by_desc(Column::Id);
    Ok(query.one(db).await?)
}

/// The session of one of an agent's runs.
pub async fn of_run(
    db: &impl ConnectionTrait,
    agent: &super::agents::Model,
    run: &RuntimeSessionId,
) -> Queried<Option<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(agent.workspace_id.as_str()))
        .filter(Column::AgentId.eq(agent.id.as_str()))
        .filter(Column::RuntimeSessionId.eq(run.as_str()))
        .order_by_desc(Column::Id);
    Ok(query.one(db).await?)
}

/// The ids of all sessions that an agent has had.
pub async fn ids_of_agent(db: &impl ConnectionTrait, agent: &str) -> Queried<Vec<String>> {
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::AgentId.eq(agent));
    Ok(ids.into_tuple().all(db).await?)
}

/// The newest session of each of some agents.
pub async fn of_agents(db: &impl ConnectionTrait, agents: &[String]) -> Queried<Vec<Model>> {
    if agents.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find().filter(Column::AgentId.is_in(agents)).order_by_asc(Column::Id);
    Ok(query.all(db).await?)
}

/// The newest session of a workspace with a runtime's own id.
pub async fn by_runtime_id(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &RuntimeSessionId,
) -> Queried<Option<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::RuntimeSessionId.eq(id.as_str()))
        .order_by_desc(Column::Id);
    Ok(query.one(db).await?)
}

/// The sessions of all workspaces with a runtime's own id that have not ended, newest first.
pub async fn unended_by_runtime_id(db: &impl ConnectionTrait, id: &RuntimeSessionId) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::RuntimeSessionId.eq(id.as_str()))
        .filter(Column::Status.ne(TERMINATED))
        .order_by_desc(Column::Id);
    Ok(query.all(db).await?)
}

/// Sessions of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    agent: Option<&str>,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(agent) = agent {
        query = query.filter(Column::AgentId.eq(agent));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Every session that has not ended.
pub async fn unended(db: &impl ConnectionTrait) -> Queried<Vec<Model>> {
    Ok(Entity::find().filter(Column::Status.ne(TERMINATED)).all(db).await?)
}
