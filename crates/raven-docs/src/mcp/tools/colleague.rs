//! Tools by which agents see each other, delegate, and tell of themselves. Owns their types and words; the rules are
//! the rooms'.

use raven_protocol::id::{AgentId, PageId, TaskId};
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::assignment::Work;
use crate::access::work::AssignWork;
use crate::agents::own::{Colleague, OwnStatus, OwnWord, SaidStatus};
use crate::assignments::NewAssignment;
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::origin::Origin;
use crate::page::PageQuery;

pub const TOOLS: &[Listed] = &[
    Listed::of::<AgentList>(),
    Listed::of::<AgentDelegate>(),
    Listed::of::<OwnStatus>(),
    Listed::of::<OwnWord>(),
    Listed::of::<AgentRuntimeTest>(),
];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AgentList {
    /// How many; 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the answer before.
    cursor: Option<String>,
}

/// Agents that may be given work.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Colleagues {
    items: Vec<Colleague>,
    /// Pass as `cursor` to read on; null at the end.
    next_cursor: Option<String>,
}

impl Tool for AgentList {
    const WORDS: Words = Words::of(
        ("agent_list", "Agents"),
        "Lists the agents that you may give work: those that run and that may do no more than you may.",
        Category::Agent,
        Effect::Reads,
    )
    .needs(Permission::DelegateAgents);
    type Answer = Colleagues;

    async fn call(self, call: Call) -> Result<Colleagues, Error> {
        let query = PageQuery { cursor: self.cursor, limit: self.limit };
        let page = call.app.agents.seen_by(&call.granted::<AssignWork>()?, query).await?;
        Ok(Colleagues { items: page.items, next_cursor: page.next_cursor })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AgentDelegate {
    /// One of `agent_list`.
    agent_id: AgentId,
    /// What it is, in one line.
    title: String,
    /// What is to be done: the other agent knows nothing else of it.
    instructions: String,
    /// Pages that it is about.
    #[serde(default)]
    page_ids: Vec<PageId>,
    /// Tasks that it is about.
    #[serde(default)]
    task_ids: Vec<TaskId>,
    /// When it has failed unless it is done.
    deadline: Option<Timestamp>,
}

impl Tool for AgentDelegate {
    const WORDS: Words = Words::of(
        ("agent_delegate", "Delegate"),
        "Gives another agent work, which it gets when it is through with what it has. Ask `assignment_get` how it goes.",
        Category::Agent,
        Effect::Adds,
    )
    .needs(Permission::DelegateAgents);
    type Answer = Work;

    async fn call(self, call: Call) -> Result<Work, Error> {
        let Self { agent_id, title, instructions, page_ids, task_ids, deadline } = self;
        let new = NewAssignment { title, instructions, page_ids, task_ids, deadline };
        let by = call.granted::<AssignWork>()?;
        Ok(Work::of(call.app.assignments.assign(&by, &agent_id, new, None).await?))
    }
}

impl Tool for OwnStatus {
    const WORDS: Words = Words::of(
        ("agent_updateStatus", "Say what you are at"),
        "Says what you are at, for people who look at the board.",
        Category::Agent,
        Effect::Changes,
    );
    type Answer = SaidStatus;

    async fn call(self, call: Call) -> Result<SaidStatus, Error> {
        call.app.agents.say_status(&call.caller, self).await
    }
}

/// An entry of the feed.
#[derive(Serialize, JsonSchema)]
pub struct Logged {
    logged: bool,
    /// As the feed shows it.
    detail: String,
}

impl Tool for OwnWord {
    const WORDS: Words = Words::of(
        ("agent_logActivity", "Write into the feed"),
        "Writes an entry into the workspace's activity feed, in your name.",
        Category::Agent,
        Effect::Adds,
    );
    type Answer = Logged;

    async fn call(self, call: Call) -> Result<Logged, Error> {
        let detail = call.app.agents.log_activity(&call.caller, self).await?;
        Ok(Logged { logged: true, detail })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AgentRuntimeTest {
    /// That of the workspace's settings, which is tested when this is left out; only admins test another, by REST.
    endpoint: Option<String>,
}

/// How a test went.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Tested {
    connected: bool,
    /// Milliseconds until the runtime's answer.
    latency: Option<f64>,
    version: Option<String>,
    active_agents: Option<u32>,
    /// Why not, and what to do.
    error: Option<Value>,
}

impl Tool for AgentRuntimeTest {
    const WORDS: Words = Words::of(
        ("agent_runtime_test", "Test the runtime"),
        "Tells whether the workspace's runtime, which spawns agents, can be reached. It tests the runtime of the \
         settings and no other address: that is for admins, by REST.",
        Category::Agent,
        Effect::Reads,
    )
    .needs(Permission::DelegateAgents);
    type Answer = Tested;

    async fn call(self, call: Call) -> Result<Tested, Error> {
        let by = call.granted::<AssignWork>()?;
        if let Some(endpoint) = &self.endpoint
            && !call.app.runtimes.is_at(&by, endpoint).await?
        {
            return Err(Error::Denied("only admins name another endpoint; leave it out".to_owned()));
        }
        let tested = call.app.runtimes.test(&by, &Origin::current().request_id.unwrap_or_default()).await?;
        let error = tested.error.map(serde_json::to_value).transpose().map_err(anyhow::Error::from)?;
        let (connected, latency, version) = (tested.connected, tested.latency, tested.version);
        Ok(Tested { connected, latency, version, active_agents: tested.active_agents, error })
    }
}
