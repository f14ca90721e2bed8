//! Who may decide a request: a pure function of the request and the person.
//!
//! Owns the rule that nobody is their own second pair of eyes. Must not know where requests are kept.

use super::{AskerKind, rows};
use crate::auth::{Person, Role};
use crate::policies::ruling::DeciderRole;

/// How many of a workspace may administer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admins(pub u64);

/// Why somebody may not decide a request; `None` when they may.
///
/// Who asked never decides. An agent's owner, the person at the root of those who spawned it, does not either:
/// unless they are the only one who administers the workspace, as nobody could decide then.
pub fn refusal(row: &rows::Model, person: &Person, admins: Admins) -> Option<String> {
    let least = DeciderRole::from_str_opt(&row.decider_role).unwrap_or_default().role();
    if person.role < least {
        let (least, role) = (least.as_str(), person.role.as_str());
        return Some(format!("to decide this one must be {least} or above, and you are {role}"));
    }
    let id = person.id.as_str();
    if row.asked_kind == AskerKind::User.as_str() && row.asked_id == id {
        return Some("you asked for this yourself: somebody else decides it".to_owned());
    }
    let alone = admins == Admins(1) && person.role >= Role::Admin;
    if row.owner_id.as_deref() == Some(id) && !alone {
        return Some("the agent that asks is yours: somebody else decides it".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use raven_protocol::id::{UserId, WorkspaceId};

    fn row(asked_kind: &str, asked_id: &str, owner: Option<&str>, role: &str) -> rows::Model {
        rows::Model {
            asked_kind: asked_kind.into(),
            asked_id: asked_id.into(),
            owner_id: owner.map(str::to_owned),
            decider_role: role.into(),
            ..rows::Model::example()
        }
    }

    #[test]
    fn nobody_is_their_own_second_pair_of_eyes() {
        let person = |id: &str, role| Person {
            id: UserId::parse(id).unwrap(),
            name: "P".into(),
            workspace: WorkspaceId::generate(),
            role,
            credential: None,
        };
        let by_agent = row("agent", "agt_1", Some("usr_me"), "admin");
        let for_members = row("agent", "agt_1", Some("usr_me"), "member");
        let own = row("user", "usr_me", None, "admin");
        let cases = [
            (&by_agent, person("usr_me", Role::Owner), 2, false, "the agent's owner"),
            (&by_agent, person("usr_me", Role::Owner), 1, true, "the agent's owner, who is alone"),
            (&by_agent, person("usr_me", Role::Member), 1, false, "an owner of the agent who is no admin"),
            (&for_members, person("usr_me", Role::Member), 1, false, "an owner of the agent who is no admin"),
            (&by_agent, person("usr_2", Role::Admin), 2, true, "another admin"),
            (&by_agent, person("usr_2", Role::Member), 2, false, "a member"),
            (&for_members, person("usr_2", Role::Member), 2, true, "a member, where members decide"),
            (&for_members, person("usr_2", Role::Viewer), 2, false, "a viewer"),
            (&own, person("usr_me", Role::Owner), 1, false, "who asked, even alone"),
            (&own, person("usr_2", Role::Owner), 2, true, "another owner"),
        ];
        for (row, person, admins, may, who) in cases {
            assert_eq!(refusal(row, &person, Admins(admins)).is_none(), may, "{who}");
        }
    }
}
