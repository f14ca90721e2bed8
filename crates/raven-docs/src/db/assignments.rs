//! Work that is given to agents.

use raven_protocol::id::{AssignmentId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{
    DbBackend, FromQueryResult, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, Statement,
};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    /// The id of its agent's row.
    pub agent_id: String,
    pub agent_name: String,
    pub title: String,
    pub instructions: String,
    /// JSON arrays of ids.
    pub page_ids: String,
    pub task_ids: String,
    pub deadline: Option<i64>,
    pub state: String,
    pub progress: Option<i64>,
    pub summary: Option<String>,
    /// JSON.
    pub result: Option<String>,
    pub reason: Option<String>,
    pub assigned_by_kind: String,
    pub assigned_by: String,
    pub assigned_by_name: String,
    pub request_digest: Option<String>,
    /// The message as which its agent is given it.
    pub message_id: Option<String>,
    pub created_at: i64,
    pub delivered_at: Option<i64>,
    pub updated_at: i64,
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

/// Writes one anew.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// One of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AssignmentId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// The one that a request with this digest gave.
pub async fn by_request_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::RequestDigest.eq(digest)).one(db).await?)
}

/// Those of a workspace, of one agent where that is asked, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    (workspace, agent): (&WorkspaceId, Option<&str>),
    states: Option<&[&str]>,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(agent) = agent {
        query = query.filter(Column::AgentId.eq(agent));
    }
    if let Some(states) = states {
        query = query.filter(Column::State.is_in(states.iter().copied()));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Those of an agent that are in one of some states, in the order in which they were given.
pub async fn of_agent(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    agent: &str,
    states: &[&str],
) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::AgentId.eq(agent))
        .filter(Column::State.is_in(states.iter().copied()));
    Ok(query.order_by_asc(Column::Id).all(db).await?)
}

/// Work to be looked at, without its words.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Due {
    pub id: String,
    pub workspace_id: String,
    pub agent_id: String,
    pub message_id: Option<String>,
}

/// Of each agent that there is something to do for, what is on its way to it, or else the first that waits: its program
/// takes prompts now and it has nothing else, or it has ended.
pub async fn to_give(db: &impl ConnectionTrait, under_way: &[&str], ended: &[&str]) -> Queried<Vec<Due>> {
    let (under_way, ended) = (listed(under_way), listed(ended));
    let sql = format!(
        "SELECT a.id, a.workspace_id, a.agent_id, a.message_id FROM assignments a JOIN agents g ON g.id = a.agent_id
         WHERE a.state = 'pending' AND (a.message_id IS NOT NULL OR (
             NOT EXISTS (SELECT 1 FROM assignments b WHERE b.workspace_id = a.workspace_id AND b.agent_id = a.agent_id
                 AND b.state = 'pending' AND (b.id < a.id OR b.message_id IS NOT NULL))
             AND (g.status IN ({ended}) OR (g.takes_prompts AND g.status = 'ready' AND g.access = 'approved'
                 AND g.origin = 'spawned' AND NOT EXISTS (SELECT 1 FROM assignments b
                     WHERE b.workspace_id = a.workspace_id AND b.agent_id = a.agent_id
                     AND b.state IN ({under_way}))))))
         ORDER BY a.id"
    );
    Ok(Due::find_by_statement(Statement::from_string(DbBackend::Sqlite, sql)).all(db).await?)
}

/// What has ended and whose message may still be typed, the last first.
pub async fn to_take_back(db: &impl ConnectionTrait, ended: &[&str]) -> Queried<Vec<Due>> {
    let sql = format!(
        "SELECT id, workspace_id, agent_id, message_id FROM assignments
         WHERE message_id IS NOT NULL AND state IN ({}) ORDER BY ended_at DESC",
        listed(ended)
    );
    Ok(Due::find_by_statement(Statement::from_string(DbBackend::Sqlite, sql)).all(db).await?)
}

/// Notes that a message is not typed any more.
pub async fn forget_message(db: &impl ConnectionTrait, id: &str, message: &str) -> Queried<()> {
    let query = Entity::update_many().col_expr(Column::MessageId, Expr::value(None::<String>));
    query.filter(Column::Id.eq(id)).filter(Column::MessageId.eq(message)).exec(db).await?;
    Ok(())
}

