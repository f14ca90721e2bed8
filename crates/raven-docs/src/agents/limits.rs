//! What a spawn may give and how many agents may run: nobody gives more than they have.
//!
//! Owns both bounds. They are looked at in the transaction that makes the agents, so that no race gets around them.

use std::collections::BTreeSet;

use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::permission::Permission;

use super::admission::{Access, words};
use super::{Agents, rows};
use crate::access::{Administer, Granted, SpawnAgents};
use crate::db;
use crate::error::{Conflict, Error};
use crate::events::Change;

/// Agents that are to begin, beside those that run.
#[derive(Debug, Clone, Copy)]
pub(super) struct More(pub u32);

/// The permissions that new agents get: those asked for, if who asks may give them.
///
/// # Errors
/// `Invalid` for an agent that asks for what it has not, `Denied` for a person who asks for what only admins give.
pub(super) fn granted(
    by: &Granted<SpawnAgents>,
    wanted: Option<BTreeSet<Permission>>,
) -> Result<BTreeSet<Permission>, Error> {
    let Some(agent) = by.agent() else {
        let wanted = wanted.unwrap_or_else(|| Permission::DEFAULT.into_iter().collect());
        return check_person(by, wanted);
    };
    match wanted {
        Some(wanted) => {
            check_within(agent.permissions(), &wanted)?;
            Ok(wanted)
        }
        None => {
            Ok(Permission::DEFAULT.into_iter().filter(|usual| agent.permissions().contains(usual)).collect())
        }
    }
}

fn check_person(
    by: &Granted<SpawnAgents>,
    wanted: BTreeSet<Permission>,
) -> Result<BTreeSet<Permission>, Error> {
    let beyond: BTreeSet<Permission> = wanted.iter().copied().filter(|one| one.needs_admin()).collect();
    if !beyond.is_empty() && by.and::<Administer>().is_err() {
        return Err(Error::Denied(format!(
            "only admins give agents {}; leave it out, or ask an admin to spawn them",
            words(&beyond)
        )));
    }
    Ok(wanted)
}

fn check_within(own: &BTreeSet<Permission>, wanted: &BTreeSet<Permission>) -> Result<(), Error> {
    let beyond: BTreeSet<Permission> = wanted.difference(own).copied().collect();
    if beyond.is_empty() {
        return Ok(());
    }
    let why = format!("must be within your own: you do not have {}", words(&beyond));
    Err(Error::invalid("permissions", why))
}

impl Agents {
    /// Checks that the agent that spawns others may still give what it gives.
    pub(super) async fn check_giver(
        &self,
        change: &Change,
        by: &Granted<SpawnAgents>,
        given: &[Permission],
    ) -> Result<(), Error> {
        let Some(agent) = by.agent() else { return Ok(()) };
        let row =
            rows::find(change.tx(), by.workspace(), agent.agent()).await?.ok_or(Error::UnknownAgentKey)?;
        if Access::of(&row) != Access::Approved {
            return Err(Error::UnknownAgentKey);
        }
        let own: BTreeSet<Permission> =
            serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?;
        if !own.contains(&Permission::DelegateAgents) {
            let needed = Permission::DelegateAgents;
            return Err(Error::Denied(format!("to spawn agents an agent needs the permission {needed}")));
        }
        check_within(&own, &given.iter().copied().collect())
    }

    /// Checks that a workspace lets so many more agents run.
    pub(super) async fn check_room(
        &self,
        change: &Change,
        workspace: &WorkspaceId,
        more: More,
        besides: Option<&AgentId>,
    ) -> Result<(), Error> {
        let settings =
            db::settings::find(change.tx(), workspace).await?.ok_or(Error::NotFound("settings"))?;
        let running = rows::unended(change.tx(), workspace).await?;
        let running =
            running.iter().filter(|row| Some(row.id.as_str()) != besides.map(AgentId::as_str)).count();
        let limit = usize::try_from(settings.max_agents).unwrap_or(0);
        if running + more.0 as usize <= limit {
            return Ok(());
        }
        let detail = format!(
            "{running} agents run here, and at most {limit} may: stop some first, or ask an admin to raise the \
             limit in Settings → Access"
        );
        Err(Error::Conflict { code: Conflict::AgentLimit, detail })
    }
}
