//! Joining a workspace by an invitation: with a new account, with an old one, or as whoever is signed in.
//!
//! Owns what uses an invitation up: the account, the membership, the sign-in and the use are one change. Must not
//! know how an invitation is made.

use raven_protocol::id::{SignInId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use super::invitations::{open, role, target};
use super::sign_in::{How, Me, Method, Password, Verdict};
use super::{NewAccount, People, add_member, insert, named};
use crate::audit::{Action, Actor, Entry};
use crate::auth::{Person, Role};
use crate::db::{invitations as rows, memberships, sign_ins, users};
use crate::error::{Conflict, Error};
use crate::events::Change;

/// What whoever joins says.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Join {
    /// Of the invitation.
    #[schema(value_type = String)]
    pub token: SecretString,
    /// Of the account to join with; left out by whoever is signed in.
    pub email: Option<String>,
    /// Of a new account.
    pub name: Option<String>,
    /// Of the account: its own when there is one with this address, else that of the new one.
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretString>,
    /// Of the account's second factor, when it has one.
    #[schema(value_type = Option<String>)]
    pub code: Option<SecretString>,
}

impl People {
    /// Joins with an account of one's own or a new one, and signs in; answers the cookie's secret.
    ///
    /// # Errors
    /// `InvitationEnded`, also for the slower of two who use it at once; as [`People::log_in`] for an account that
    /// exists.
    pub async fn join(&self, join: Join, user_agent: Option<String>) -> Result<(Me, SecretString), Error> {
        self.limit("join")?;
        let invitation = open(self.db.read(), &join.token).await?;
        let (Some(email), Some(password)) = (join.email.or(invitation.email), join.password) else {
            return Err(Error::invalid("password", "is needed, with `email`, unless you are signed in"));
        };
        let email = super::check_email(&email)?;
        if users::by_email(self.db.read(), &email).await?.is_some() {
            return self.join_with(&join.token, &email, password, join.code, user_agent).await;
        }
        let name = join.name.ok_or_else(|| Error::invalid("name", "is needed for a new account"))?;
        let account = self.account(&email, &name, password).await?;
        self.join_anew(&join.token, account, user_agent).await
    }

    async fn join_anew(
        &self,
        token: &SecretString,
        account: NewAccount,
        user_agent: Option<String>,
    ) -> Result<(Me, SecretString), Error> {
        let mut change = self.changes.begin().await?;
        let invitation = open(change.tx(), token).await?;
        let id = insert(&mut change, &account).await?;
        let user = users::find(change.tx(), id.as_str()).await?.ok_or(Error::Unauthenticated)?;
        self.joined(change, invitation, user, user_agent).await
    }

    async fn join_with(
        &self,
        token: &SecretString,
        email: &str,
        password: SecretString,
        code: Option<SecretString>,
        user_agent: Option<String>,
    ) -> Result<(Me, SecretString), Error> {
        let (user, password): (_, Password) = self.looked_up(email, password).await?;
        let mut change = self.changes.begin().await?;
        let user = match self.judge(&mut change, user.as_ref(), password, code.as_ref()).await? {
            Verdict::Good => user.ok_or(Error::LoginFailed)?,
            Verdict::Refused(error) => {
                change.commit().await?;
                return Err(error);
            }
        };
        let invitation = open(change.tx(), token).await?;
        self.joined(change, invitation, user, user_agent).await
    }

    async fn joined(
        &self,
        mut change: Change,
        invitation: rows::Model,
        user: users::Model,
        user_agent: Option<String>,
    ) -> Result<(Me, SecretString), Error> {
        let workspace = self.use_up(&mut change, &invitation, &user).await?;
        let how = How { method: Method::Invitation, user_agent };
        let secret = self.sign_in_within(&mut change, &user, &workspace, how).await?;
        change.commit().await?;
        Ok((self.me(&UserId::parse(user.id)?, &workspace).await?, secret))
    }

    /// Joins as whoever is signed in; their browser goes on in the new workspace.
    pub async fn join_signed_in(
        &self,
        person: &Person,
        sign_in: &SignInId,
        token: &SecretString,
    ) -> Result<Me, Error> {
        self.limit("join")?;
        let mut change = self.changes.begin_for(person).await?;
        let invitation = open(change.tx(), token).await?;
        let user = users::find(change.tx(), person.id.as_str()).await?.ok_or(Error::Unauthenticated)?;
        let workspace = self.use_up(&mut change, &invitation, &user).await?;
        sign_ins::move_to(change.tx(), sign_in.as_str(), workspace.as_str()).await?;
        memberships::used(change.tx(), workspace.as_str(), &user.id, Timestamp::now()).await?;
        change.commit().await?;
        self.me(&person.id, &workspace).await
    }

    /// Uses an invitation up for somebody: one use, whoever else tries at the same time.
    async fn use_up(
        &self,
        change: &mut Change,
        invitation: &rows::Model,
        user: &users::Model,
    ) -> Result<WorkspaceId, Error> {
        if invitation.email.as_ref().is_some_and(|email| *email != user.email) {
            let hint = "this invitation is for another e-mail address; ask for one of your own";
            return Err(Error::Denied(hint.to_owned()));
        }
        let workspace = WorkspaceId::parse(invitation.workspace_id.as_str())?;
        if memberships::find(change.tx(), workspace.as_str(), &user.id).await?.is_some() {
            let detail = "you are a member of this workspace already; the invitation stays open".to_owned();
            return Err(Error::Conflict { code: Conflict::AlreadyMember, detail });
        }
        if !rows::use_up(change.tx(), &invitation.id, &user.id, Timestamp::now()).await? {
            return Err(Error::InvitationEnded);
        }
        let (who, role): (_, Role) = (named(user), role(invitation)?);
        let entry = Entry::new(Actor::user(who.clone()), Action::InvitationAccept, target(invitation));
        change.audit(&workspace, entry).await?;
        add_member(change, &workspace, &who, role, None).await?;
        Ok(workspace)
    }
}
