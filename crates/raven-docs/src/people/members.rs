//! The members of a workspace and their roles.
//!
//! Owns who may change whose: admins everybody's but the owners', owners everybody's, and a workspace is never
//! without an owner. It is decided by what holds within the transaction, so that two changes at once cannot both
//! count on what the other takes away. Must not know sockets.

use raven_protocol::id::{UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{People, named, role_of};
use crate::access::{Administer, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{Named, Person, Role};
use crate::db::{memberships as rows, second_factors, sign_ins, tokens, users};
use crate::error::{Conflict, Error};
use crate::events::Change;
use crate::notifications::webhooks;
use crate::page::{Page, PageQuery};
use crate::policies::meetable;
use crate::tasks;

/// A member of a workspace.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub user_id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub added_at: Timestamp,
    /// Whether a second factor guards the account.
    pub second_factor: bool,
}

/// Another role.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    pub role: Role,
}

impl People {
    /// The members of a workspace, in the order of their accounts.
    pub async fn members(&self, by: &Granted<Read>, page: PageQuery) -> Result<Page<Member>, Error> {
        let (limit, after) = (page.limit()?, page.cursor.as_deref());
        let rows = rows::page(self.db.read(), by.workspace(), after, limit + 1).await?;
        let ids = rows.iter().map(|row| row.user_id.clone());
        let people = users::with_ids(self.db.read(), ids.clone()).await?;
        let guarded = second_factors::in_force_of(self.db.read(), ids).await?;
        Page::of(
            rows,
            limit,
            |row| &row.user_id,
            |row| {
                let user = people.iter().find(|user| user.id == row.user_id);
                let user = user.ok_or_else(|| anyhow::anyhow!("a member without an account"))?;
                view(&row, user, guarded.contains(&row.user_id))
            },
        )
    }

    /// Gives a member another role, from now on and wherever they are connected.
    ///
    /// # Errors
    /// `Denied` beyond the caller's own reach; `Conflict` for the last owner.
    pub async fn set_role(
        &self,
        by: &Granted<Administer>,
        user: &UserId,
        role: Role,
    ) -> Result<Member, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let reach = reach(&change, by.person()).await?;
        let member = Found::find(&change, by.workspace(), user).await?;
        within(reach, member.role.max(role))?;
        let member = member.change_role(&mut change, by.actor(), Some(by.by()), role).await?;
        let guarded = second_factors::in_force(change.tx(), user.as_str()).await?.is_some();
        change.commit().await?;
        view(&member.row, &member.user, guarded)
    }

    /// Removes a member, or oneself. Their tokens of the workspace end, and their browsers leave it.
    ///
    /// # Errors
    /// As [`People::set_role`].
    pub async fn remove_member(&self, by: &Granted<Read>, user: &UserId) -> Result<(), Error> {
        let leaving = by.person().is_some_and(|person| person.id == *user);
        if !leaving {
            by.and::<Administer>()?;
        }
        let mut change = self.changes.begin_for(by).await?;
        let reach = reach(&change, by.person()).await?;
        let member = Found::find(&change, by.workspace(), user).await?;
        // A token that may less than its person does not end their membership either.
        within_or_self(reach, member.role, leaving.then_some(member.role))?;
        member.remove(&mut change, by.actor(), Some(by.by())).await?;
        change.commit().await
    }
}

/// A member with their account, as a transaction sees them.
pub(super) struct Found {
    workspace: WorkspaceId,
    row: rows::Model,
    user: users::Model,
    role: Role,
}

impl Found {
    pub(super) async fn find(change: &Change, workspace: &WorkspaceId, user: &UserId) -> Result<Self, Error> {
        let row = rows::find(change.tx(), workspace.as_str(), user.as_str()).await?;
        let row = row.ok_or(Error::NotFound("member"))?;
        let user = users::find(change.tx(), user.as_str()).await?.ok_or(Error::NotFound("member"))?;
        Ok(Self { workspace: workspace.clone(), role: role_of(&row)?, row, user })
    }

    /// Sets the role as part of a change.
    pub(super) async fn change_role(
        self,
        change: &mut Change,
        actor: Actor,
        by: Option<Named>,
        role: Role,
    ) -> Result<Self, Error> {
        if role != Role::Owner {
            self.must_not_be_last(change).await?;
        }
        rows::set_role(change.tx(), self.workspace.as_str(), &self.user.id, role.as_str()).await?;
        if role < Role::Admin {
            webhooks::off_with_maker(change, &self.workspace, (&actor, &self.user.id)).await?;
        }
        let entry = Entry::new(actor, Action::MemberRole, Target::named("user", &named(&self.user)));
        let entry = entry.before(json!({ "role": self.role })).after(json!({ "role": role }));
        change.audit(&self.workspace, entry).await?;
        let detail = format!("{}: {} → {}", self.user.name, self.role.as_str(), role.as_str());
        told(change, &self.workspace, ActivityKind::MemberRoleChanged, by.clone(), detail).await?;
        meetable::tell_unmeetable(change, &self.workspace, (self.role, Some(role)), by).await?;
        let row = rows::Model { role: role.as_str().to_owned(), ..self.row };
        Ok(Self { row, role, ..self })
    }

