//! What whoever runs `raven-docs` commands on the server does to accounts: with no password, and on record.
//!
//! Owns that the operator is bound by no role, but by the same last owner. Must not know argv.

use raven_protocol::id::{UserId, WorkspaceId};
use secrecy::SecretString;
use serde_json::json;

use super::members::Found;
use super::sign_in::Membership;
use super::tokens::{Maker, NewToken, make};
use super::{People, User, add_member, check_email, insert, lockout, named, user_view};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Role;
use crate::db::{memberships, second_factors, sign_ins, users, workspaces};
use crate::error::Error;
use crate::events::Change;

/// An account to be made.
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: SecretString,
    /// Name of the workspace, made when there is none of this name; the first one by default.
    pub workspace: Option<String>,
}

impl People {
    /// Makes an account in a workspace, which is made too when there is none of its name.
    pub async fn add_user(&self, new: NewUser) -> Result<UserId, Error> {
        let account = self.account(&new.email, &new.name, new.password).await?;
        let mut change = self.changes.begin().await?;
        let id = insert(&mut change, &account).await?;
        let workspace = self.workspace(&mut change, &Actor::operator(), new.workspace.as_deref()).await?;
        let by = Some(Actor::operator());
        add_member(&mut change, &workspace, &account.named(&id), new.role, by).await?;
        change.commit().await?;
        Ok(id)
    }

    /// Every account with its memberships.
    pub async fn all(&self) -> Result<Vec<(User, Vec<Membership>)>, Error> {
        let mut people = Vec::new();
        for user in users::all(self.db.read()).await? {
            let memberships = self.memberships(&user.id).await?;
            people.push((user_view(user), memberships));
        }
        Ok(people)
    }

    /// Sets a password, ends the account's sign-ins and a lock-out.
    pub async fn set_password(&self, email: &str, password: SecretString) -> Result<(), Error> {
        let hash = self.hash("password", password).await?;
        let mut change = self.changes.begin().await?;
        let user = account(&change, email).await?;
        users::set_password(change.tx(), &user.id, &hash).await?;
        let ended = sign_ins::delete_of_user(change.tx(), &user.id, None).await?;
        lockout::unlock(change.tx(), &user.id).await?;
        let entry = entry(Action::PasswordChange, &user).after(json!({ "sessionsEnded": ended }));
        change.audit_server(entry).await?;
        change.commit().await
    }

    /// Sets a role in a workspace; which one need only be said to somebody who is in several.
    pub async fn set_role_of(&self, email: &str, role: Role, workspace: Option<&str>) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let user = account(&change, email).await?;
        let workspace = workspace_of(&change, &user, workspace).await?;
        let member = Found::find(&change, &workspace, &UserId::parse(user.id)?).await?;
        member.change_role(&mut change, Actor::operator(), None, role).await?;
        change.commit().await
    }

    /// Makes a personal token for an account.
    pub async fn create_token_for(
        &self,
        email: &str,
        workspace: Option<&str>,
        new: NewToken,
    ) -> Result<SecretString, Error> {
        let mut change = self.changes.begin().await?;
        let user = account(&change, email).await?;
        let workspace = workspace_of(&change, &user, workspace).await?;
        let user = UserId::parse(user.id)?;
        let maker = Maker { user, workspace, actor: Actor::operator(), most: Role::Owner, expires_at: None };
        let (_, secret) = make(&mut change, maker, new).await?;
        change.commit().await?;
        Ok(secret)
    }

    /// Removes the second factor of somebody who has lost it, and ends their sign-ins.
    pub async fn reset_second_factor(&self, email: &str) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let user = account(&change, email).await?;
        if !second_factors::delete(change.tx(), &user.id).await? {
            return Err(Error::NotFound("second factor"));
        }
        let ended = sign_ins::delete_of_user(change.tx(), &user.id, None).await?;
        let entry = entry(Action::SecondFactorReset, &user).after(json!({ "sessionsEnded": ended }));
        change.audit_server(entry).await?;
        change.commit().await
    }

    /// Ends the lock of an account that somebody failed to sign in to.
    pub async fn unlock(&self, email: &str) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let user = account(&change, email).await?;
        lockout::unlock(change.tx(), &user.id).await?;
        change.audit_server(entry(Action::AccountUnlock, &user)).await?;
        change.commit().await
    }
}

async fn account(change: &Change, email: &str) -> Result<users::Model, Error> {
    users::by_email(change.tx(), &check_email(email)?).await?.ok_or(Error::NotFound("account"))
}

/// The workspace that is meant: the one that is named, or the only one that the account is in.
async fn workspace_of(
    change: &Change,
    user: &users::Model,
    name: Option<&str>,
) -> Result<WorkspaceId, Error> {
    let members = memberships::of_user(change.tx(), &user.id).await?;
    let ids = members.into_iter().map(|member| member.workspace_id);
    let mut all = workspaces::with_ids(change.tx(), ids).await?;
    if let Some(name) = name {
        all.retain(|workspace| workspace.name == name.trim() || workspace.id == name.trim());
    }
    match all.as_slice() {
        [one] => Ok(WorkspaceId::parse(one.id.as_str())?),
        [] => Err(Error::NotFound("workspace of this account")),
        several => {
            let names: Vec<&str> = several.iter().map(|workspace| workspace.name.as_str()).collect();
            let why = format!("is needed: the account is in {}; name one, or its id", names.join(", "));
            Err(Error::invalid("workspace", why))
        }
    }
}

fn entry(action: Action, user: &users::Model) -> Entry {
    Entry::new(Actor::operator(), action, Target::named("user", &named(user)))
}
