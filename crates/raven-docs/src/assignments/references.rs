//! What work refers to: pages and tasks that are there, and that agents may read.
//!
//! Owns the check, which is of the moment in which the work is given: what is closed later is closed to its agent too.

use super::NewAssignment;
use crate::access::Granted;
use crate::error::Error;
use crate::events::Change;
use crate::pages;
use crate::tasks::{self, Open};

/// Checks all of them, whoever gives the work: it is an agent that is to read them.
///
/// # Errors
/// `NotFound` for what is not in the workspace, `NotForAgents` for what is closed to agents.
pub(super) async fn check<P>(change: &Change, by: &Granted<P>, new: &NewAssignment) -> Result<(), Error> {
    for id in &new.page_ids {
        if !pages::readable(change.tx(), by, id.as_str()).await?.is_open() {
            return Err(Error::NotForAgents("page"));
        }
    }
    for id in &new.task_ids {
        if tasks::readable(change.tx(), by, id).await?.is_open == Open::No {
            return Err(Error::NotForAgents("task"));
        }
    }
    Ok(())
}
