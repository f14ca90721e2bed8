//! What goes out by e-mail or to a webhook, and what came of it.

use raven_protocol::id::DeliveryId;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub channel: String,
    pub target_id: String,
    pub event_id: String,
    pub topic: String,
    pub agent_id: Option<String>,
    pub body: String,
    pub state: String,
    pub attempts: i64,
    pub code: Option<i64>,
    pub answer: Option<String>,
    pub next_at: Option<i64>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds one.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Replaces one, if it is still there.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let changed = row.clone().into_active_model().reset_all();
    Entity::update_many().set(changed).filter(Column::Id.eq(row.id.as_str())).exec(db).await?;
    Ok(())
}

/// One of a target.
pub async fn find(db: &impl ConnectionTrait, target: &str, id: &DeliveryId) -> Queried<Option<Model>> {
    let of_target = Column::TargetId.eq(target);
    Ok(Entity::find_by_id(id.as_str()).filter(of_target).one(db).await?)
}

/// The targets, of which one waits that is due, but for those that are being served.
pub async fn due_targets(
    db: &impl ConnectionTrait,
    pending: &str,
    now: i64,
    busy: &[String],
    limit: u64,
) -> Queried<Vec<String>> {
    let due = Entity::find()
        .select_only()
        .column(Column::TargetId)
        .column_as(Column::NextAt.min(), "first")
        .filter(Column::State.eq(pending))
        .filter(Column::NextAt.lte(now))
        .filter(Column::TargetId.is_not_in(busy))
        .group_by(Column::TargetId)
        .order_by_asc(Column::NextAt.min())
        .limit(limit);
    let found: Vec<(String, i64)> = due.into_tuple().all(db).await?;
    Ok(found.into_iter().map(|(target, _)| target).collect())
}

/// When the first of a target that waits is tried again.
pub async fn first_at(db: &impl ConnectionTrait, target: &str, pending: &str) -> Queried<Option<i64>> {
    let waits = Entity::find().filter(Column::TargetId.eq(target)).filter(Column::State.eq(pending));
    Ok(waits.order_by_asc(Column::Id).one(db).await?.and_then(|row| row.next_at))
}

/// Lets everything of a target that waits wait until then.
pub async fn postpone(db: &impl ConnectionTrait, target: &str, pending: &str, until: i64) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::NextAt, Expr::value(until))
        .filter(Column::TargetId.eq(target))
        .filter(Column::State.eq(pending))
        .filter(Column::NextAt.lt(until))
        .exec(db)
        .await?;
    Ok(())
}

/// What is due for a target, oldest first.
pub async fn due(
    db: &impl ConnectionTrait,
    pending: &str,
    target: &str,
    now: i64,
    limit: u64,
) -> Queried<Vec<Model>> {
    let due = Entity::find()
        .filter(Column::TargetId.eq(target))
        .filter(Column::State.eq(pending))
        .filter(Column::NextAt.lte(now));
    Ok(due.order_by_asc(Column::Id).limit(limit).all(db).await?)
}

/// When the next is due, but for targets that are being served.
pub async fn next_due(db: &impl ConnectionTrait, pending: &str, busy: &[String]) -> Queried<Option<i64>> {
    let next = Entity::find()
        .filter(Column::State.eq(pending))
        .filter(Column::TargetId.is_not_in(busy))
        .filter(Column::NextAt.is_not_null())
        .order_by_asc(Column::NextAt);
    Ok(next.one(db).await?.and_then(|row| row.next_at))
}

/// The e-mail to a person that still gathers from an agent on a topic.
pub async fn gathering(
    db: &impl ConnectionTrait,
    (pending, workspace, person): (&str, &str, &str),
    (agent, topic): (Option<&str>, &str),
    now: i64,
) -> Queried<Option<Model>> {
    let mut query = Entity::find()
        .filter(Column::TargetId.eq(person))
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::State.eq(pending))
        .filter(Column::Attempts.eq(0))
        .filter(Column::Topic.eq(topic))
        .filter(Column::NextAt.gt(now));
    query = match agent {
        Some(agent) => query.filter(Column::AgentId.eq(agent)),
        None => query.filter(Column::AgentId.is_null()),
    };
    Ok(query.one(db).await?)
}

/// What went to a target, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    target: &str,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::TargetId.eq(target));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// The last that came to nothing for a target in a workspace.
pub async fn last_in_state(
    db: &impl ConnectionTrait,
    workspace: &str,
    target: &str,
    state: &str,
) -> Queried<Option<Model>> {
    let failed = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::TargetId.eq(target))
        .filter(Column::State.eq(state));
    Ok(failed.order_by_desc(Column::EndedAt).one(db).await?)
}

/// Removes all that was for a target.
pub async fn remove_of(db: &impl ConnectionTrait, target: &str) -> Queried<()> {
    Entity::delete_many().filter(Column::TargetId.eq(target)).exec(db).await?;
    Ok(())
}

/// Removes those that ended before a time.
pub async fn expire(db: &impl ConnectionTrait, before: i64) -> Queried<()> {
    Entity::delete_many().filter(Column::EndedAt.lt(before)).exec(db).await?;
    Ok(())
}
