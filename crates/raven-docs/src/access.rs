//! May they: the only place that turns a caller into the right to do something.
//!
//! A room function takes `Granted<P>` as a parameter, so no door can forget the check and a
//! signature reads as policy. Must not know transport or data.

use std::marker::PhantomData;

use raven_protocol::id::WorkspaceId;
use raven_protocol::permission as words;

use crate::audit::Actor;
use crate::auth::{AgentCaller, Caller, Named, Person, Role};
use crate::error::Error;

pub mod knowledge;
pub mod standing;
pub mod work;

/// A kind of action, with the least role in which a person may do it, and the permission with which an agent
/// may, if any.
pub trait Permission {
    const LEAST: Role;
    const AGENT: Option<words::Permission> = None;
    /// Whether every agent may, whatever it was granted: what it may do it to is for the room to say.
    const EVERY_AGENT: bool = false;
    /// Whether the workspace's control plane may.
    const CONTROL_PLANE: bool = false;
    const ACTION: &'static str;
}

/// Reading and watching.
#[derive(Debug)]
pub struct Read;
/// Spawning agents.
#[derive(Debug)]
pub struct SpawnAgents;
/// Driving, typing into and stopping agents.
#[derive(Debug)]
pub struct Drive;
/// Deciding requests and answering questions of agents. A request's own terms may ask for more.
#[derive(Debug)]
pub struct Decide;
/// Changing the workspace's settings, its people and its agents' access.
#[derive(Debug)]
pub struct Administer;
/// What only the workspace's owners do.
#[derive(Debug)]
pub struct Own;

impl Permission for Read {
    const LEAST: Role = Role::Viewer;
    const ACTION: &'static str = "read and watch";
}

impl Permission for SpawnAgents {
    const LEAST: Role = Role::Member;
    const AGENT: Option<words::Permission> = Some(words::Permission::DelegateAgents);
    const ACTION: &'static str = "spawn agents";
}

impl Permission for Drive {
    const LEAST: Role = Role::Member;
    const ACTION: &'static str = "drive and stop agents";
}

impl Permission for Decide {
    const LEAST: Role = Role::Member;
    const ACTION: &'static str = "decide requests and answer questions";
}

impl Permission for Administer {
    const LEAST: Role = Role::Admin;
    const ACTION: &'static str = "change settings, people and access";
}

impl Permission for Own {
    const LEAST: Role = Role::Owner;
    const ACTION: &'static str = "change the workspace itself";
}

/// Proof that somebody may do `P` in their workspace. Only this file makes one.
#[derive(Debug, Clone)]
pub struct Granted<P> {
    caller: Caller,
    right: PhantomData<P>,
}

impl<P> Granted<P> {
    pub fn workspace(&self) -> &WorkspaceId {
        self.caller.workspace()
    }

    /// Whether the same caller may do something else too.
    pub fn and<Q: Permission>(&self) -> Result<Granted<Q>, Error> {
        decide(&self.caller)
    }

    /// Who does it, for the feed.
    pub fn by(&self) -> Named {
        self.caller.named()
    }

    /// Who does it, for the audit log.
    pub fn actor(&self) -> Actor {
        self.caller.actor()
    }

    /// The person who does it, if it is one.
    pub fn person(&self) -> Option<&Person> {
        match &self.caller {
            Caller::Person(person) => Some(person),
            Caller::Agent(_) | Caller::ControlPlane(_) => None,
        }
    }

    /// The agent that does it, if it is one.
    pub fn agent(&self) -> Option<&AgentCaller> {
        match &self.caller {
            Caller::Agent(agent) => Some(agent),
            Caller::Person(_) | Caller::ControlPlane(_) => None,
        }
    }

