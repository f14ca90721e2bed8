//! Questions of agents to people.

use raven_protocol::id::{QuestionId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "questions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub agent_id: String,
    pub agent_name: String,
    pub question: String,
    /// A JSON array of texts.
    pub options: String,
    pub context: Option<String>,
    pub state: String,
    pub answer: Option<String>,
    pub answered_by: Option<String>,
    pub answered_by_name: Option<String>,
    pub created_at: i64,
    pub escalates_at: i64,
    pub deadline: i64,
    pub answered_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a question.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// One question of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &QuestionId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// Writes where a question stands, unless it stands elsewhere than it did; `false` then.
pub async fn move_on(db: &impl ConnectionTrait, row: &Model, from: &str) -> Queried<bool> {
    let moved = Entity::update_many()
        .col_expr(Column::State, Expr::value(row.state.as_str()))
        .col_expr(Column::Answer, Expr::value(row.answer.clone()))
        .col_expr(Column::AnsweredBy, Expr::value(row.answered_by.clone()))
        .col_expr(Column::AnsweredByName, Expr::value(row.answered_by_name.clone()))
        .col_expr(Column::AnsweredAt, Expr::value(row.answered_at))
        .filter(Column::Id.eq(row.id.as_str()))
        .filter(Column::State.eq(from))
        .exec(db)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Which questions a list shows.
#[derive(Default)]
pub struct Filter<'a> {
    /// Any of these states; all when empty.
    pub states: &'a [&'static str],
    pub agent: Option<String>,
    pub before: Option<String>,
}

/// Questions of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    filter: &Filter<'_>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().copied()));
    }
    if let Some(agent) = &filter.agent {
        query = query.filter(Column::AgentId.eq(agent.as_str()));
    }
    if let Some(before) = &filter.before {
        query = query.filter(Column::Id.lt(before.as_str()));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// How many questions of an agent are in one of some states.
pub async fn count_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    agent: &str,
    states: &[&str],
) -> Queried<u64> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::AgentId.eq(agent))
        .filter(Column::State.is_in(states.iter().copied()));
    Ok(query.count(db).await?)
}

/// Questions in a state whose time to escalate has come.
pub async fn to_escalate(db: &impl ConnectionTrait, state: &str, now: Timestamp) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::State.eq(state))
        .filter(Column::EscalatesAt.lte(now.as_millis()))
        .filter(Column::Deadline.gt(now.as_millis()));
    Ok(query.all(db).await?)
}

/// Questions in some states whose deadline has passed.
pub async fn overdue(db: &impl ConnectionTrait, states: &[&str], now: Timestamp) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::State.is_in(states.iter().copied()))
        .filter(Column::Deadline.lte(now.as_millis()));
    Ok(query.all(db).await?)
}

/// When the next question of some states is to be escalated, or is over.
pub async fn next_time(db: &impl ConnectionTrait, open: &str, escalated: &str) -> Queried<Option<i64>> {
    let first =
        |state: &str, column: Column| Entity::find().filter(Column::State.eq(state)).order_by_asc(column);
    let escalates = first(open, Column::EscalatesAt).one(db).await?.map(|row| row.escalates_at);
    let ends = first(escalated, Column::Deadline).one(db).await?.map(|row| row.deadline);
    Ok(escalates.into_iter().chain(ends).min())
}
