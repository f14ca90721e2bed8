//! Who stands behind an agent: those who spawned it, one by way of the other, or who let it in.
//!
//! Owns the way from an agent to a person. Must not know what follows from being behind one.

use raven_protocol::id::{AgentId, WorkspaceId};

use super::admission::{self, AgentOrigin};
use super::{Spawner, rows};
use crate::error::Error;
use crate::events::Change;

/// How [`Spawner::kind`] calls an agent and a person.
pub const AGENT: &str = "agent";
pub const USER: &str = "user";

/// Most agents between a person and an agent that are followed; each would have had to be approved.
const MAX_CHAIN: usize = 32;

/// Everybody behind an agent, nearest first. The last is a person, unless the chain is longer than is followed.
pub async fn behind(
    change: &Change,
    workspace: &WorkspaceId,
    agent: &AgentId,
) -> Result<Vec<Spawner>, Error> {
    let (mut chain, mut next) = (Vec::new(), Some(agent.clone()));
    while let Some(id) = next.take().filter(|_| chain.len() < MAX_CHAIN) {
        let Some(row) = rows::find(change.tx(), workspace, &id).await? else { break };
        let Some(spawner) = spawner_of(&row)? else { break };
        if spawner.kind == AGENT {
            next = Some(AgentId::parse(spawner.id.as_str())?);
        }
        chain.push(spawner);
    }
    Ok(chain)
}

/// Who spawned an agent; of one from outside, the person who let it in or whose invite it had.
fn spawner_of(row: &rows::Model) -> Result<Option<Spawner>, Error> {
    Ok(match AgentOrigin::of(row) {
        AgentOrigin::Spawned => Some(Spawner {
            id: row.spawned_by.clone(),
            name: row.spawned_by_name.clone(),
            kind: row.spawned_by_kind.clone(),
        }),
        AgentOrigin::External => admission::of(row)?.decision.map(|decision| Spawner {
            id: decision.by.id,
            name: decision.by.name,
            kind: USER.to_owned(),
        }),
    })
}
