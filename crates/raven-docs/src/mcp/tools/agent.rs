//! Tools about agents. Owns their types and words; the rules are the room's.

use raven_protocol::permission::Permission;
use schemars::JsonSchema;
use serde::Deserialize;

use super::approval;
use crate::access::SpawnAgents;
use crate::agents::profile::Profile;
use crate::agents::spawn::{Spawn, SpawnAnswer};
use crate::approvals::Gated;
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Governed, Listed, Tool, Words};

pub const TOOLS: &[Listed] = &[Listed::of::<AgentProfile>(), Listed::of::<Spawn>()];

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AgentProfile {}

impl Tool for AgentProfile {
    const WORDS: Words = Words::of(
        ("agent_profile", "Your profile"),
        "Tells who you are here, and what you may do.",
        Category::Agent,
        Effect::Reads,
    );
    type Answer = Profile;

    async fn call(self, call: Call) -> Result<Profile, Error> {
        call.app.agents.profile(&call.caller).await
    }
}

impl Tool for Spawn {
    const WORDS: Words = Words::of(
        ("agent_spawn", "Spawn agents"),
        "Spawns agents, with no more permissions than you have. People may have to approve it first: then the error \
         has a `requestId`, and once they have, the agents are spawned; ask `approval_status`, and do not call again.",
        Category::Agent,
        Effect::Adds,
    )
    .needs(Permission::DelegateAgents)
    .governed(Governed::InItsRoom);
    type Answer = SpawnAnswer;

    async fn call(self, call: Call) -> Result<SpawnAnswer, Error> {
        match call.app.approvals.spawn(&call.granted::<SpawnAgents>()?, self, None).await? {
            Gated::Done(answer) => Ok(answer),
            Gated::Waits(asked) => Err(approval::required(&asked)?),
        }
    }
}