    /// Removes the member as part of a change. A browser of theirs goes on in another workspace of theirs, or
    /// is signed out when there is none.
    async fn remove(self, change: &mut Change, actor: Actor, by: Option<Named>) -> Result<(), Error> {
        self.must_not_be_last(change).await?;
        let (workspace, user) = (self.workspace.as_str(), self.user.id.as_str());
        rows::delete(change.tx(), workspace, user).await?;
        tasks::release(change, &self.workspace, user).await?;
        let tokens = tokens::delete_of_member(change.tx(), workspace, user).await?;
        let sessions = match rows::of_user(change.tx(), user).await?.first() {
            Some(next) => sign_ins::move_all(change.tx(), user, workspace, &next.workspace_id).await?,
            None => sign_ins::delete_of_user(change.tx(), user, None).await?,
        };
        webhooks::off_with_maker(change, &self.workspace, (&actor, user)).await?;
        let entry = Entry::new(actor, Action::MemberRemove, Target::named("user", &named(&self.user)));
        let ended = json!({ "tokensEnded": tokens, "sessionsMoved": sessions });
        change.audit(&self.workspace, entry.before(json!({ "role": self.role })).after(ended)).await?;
        told(change, &self.workspace, ActivityKind::MemberRemoved, by.clone(), self.user.name).await?;
        meetable::tell_unmeetable(change, &self.workspace, (self.role, None), by).await
    }

    async fn must_not_be_last(&self, change: &Change) -> Result<(), Error> {
        if self.role != Role::Owner {
            return Ok(());
        }
        let owner = Role::Owner.as_str();
        if rows::count_others(change.tx(), self.workspace.as_str(), owner, &self.user.id).await? > 0 {
            return Ok(());
        }
        let detail = "this is the workspace's last owner; make somebody else an owner first".to_owned();
        Err(Error::Conflict { code: Conflict::LastOwner, detail })
    }
}

/// How far a caller reaches as things are now: they may have lost their role since they were let in.
pub(super) async fn reach(change: &Change, by: Option<&Person>) -> Result<Role, Error> {
    let person = by.ok_or(Error::Unauthenticated)?;
    let row = rows::find(change.tx(), person.workspace.as_str(), person.id.as_str()).await?;
    Ok(role_of(&row.ok_or(Error::Unauthenticated)?)?.min(person.role))
}

/// Whether somebody who reaches so far may give or take a role.
pub(super) fn within(reach: Role, role: Role) -> Result<(), Error> {
    within_or_self(reach, role, None)
}

fn within_or_self(reach: Role, role: Role, own: Option<Role>) -> Result<(), Error> {
    let least = own.unwrap_or(role.max(Role::Admin));
    if reach >= least {
        return Ok(());
    }
    let hint = match least {
        Role::Owner => "only an owner may make, change or remove an owner",
        _ => "only an admin or an owner may change who is a member; ask one",
    };
    Err(Error::Denied(hint.to_owned()))
}

async fn told(
    change: &mut Change,
    workspace: &WorkspaceId,
    kind: ActivityKind,
    actor: Option<Named>,
    detail: String,
) -> Result<(), Error> {
    let about = About { actor, detail: Some(detail), ..About::default() };
    activity::record(change, workspace, kind, about).await
}

fn view(row: &rows::Model, user: &users::Model, second_factor: bool) -> Result<Member, Error> {
    Ok(Member {
        user_id: user.id.clone(),
        name: user.name.clone(),
        email: user.email.clone(),
        role: role_of(row)?,
        added_at: Timestamp::from_millis(row.added_at),
        second_factor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reaches_above_themselves() {
        use Role::{Admin, Member, Owner, Viewer};
        for (reach, role, may) in [
            (Owner, Owner, true),
            (Owner, Viewer, true),
            (Admin, Admin, true),
            (Admin, Owner, false),
            (Member, Viewer, false),
            (Viewer, Viewer, false),
        ] {
            assert_eq!(within(reach, role).is_ok(), may, "{reach:?} {role:?}");
        }
        for role in Role::ALL {
            assert!(within_or_self(role, role, Some(role)).is_ok(), "leaving as {role:?}");
        }
        assert!(within_or_self(Viewer, Member, Some(Member)).is_err(), "a weaker token of a member");
    }
}
