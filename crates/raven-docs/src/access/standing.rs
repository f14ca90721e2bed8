//! Whether a caller may still do what they were let do, looked at again within the transaction of the write.
//!
//! Owns what counts as a loss between the call and the write: whoever lost something is refused and may call again,
//! since what was decided meanwhile may rest on it. Must not know how the caller is read (see `auth::again`).

use super::{Granted, Permission, decide};
use crate::auth::{AgentCaller, Caller, Person};
use crate::db::ConnectionTrait;
use crate::error::Error;

/// Somebody who was let do something when they called.
pub trait Standing {
    /// Who called.
    fn called(&self) -> Caller;

    /// Whether they may as they are now.
    fn still(&self, now: &Caller) -> Result<(), Error>;
}

impl<P: Permission> Standing for Granted<P> {
    fn called(&self) -> Caller {
        self.caller().clone()
    }

    fn still(&self, now: &Caller) -> Result<(), Error> {
        decide::<P>(now).map(drop)
    }
}

impl Standing for AgentCaller {
    fn called(&self) -> Caller {
        Caller::Agent(self.clone())
    }

    fn still(&self, _: &Caller) -> Result<(), Error> {
        Ok(())
    }
}

impl Standing for Person {
    fn called(&self) -> Caller {
        Caller::Person(self.clone())
    }

    fn still(&self, _: &Caller) -> Result<(), Error> {
        Ok(())
    }
}

/// Looks again whether they may do this, whatever else they lost; answers who they are now.
///
/// # Errors
/// `Unauthenticated`, `UnknownAgentKey` or `Denied`, as if they called now.
pub async fn still(by: &impl Standing, db: &impl ConnectionTrait) -> Result<Caller, Error> {
    let now = by.called().now(db).await?;
    by.still(&now)?;
    Ok(now)
}

/// Looks again, for a write.
///
/// # Errors
/// As [`still`], and `Denied` when they lost anything meanwhile.
pub async fn check(by: &impl Standing, db: &impl ConnectionTrait) -> Result<(), Error> {
    let now = still(by, db).await?;
    if has_less(&by.called(), &now) {
        let hint = "what you may do here was changed while your call was under way; call again";
        return Err(Error::Denied(hint.to_owned()));
    }
    Ok(())
}

fn has_less(called: &Caller, now: &Caller) -> bool {
    match (called, now) {
        (Caller::Person(called), Caller::Person(now)) => now.role < called.role,
        (Caller::Agent(called), Caller::Agent(now)) => !now.permissions().is_superset(called.permissions()),
        _ => false,
    }
}