    /// Who does it.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

/// Grants or refuses.
///
/// # Errors
/// `Denied`, naming the role or the permission that is needed.
pub fn decide<P: Permission>(caller: &Caller) -> Result<Granted<P>, Error> {
    match caller {
        Caller::Person(person) => decide_role(person.role, P::LEAST, P::ACTION)?,
        Caller::Agent(_) if P::EVERY_AGENT => {}
        Caller::Agent(agent) => decide_agent(agent, P::AGENT, P::ACTION)?,
        Caller::ControlPlane(_) if P::CONTROL_PLANE => {}
        Caller::ControlPlane(_) => {
            return Err(Error::Denied(format!("a control plane may not {}; a person can", P::ACTION)));
        }
    }
    Ok(Granted { caller: caller.clone(), right: PhantomData })
}

/// Grants a person or refuses them.
///
/// # Errors
/// As [`decide`].
pub fn decide_person<P: Permission>(person: &Person) -> Result<Granted<P>, Error> {
    decide(&Caller::Person(person.clone()))
}

fn decide_role(role: Role, least: Role, action: &str) -> Result<(), Error> {
    if role >= least {
        return Ok(());
    }
    let (role, least) = (role.as_str(), least.as_str());
    Err(Error::Denied(format!("to {action} one must be {least} or above, and you are {role}; ask an admin")))
}

fn decide_agent(agent: &AgentCaller, needs: Option<words::Permission>, action: &str) -> Result<(), Error> {
    match needs {
        Some(needed) if agent.permissions().contains(&needed) => Ok(()),
        Some(needed) => Err(Error::Denied(format!(
            "to {action} an agent needs the permission {needed}, which you do not have; an admin can grant it"
        ))),
        None => Err(Error::Denied(format!("no agent may {action}; ask a person"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::ControlPlane;
    use raven_protocol::id::{AgentId, UserId};

    fn may<P: Permission>(role: Role) -> bool {
        let person = Person {
            id: UserId::generate(),
            name: "P".into(),
            workspace: WorkspaceId::generate(),
            role,
            credential: None,
        };
        decide_person::<P>(&person).is_ok()
    }

    #[test]
    fn each_role_includes_those_below_it() {
        for (role, read, drive, administer, own) in [
            (Role::Viewer, true, false, false, false),
            (Role::Member, true, true, false, false),
            (Role::Admin, true, true, true, false),
            (Role::Owner, true, true, true, true),
        ] {
            assert_eq!(
                (may::<Read>(role), may::<Drive>(role), may::<Administer>(role), may::<Own>(role)),
                (read, drive, administer, own)
            );
            assert_eq!(may::<SpawnAgents>(role), drive);
        }
    }

    #[test]
    fn an_agent_may_what_it_was_granted_and_nothing_else() {
        let agent = |permissions: &[words::Permission]| {
            let permissions = permissions.iter().copied().collect();
            Caller::Agent(AgentCaller::example(WorkspaceId::generate(), AgentId::generate(), permissions))
        };
        let all: Vec<_> = words::Permission::all().collect();
        assert!(decide::<SpawnAgents>(&agent(&[words::Permission::DelegateAgents])).is_ok());
        assert!(decide::<SpawnAgents>(&agent(&words::Permission::DEFAULT)).is_err());
        assert!(decide::<Drive>(&agent(&all)).is_err());
        assert!(decide::<Administer>(&agent(&all)).is_err());
        assert!(decide::<work::AssignWork>(&agent(&words::Permission::DEFAULT)).is_err());
        assert!(decide::<work::ReportWork>(&agent(&[])).is_ok());
    }

    #[test]
    fn a_control_plane_may_what_is_of_work_and_nothing_else() {
        let plane = Caller::ControlPlane(ControlPlane::example(WorkspaceId::generate()));
        assert!(decide::<work::AssignWork>(&plane).is_ok() && decide::<work::SeeWork>(&plane).is_ok());
        assert!(decide::<work::ReportWork>(&plane).is_ok());
        assert!(decide::<Read>(&plane).is_err() && decide::<Drive>(&plane).is_err());
        assert!(decide::<SpawnAgents>(&plane).is_err() && decide::<knowledge::ReadPages>(&plane).is_err());
    }
}
