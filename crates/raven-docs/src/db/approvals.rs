//! Requests that people decide, and their decisions.

use raven_protocol::id::{ApprovalId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approvals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    /// `user` or `agent`.
    pub asked_kind: String,
    pub asked_id: String,
    pub asked_name: String,
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    pub owner_id: Option<String>,
    pub owner_name: Option<String>,
    pub action_kind: String,
    pub tool: Option<String>,
    pub action_sealed: String,
    pub action_digest: String,
    pub shown: String,
    pub summary: String,
    pub reason: Option<String>,
    pub state: String,
    pub deciders: i64,
    pub decider_role: String,
    pub request_digest: Option<String>,
    pub created_at: i64,
    pub deadline: i64,
    pub settled_at: Option<i64>,
    pub error: Option<String>,
    pub result: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[cfg(test)]
impl Model {
    /// A request for tests of what looks at one.
    pub fn example() -> Self {
        Self {
            id: ApprovalId::generate().to_string(),
            workspace_id: WorkspaceId::generate().to_string(),
            asked_kind: "agent".into(),
            asked_id: "agt_1".into(),
            asked_name: "Agent".into(),
            agent_id: None,
            agent_name: None,
            owner_id: None,
            owner_name: None,
            action_kind: "custom".into(),
            tool: None,
            action_sealed: String::new(),
            action_digest: String::new(),
            shown: "{}".into(),
            summary: "Do it".into(),
            reason: None,
            state: "pending".into(),
            deciders: 1,
            decider_role: "admin".into(),
            request_digest: None,
            created_at: 0,
            deadline: 0,
            settled_at: None,
            error: None,
            result: None,
        }
    }
}

/// What people decided of a request.
pub mod decisions {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval_decisions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub approval_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        pub user_name: String,
        /// `approve` or `reject`.
        pub verdict: String,
        pub note: Option<String>,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Adds a request.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// One request of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &ApprovalId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// The request that a call with this digest made.
pub async fn by_request_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::RequestDigest.eq(digest)).one(db).await?)
}

/// Writes where a request stands, unless it stands elsewhere than it did; `false` then.
pub async fn move_on(db: &impl ConnectionTrait, row: &Model, from: &str) -> Queried<bool> {
    let moved = Entity::update_many()
        .col_expr(Column::State, Expr::value(row.state.as_str()))
        .col_expr(Column::ActionSealed, Expr::value(row.action_sealed.as_str()))
        .col_expr(Column::SettledAt, Expr::value(row.settled_at))
        .col_expr(Column::Error, Expr::value(row.error.clone()))
        .col_expr(Column::Result, Expr::value(row.result.clone()))
        .filter(Column::Id.eq(row.id.as_str()))
        .filter(Column::State.eq(from))
        .exec(db)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Which requests a list shows.
#[derive(Default)]
pub struct Filter {
    pub state: Option<&'static str>,
    pub agent: Option<String>,
    pub before: Option<String>,
}

/// Requests of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    filter: &Filter,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(state) = filter.state {
        query = query.filter(Column::State.eq(state));
    }
    if let Some(agent) = &filter.agent {
        query = query.filter(Column::AgentId.eq(agent.as_str()));
    }
    if let Some(before) = &filter.before {
        query = query.filter(Column::Id.lt(before.as_str()));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// How many requests of somebody are in a state.
pub async fn count_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    (kind, asked_by): (&str, &str),
    state: &str,
) -> Queried<u64> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::AskedKind.eq(kind))
        .filter(Column::AskedId.eq(asked_by))
        .filter(Column::State.eq(state));
    Ok(query.count(db).await?)
}

/// Requests in a state, oldest first, but those of a kind.
pub async fn in_state(db: &impl ConnectionTrait, state: &str, but: Option<&str>) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::State.eq(state));
    if let Some(kind) = but {
        query = query.filter(Column::ActionKind.ne(kind));
    }
    Ok(query.order_by_asc(Column::Id).all(db).await?)
}

/// Requests in a state whose deadline has passed.
pub async fn overdue(db: &impl ConnectionTrait, state: &str, now: Timestamp) -> Queried<Vec<Model>> {
    let query = Entity::find().filter(Column::State.eq(state)).filter(Column::Deadline.lte(now.as_millis()));
    Ok(query.order_by_asc(Column::Deadline).all(db).await?)
}

/// The next deadline of the requests in a state.
pub async fn next_deadline(db: &impl ConnectionTrait, state: &str) -> Queried<Option<i64>> {
    let query = Entity::find().filter(Column::State.eq(state)).order_by_asc(Column::Deadline);
    Ok(query.one(db).await?.map(|row| row.deadline))
}

/// Adds a person's decision; `false` when they have made one.
pub async fn decide(db: &impl ConnectionTrait, row: &decisions::Model) -> Queried<bool> {
    let key = (row.approval_id.clone(), row.user_id.clone());
    if decisions::Entity::find_by_id(key).one(db).await?.is_some() {
        return Ok(false);
    }
    let row = row.clone().into_active_model().reset_all();
    decisions::Entity::insert(row).exec_without_returning(db).await?;
    Ok(true)
}

/// The decisions of some requests, oldest first.
pub async fn decisions_of(db: &impl ConnectionTrait, ids: &[String]) -> Queried<Vec<decisions::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = decisions::Entity::find().filter(decisions::Column::ApprovalId.is_in(ids));
    Ok(query.order_by_asc(decisions::Column::At).all(db).await?)
}
