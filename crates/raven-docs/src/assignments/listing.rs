//! The work of all agents of a workspace, as one list.
//!
//! Owns which of it a caller sees. Must not know how work is given or moves on.

use raven_protocol::id::AgentId;
use serde::Deserialize;

use super::{Assignment, AssignmentQuery, Assignments, view};
use crate::access::Granted;
use crate::access::work::SeeWork;
use crate::db::{agents, assignments as rows};
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// Whose work a list of all agents shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct OfAgent {
    /// One agent's only.
    pub agent_id: Option<AgentId>,
}

impl Assignments {
    /// That of all agents, newest first. An agent sees its own.
    ///
    /// # Errors
    /// `NotFound` for an agent that is not there, or that is not the agent that asks.
    pub async fn list_all(
        &self,
        by: &Granted<SeeWork>,
        of: OfAgent,
        query: AssignmentQuery,
        page: PageQuery,
    ) -> Result<Page<Assignment>, Error> {
        let limit = page.limit()?;
        let own = by.agent().map(|agent| agent.agent().as_str().to_owned());
        let agent = match &of.agent_id {
            Some(asked) => {
                let row = agents::find(self.db.read(), by.workspace(), asked).await?;
                let seen = row.filter(|row| own.as_ref().is_none_or(|own| *own == row.id));
                Some(seen.ok_or(Error::NotFound("agent"))?.id)
            }
            None => own,
        };
        let (of, states) = ((by.workspace(), agent.as_deref()), query.states());
        let found =
            rows::page(self.db.read(), of, states.as_deref(), page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, view)
    }
}
