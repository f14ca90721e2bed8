//! Tasks.

use raven_protocol::id::{ProjectId, TaskId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{LikeExpr, Query};
use sea_orm::{
    Condition, DbBackend, ExprTrait as _, IntoActiveModel as _, Iterable as _, QueryOrder as _,
    QuerySelect as _, Statement,
};

use super::projects::Seen;
use super::{Queried, projects};

/// What lies between two tasks of a column: so often can one be put between two others before all are numbered anew.
pub const GAP: i64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub number: i64,
    pub project_id: Option<String>,
    pub title: String,
    /// Markdown; empty in lists.
    pub description: String,
    pub status: String,
    pub priority: String,
    pub bucket: String,
    pub assignee_kind: Option<String>,
    pub assignee_id: Option<String>,
    pub assignee_name: Option<String>,
    pub due_date: Option<String>,
    pub position: i64,
    /// Null means as its project.
    pub agent_accessible: Option<bool>,
    /// A JSON array of ids.
    pub page_ids: String,
    pub version: i64,
    pub created_at: i64,
    pub created_by_kind: String,
    pub created_by: String,
    pub created_by_name: String,
    pub updated_at: i64,
    pub updated_by_kind: String,
    pub updated_by: String,
    pub updated_by_name: String,
    pub completed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a task.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a task's row anew, unless it is at another version than it was; `false` then.
pub async fn update(db: &impl ConnectionTrait, row: &Model, from: i64) -> Queried<bool> {
    let id = row.id.clone();
    let row = row.clone().into_active_model().reset_all();
    let of_version = Column::Id.eq(id).and(Column::Version.eq(from));
    Ok(Entity::update_many().set(row).filter(of_version).exec(db).await?.rows_affected == 1)
}

/// Gives a task that nobody has to somebody; `false` when somebody has it.
pub async fn claim(db: &impl ConnectionTrait, row: &Model) -> Queried<bool> {
    let id = row.id.clone();
    let row = row.clone().into_active_model().reset_all();
    let free = Column::Id.eq(id).and(Column::AssigneeId.is_null());
    Ok(Entity::update_many().set(row).filter(free).exec(db).await?.rows_affected == 1)
}

/// Removes a task.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// One task of a workspace.
pub async fn find(db: &impl ConnectionTrait, workspace: &WorkspaceId, id: &TaskId) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// The number of a workspace's next task.
pub async fn next_number(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<i64> {
    let next = "INSERT INTO task_numbers (workspace_id, last) VALUES ($1, 1) \
                ON CONFLICT (workspace_id) DO UPDATE SET last = task_numbers.last + 1 RETURNING last";
    let row = db.query_one_raw(statement(next, [workspace.as_str().into()])).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a task got no number"))?;
    Ok(row.try_get("", "last")?)
}

/// How many tasks a workspace has.
pub async fn count(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<u64> {
    Ok(Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).count(db).await?)
}

/// Takes those tasks of somebody that are in none of some statuses away from them; answers task and project of each.
pub async fn release(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    (assignee, beside): (&str, &[&str]),
) -> Queried<Vec<(String, Option<String>)>> {
    let theirs = Condition::all()
        .add(Column::WorkspaceId.eq(workspace.as_str()))
        .add(Column::AssigneeId.eq(assignee))
        .add(Column::Status.is_not_in(beside.iter().copied()));
    let named = Entity::find().select_only().columns([Column::Id, Column::ProjectId]);
    let released = named.filter(theirs.clone()).into_tuple().all(db).await?;
    let nobody = || Expr::value(Option::<String>::None);
    Entity::update_many()
        .col_expr(Column::AssigneeKind, nobody())
        .col_expr(Column::AssigneeId, nobody())
        .col_expr(Column::AssigneeName, nobody())
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(theirs)
        .exec(db)
        .await?;
    Ok(released)
}

/// How many tasks of a project are in none of some statuses.
pub async fn count_beside(db: &impl ConnectionTrait, project: &str, statuses: &[&str]) -> Queried<u64> {
    let of_project = Entity::find().filter(Column::ProjectId.eq(project));
    Ok(of_project.filter(Column::Status.is_not_in(statuses.iter().copied())).count(db).await?)
}

/// Takes the tasks of a project out of it. Those that went by its flag keep what it said.
pub async fn leave_project(db: &impl ConnectionTrait, project: &projects::Model) -> Queried<()> {
    let leave = "UPDATE tasks SET agent_accessible = COALESCE(agent_accessible, $1), project_id = NULL, \
                 version = version + 1 WHERE project_id = $2";
    let values = [project.agent_accessible.into(), project.id.as_str().into()];
    db.execute_raw(statement(leave, values)).await?;
    Ok(())
}

/// How many tasks of some projects are in each status: project, status, count.
pub async fn counts(
    db: &impl ConnectionTrait,
    ids: &[String],
    seen: Seen,
) -> Queried<Vec<(String, String, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let counted = Entity::find()
        .select_only()
        .columns([Column::ProjectId, Column::Status])
        .column_as(Column::Id.count(), "count")
        .filter(Column::ProjectId.is_in(ids))
        .filter(visible(seen))
        .group_by(Column::ProjectId)
        .group_by(Column::Status);
    Ok(counted.into_tuple().all(db).await?)
}

/// Which project's tasks a list shows.
#[derive(Clone, Debug)]
pub enum InProject {
    Any,
    /// Those of no project.
    None,
    One(ProjectId),
}

/// Which tasks a list shows.
pub struct Filter {
    pub seen: Seen,
    pub status: Option<&'static str>,
    pub bucket: Option<&'static str>,
    pub assignee: Option<String>,
    pub project: InProject,
    /// What the title holds, in any case.
    pub text: Option<String>,
    pub number: Option<i64>,
    /// Where the page before ended: position and id.
    pub after: Option<(i64, String)>,
}

/// Tasks of a workspace in the order of their columns, without descriptions.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    filter: &Filter,
    limit: u64,
) -> Queried<Vec<Model>> {
    let listed = Column::iter().filter(|column| !matches!(column, Column::Description));
    let mut query = Entity::find()
        .select_only()
        .columns(listed)
        .expr_as(Expr::value(""), "description")
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(visible(filter.seen));
    for (column, value) in [
        (Column::Status, filter.status),
        (Column::Bucket, filter.bucket),
        (Column::AssigneeId, filter.assignee.as_deref()),
    ] {
        if let Some(value) = value {
            query = query.filter(column.eq(value));
        }
    }
    query = match &filter.project {
        InProject::Any => query,
        InProject::None => query.filter(Column::ProjectId.is_null()),
        InProject::One(id) => query.filter(Column::ProjectId.eq(id.as_str())),
    };
    if let Some(text) = &filter.text {
        let titled = Condition::any().add(Column::Title.like(containing(text)));
        query = query.filter(titled.add_option(filter.number.map(|number| Column::Number.eq(number))));
    }
    if let Some((position, id)) = &filter.after {
        let same = Column::Position.eq(*position).and(Column::Id.gt(id.as_str()));
        query = query.filter(Column::Position.gt(*position).or(same));
    }
    let ordered = query.order_by_asc(Column::Position).order_by_asc(Column::Id);
    Ok(ordered.limit(limit).into_model::<Model>().all(db).await?)
}

/// A pattern for texts that hold another.
fn containing(text: &str) -> LikeExpr {
    let plain = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("%{plain}%")).escape('\\')
}

