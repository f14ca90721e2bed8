//! May they: the only place that turns an actor into the right to do something.
//!
//! A room function takes `Granted<P>` as a parameter, so no door can forget the check and a
//! signature reads as policy. Must not know transport or data.

use std::marker::PhantomData;

use raven_protocol::id::WorkspaceId;

use crate::auth::{Named, Person, Role};
use crate::error::Error;

/// A kind of action, with the least role that may do it.
pub trait Permission {
    const LEAST: Role;
    const ACTION: &'static str;
}

/// Reading and watching.
#[derive(Debug)]
pub struct Read;
/// Spawning, typing into and stopping agents.
#[derive(Debug)]
pub struct Drive;
/// Changing the workspace's settings.
#[derive(Debug)]
pub struct Administer;

impl Permission for Read {
    const LEAST: Role = Role::Viewer;
    const ACTION: &'static str = "read and watch";
}

impl Permission for Drive {
    const LEAST: Role = Role::Member;
    const ACTION: &'static str = "spawn, drive and stop agents";
}

impl Permission for Administer {
    const LEAST: Role = Role::Admin;
    const ACTION: &'static str = "change settings";
}

/// Proof that somebody may do `P` in their workspace. Only [`decide`] makes one.
#[derive(Debug)]
pub struct Granted<P> {
    person: Person,
    right: PhantomData<P>,
}

impl<P> Granted<P> {
    pub fn workspace(&self) -> &WorkspaceId {
        &self.person.workspace
    }

    /// Whether the same person may do something else too.
    pub fn and<Q: Permission>(&self) -> Result<Granted<Q>, Error> {
        decide(&self.person)
    }

    /// Who does it, for the record.
    pub fn by(&self) -> Named {
        self.person.named()
    }
}

/// Grants or refuses.
///
/// # Errors
/// `Denied`, naming the role that is needed.
pub fn decide<P: Permission>(person: &Person) -> Result<Granted<P>, Error> {
    if person.role >= P::LEAST {
        return Ok(Granted { person: person.clone(), right: PhantomData });
    }
    let (role, least, action) = (person.role.as_str(), P::LEAST.as_str(), P::ACTION);
    Err(Error::Denied(format!("to {action} one must be {least} or above, and you are {role}; ask an admin")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use raven_protocol::id::UserId;

    fn may<P: Permission>(role: Role) -> bool {
        let person =
            Person { id: UserId::generate(), name: "P".into(), workspace: WorkspaceId::generate(), role };
        decide::<P>(&person).is_ok()
    }

    #[test]
    fn each_role_includes_those_below_it() {
        for (role, read, drive, administer) in [
            (Role::Viewer, true, false, false),
            (Role::Member, true, true, false),
            (Role::Admin, true, true, true),
            (Role::Owner, true, true, true),
        ] {
            assert_eq!(
                (may::<Read>(role), may::<Drive>(role), may::<Administer>(role)),
                (read, drive, administer)
            );
        }
    }
}