/// Words of ours as SQL has them.
fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// One, by its id alone.
pub async fn by_id(db: &impl ConnectionTrait, id: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// The ids of those in some states whose deadline has passed.
pub async fn overdue(db: &impl ConnectionTrait, states: &[&str], now: i64) -> Queried<Vec<String>> {
    let query =
        Entity::find().filter(Column::State.is_in(states.iter().copied())).filter(Column::Deadline.lte(now));
    Ok(query.select_only().column(Column::Id).into_tuple().all(db).await?)
}

/// The first deadline to come of those in some states.
pub async fn next_deadline(db: &impl ConnectionTrait, states: &[&str], now: i64) -> Queried<Option<i64>> {
    let query =
        Entity::find().filter(Column::State.is_in(states.iter().copied())).filter(Column::Deadline.gt(now));
    let first = query.select_only().column(Column::Deadline).order_by_asc(Column::Deadline);
    Ok(first.into_tuple().one(db).await?)
}

#[cfg(test)]
mod tests {
    use raven_protocol::id::AgentId;

    use super::super::{agents, workspaces};
    use super::*;

    const UNDER_WAY: [&str; 3] = ["delivered", "working", "blocked"];
    const OVER: [&str; 2] = ["stopped", "error"];

    fn work(id: &str, agent: &str, state: &str, message: Option<&str>) -> Model {
        Model {
            id: id.to_owned(),
            workspace_id: "ws_1".to_owned(),
            agent_id: agent.to_owned(),
            agent_name: "Agent".to_owned(),
            title: "Read".to_owned(),
            instructions: "All of it.".to_owned(),
            page_ids: "[]".to_owned(),
            task_ids: "[]".to_owned(),
            deadline: None,
            state: state.to_owned(),
            progress: None,
            summary: None,
            result: None,
            reason: None,
            assigned_by_kind: "user".to_owned(),
            assigned_by: "usr_1".to_owned(),
            assigned_by_name: "Olga".to_owned(),
            request_digest: None,
            message_id: message.map(ToOwned::to_owned),
            created_at: 0,
            delivered_at: None,
            updated_at: 0,
            ended_at: None,
        }
    }

    #[tokio::test]
    async fn only_the_first_work_of_agents_that_there_is_something_to_do_for_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let db = super::super::Db::open(folder.path()).await.unwrap();
        let tx = db.begin().await.unwrap();
        let workspace = WorkspaceId::parse("ws_1").unwrap();
        let now = raven_protocol::time::Timestamp::now();
        workspaces::insert(&tx, &workspace, "W", now).await.unwrap();
        let agent = |id: &str| agents::Model::example(&AgentId::parse(id).unwrap(), &workspace);
        for row in [
            agent("agt_ready"),
            agent("agt_has"),
            agents::Model { takes_prompts: false, ..agent("agt_shell") },
            agents::Model { status: "busy".to_owned(), ..agent("agt_busy") },
            agents::Model { status: "busy".to_owned(), ..agent("agt_asked") },
            agents::Model { status: "stopped".to_owned(), ..agent("agt_gone") },
            agents::Model { access: "revoked".to_owned(), ..agent("agt_revoked") },
        ] {
            agents::insert(&tx, &row).await.unwrap();
        }
        for row in [
            work("asg_01", "agt_ready", "cancelled", Some("msg_01")),
            work("asg_02", "agt_ready", "pending", None),
            work("asg_03", "agt_ready", "pending", None),
            work("asg_04", "agt_has", "working", Some("msg_04")),
            work("asg_05", "agt_has", "pending", None),
            work("asg_06", "agt_shell", "pending", None),
            work("asg_07", "agt_busy", "pending", None),
            work("asg_08", "agt_asked", "pending", None),
            work("asg_09", "agt_asked", "pending", Some("msg_09")),
            work("asg_10", "agt_gone", "pending", None),
            work("asg_11", "agt_revoked", "pending", None),
            work("asg_12", "agt_busy", "done", None),
        ] {
            insert(&tx, &row).await.unwrap();
        }
        let ids = |due: Vec<Due>| due.into_iter().map(|due| due.id).collect::<Vec<_>>();
        let given = to_give(&tx, &UNDER_WAY, &OVER).await.unwrap();
        assert_eq!(ids(given), ["asg_02", "asg_09", "asg_10"]);
        let ended = ["done", "failed", "cancelled"];
        assert_eq!(ids(to_take_back(&tx, &ended).await.unwrap()), ["asg_01"]);
        forget_message(&tx, "asg_01", "msg_other").await.unwrap();
        assert_eq!(ids(to_take_back(&tx, &ended).await.unwrap()), ["asg_01"], "of another message");
        forget_message(&tx, "asg_01", "msg_01").await.unwrap();
        assert_eq!(to_take_back(&tx, &ended).await.unwrap(), []);
    }
}