/// Those that may be seen: for agents, without those that are closed to them.
fn visible(seen: Seen) -> Condition {
    if seen == Seen::All {
        return Condition::all();
    }
    let closed = Query::select()
        .column(projects::Column::Id)
        .from(projects::Entity)
        .and_where(projects::Column::AgentAccessible.eq(false))
        .to_owned();
    let open_project = Column::ProjectId.is_null().or(Column::ProjectId.not_in_subquery(closed));
    Condition::any()
        .add(Column::AgentAccessible.eq(true))
        .add(Column::AgentAccessible.is_null().and(open_project))
}

/// Where a task goes in a column.
#[derive(Clone, Debug)]
pub enum Place {
    First,
    Last,
    /// Before another task, which stands at this position.
    Before(i64),
}

/// A free position in a column; `None` when there is none before the task that was named.
pub async fn position(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    status: &str,
    place: &Place,
) -> Queried<Option<i64>> {
    let column = || {
        let of_workspace = Entity::find().select_only().filter(Column::WorkspaceId.eq(workspace.as_str()));
        of_workspace.filter(Column::Status.eq(status))
    };
    let least = column().column_as(Column::Position.min(), "position");
    let most = column().column_as(Column::Position.max(), "position");
    let edge = |query: Select<Entity>| async move {
        let found: Option<Option<i64>> = query.into_tuple().one(db).await?;
        Queried::Ok(found.flatten())
    };
    Ok(match place {
        Place::First => Some(edge(least).await?.unwrap_or(0) - GAP),
        Place::Last => Some(edge(most).await?.unwrap_or(0) + GAP),
        Place::Before(next) => match edge(most.filter(Column::Position.lt(*next))).await? {
            None => Some(next - GAP),
            Some(previous) => Some(previous + (next - previous) / 2).filter(|between| *between > previous),
        },
    })
}

/// Numbers the tasks of a column anew, with gaps between them.
pub async fn spread(db: &impl ConnectionTrait, workspace: &WorkspaceId, status: &str) -> Queried<()> {
    let spread = "UPDATE tasks SET position = ranked.place * $1 FROM \
                  (SELECT id, ROW_NUMBER() OVER (ORDER BY position, id) AS place FROM tasks \
                   WHERE workspace_id = $2 AND status = $3) AS ranked WHERE tasks.id = ranked.id";
    let values = [GAP.into(), workspace.as_str().into(), status.into()];
    db.execute_raw(statement(spread, values)).await?;
    Ok(())
}

fn statement<const N: usize>(sql: &str, values: [sea_orm::Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}
