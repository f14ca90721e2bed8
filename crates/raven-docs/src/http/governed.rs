//! Agents at the doors of people: what a policy says of a tool counts for the route that does the same.
//!
//! Owns the asking of the policy. Must not know what is done.

use crate::access::Granted;
use crate::app::App;
use crate::error::Error;
use crate::policies::ruling::{Effect, tool_names};

/// Lets people pass, and agents whose policy allows the tool of this name. What people are to be asked for first is
/// refused: the tool asks them.
///
/// # Errors
/// `Denied` when the policy denies it or asks people.
pub async fn governed<P>(app: &App, by: &Granted<P>, tool: &'static str) -> Result<(), Error> {
    let Some(agent) = by.agent() else { return Ok(()) };
    let ruling = app.policies.ruling(by.workspace(), Some(agent.agent()), &tool_names(tool)).await?;
    match ruling.effect() {
        Effect::Allow => Ok(()),
        Effect::Deny => Err(ruling.denied()),
        Effect::Ask => {
            let hint =
                format!("people must approve this first: call the tool `{tool}` at /mcp, which asks them");
            Err(Error::Denied(hint))
        }
    }
}
