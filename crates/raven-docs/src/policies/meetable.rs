//! Whether there are enough people to meet a rule: one that nobody can meet only looks as if somebody were asked.
//!
//! Owns the counting, within a change of rules or people. Whose agents somebody may not decide for is no part of it (see
//! `approvals::deciders`). Must not know what rules are matched by.

use raven_protocol::id::WorkspaceId;

use super::parsed;
use super::ruling::{DeciderRole, Effect, Rule};
use crate::activity::{self, About, ActivityKind};
use crate::auth::{Named, Role};
use crate::db::{memberships, policies as rows};
use crate::error::Error;
use crate::events::Change;

/// Refuses rules that ask more people than there are.
///
/// # Errors
/// `Invalid`, saying how many there are and what to do.
pub(super) async fn check(change: &Change, workspace: &WorkspaceId, rules: &[Rule]) -> Result<(), Error> {
    for (number, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.effect == Effect::Ask) {
        let there = people(change, workspace, rule.decider_role).await?;
        if u64::from(rule.deciders) > there {
            let role = rule.decider_role.as_str();
            let why = format!(
                "can never be met: {} must approve, and {there} of the workspace's people are {role} or above; ask \
                 fewer, let lower roles decide, or invite somebody first",
                rule.deciders
            );
            return Err(Error::invalid(format!("rules[{number}].deciders"), why));
        }
    }
    Ok(())
}

/// Tells of the rules that cannot be met any more since somebody's role was taken from them, or made less.
pub async fn tell_unmeetable(
    change: &mut Change,
    workspace: &WorkspaceId,
    (had, has): (Role, Option<Role>),
    by: Option<Named>,
) -> Result<(), Error> {
    for document in rows::of_workspace(change.tx(), workspace).await? {
        for rule in parsed(Some(&document))?.iter().filter(|rule| rule.effect == Effect::Ask) {
            let least = rule.decider_role.role();
            if had < least || has.is_some_and(|has| has >= least) {
                continue;
            }
            let there = people(change, workspace, rule.decider_role).await?;
            // Those that could not be met before were told of then.
            if u64::from(rule.deciders) != there + 1 {
                continue;
            }
            let (action, deciders, least) = (&rule.action, rule.deciders, least.as_str());
            let detail = format!("{action}: {deciders} must approve, and {there} are {least} or above");
            let about = About { actor: by.clone(), detail: Some(detail), ..About::default() };
            activity::record(change, workspace, ActivityKind::PolicyUnmeetable, about).await?;
        }
    }
    Ok(())
}

async fn people(change: &Change, workspace: &WorkspaceId, least: DeciderRole) -> Result<u64, Error> {
    let roles: Vec<&str> =
        Role::ALL.into_iter().filter(|role| *role >= least.role()).map(Role::as_str).collect();
    Ok(memberships::count_with(change.tx(), workspace, &roles).await?)
}
