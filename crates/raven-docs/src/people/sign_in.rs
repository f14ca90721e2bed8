//! Signing in: a proof of who one is becomes a browser's cookie.
//!
//! Owns the steps: the password, the second factor, the lock-out, and the sign-in itself, which other proofs of
//! identity end in too (see [`People::sign_in_within`]). Must not know how a cookie travels.

use raven_protocol::id::{SignInId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::lockout::{Failed, Standing};
use super::second_factor::Factor;
use super::{People, User, named, role_of, user_view};
use crate::audit::{Action, Actor, Entry, Outcome, Target};
use crate::auth::{Person, Role, SIGN_IN_LIFETIME_MS};
use crate::db::{self, memberships, sign_ins, users};
use crate::error::Error;
use crate::events::Change;
use crate::origin::Origin;
use crate::secrets;

/// Who one is, and where.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    pub user: User,
    pub workspace_id: String,
    pub workspace_name: String,
    /// As far as the credential that was used allows.
    pub role: Role,
    /// Every workspace that one is a member of.
    pub workspaces: Vec<Membership>,
    /// Whether a second factor is asked for when one signs in.
    pub second_factor: bool,
}

/// A workspace that one is a member of.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    pub id: String,
    pub name: String,
    pub role: Role,
}

/// Credentials of a sign-in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoginRequest)]
pub struct Login {
    pub email: String,
    #[schema(value_type = String)]
    pub password: SecretString,
    /// Of the second factor, when the account has one: six digits, or a recovery code.
    #[schema(value_type = Option<String>)]
    pub code: Option<SecretString>,
}

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Password,
    Setup,
    Invitation,
    /// Another service vouched for them.
    OpenId,
}

impl Method {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::OpenId => "openid",
        }
    }
}

/// How somebody comes to sign in, for the record.
#[derive(Debug, Clone)]
pub struct How {
    pub method: Method,
    /// As the browser names itself.
    pub user_agent: Option<String>,
}

/// What an attempt to sign in came to.
pub(super) enum Verdict {
    Good,
    Refused(Error),
}

/// Whether a password fits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Password {
    Right,
    Wrong,
}

impl People {
    /// Signs in with a password; answers the cookie's secret.
    ///
    /// # Errors
    /// `LoginFailed` in the same words for an unknown account, a wrong password and a lock;
    /// `SecondFactorRequired` until the code fits too.
    pub async fn log_in(
        &self,
        login: Login,
        user_agent: Option<String>,
    ) -> Result<(Me, SecretString), Error> {
        self.limit("login")?;
        let (user, password) = self.looked_up(&login.email, login.password).await?;
        let mut change = self.changes.begin().await?;
        let user = match self.judge(&mut change, user.as_ref(), password, login.code.as_ref()).await? {
            Verdict::Good => user.ok_or(Error::LoginFailed)?,
            Verdict::Refused(error) => {
                change.commit().await?;
                return Err(error);
            }
        };
        let workspace = last_used(&change, &user.id).await?;
        let how = How { method: Method::Password, user_agent };
        let secret = self.sign_in_within(&mut change, &user, &workspace, how).await?;
        change.commit().await?;
        Ok((self.me(&UserId::parse(user.id)?, &workspace).await?, secret))
    }

    /// Makes a sign-in as part of a change, for whoever was proved to be a person. The caller has asked for
    /// whatever proof there is to be, also the second factor.
    ///
    /// # Errors
    /// `Denied` when they are no member of the workspace.
    pub(super) async fn sign_in_within(
        &self,
        change: &mut Change,
        user: &users::Model,
        workspace: &WorkspaceId,
        how: How,
    ) -> Result<SecretString, Error> {
        let member = memberships::find(change.tx(), workspace.as_str(), &user.id).await?;
        member.ok_or_else(no_workspace)?;
        let (secret, id, now) = (secrets::generate("raven_cookie_"), SignInId::generate(), Timestamp::now());
        let row = sign_ins::Model {
            secret_digest: secrets::digest(secret.expose_secret()),
            id: id.to_string(),
            user_id: user.id.clone(),
            workspace_id: Some(workspace.to_string()),
            created_at: now.as_millis(),
            expires_at: now.as_millis() + SIGN_IN_LIFETIME_MS,
            last_seen_at: now.as_millis(),
            address: Origin::current().address.map(|ip| ip.to_string()),
            user_agent: how.user_agent.as_deref().map(super::sessions::in_short),
        };
        sign_ins::insert(change.tx(), row).await?;
        memberships::used(change.tx(), workspace.as_str(), &user.id, now).await?;
        let entry =
            Entry::new(Actor::user(named(user)), Action::LoginDone, Target::new("session", id.as_str()));
        change.audit(workspace, entry.after(json!({ "method": how.method.as_str() }))).await?;
        Ok(secret)
    }

    /// The account with an address, and whether a password is its. An unknown address costs the same time as
    /// a wrong password, so that neither is told.
    pub(super) async fn looked_up(
        &self,
        email: &str,
        password: SecretString,
    ) -> Result<(Option<users::Model>, Password), Error> {
        let user = users::by_email(self.db.read(), &email.trim().to_lowercase()).await?;
        let hash = user.as_ref().map_or_else(|| unknown_hash().to_owned(), |user| user.password_hash.clone());
        let good = self.off_thread(move || secrets::password_matches(&password, &hash)).await?;
        let password = if good && user.is_some() { Password::Right } else { Password::Wrong };
        Ok((user, password))
    }

    /// Judges an attempt, and keeps what came of it: the change is to be committed either way. It is
    /// judged in the transaction, so that attempts at once are counted one after another.
    pub(super) async fn judge(
        &self,
        change: &mut Change,
        user: Option<&users::Model>,
        password: Password,
        code: Option<&SecretString>,
    ) -> Result<Verdict, Error> {
        let Some(user) = user else {
            failed(change, None, "unknown account").await?;
            return Ok(Verdict::Refused(Error::LoginFailed));
        };
        // It was compared with what the account had when the attempt began to wait its turn.
        let now = users::find(change.tx(), &user.id).await?;
        let password = match now {
            Some(now) if now.password_hash == user.password_hash => password,
            Some(_) | None => Password::Wrong,
        };
        let standing = Standing::find(change.tx(), &user.id).await?;
        if standing.is_locked(Timestamp::now()) {
            failed(change, Some(user), "locked").await?;
            return Ok(Verdict::Refused(Error::LoginFailed));
        }
        if password == Password::Wrong {
            standing.keep_failure(change.tx(), Failed::Password).await?;
            failed(change, Some(user), "password").await?;
            return Ok(Verdict::Refused(Error::LoginFailed));
        }
        match self.check_factor(change, &user.id, code).await? {
            Factor::Off | Factor::Right => {
                standing.keep_sign_in(change.tx()).await?;
                Ok(Verdict::Good)
            }
            Factor::Missing => Ok(Verdict::Refused(Error::SecondFactorRequired)),
            Factor::Wrong => {
                standing.keep_failure(change.tx(), Failed::Code).await?;
                failed(change, Some(user), "code").await?;
                Ok(Verdict::Refused(Error::SecondFactorRequired))
            }
        }
    }

    /// Has a signed-in person prove anew that they know their password, before what a stolen cookie must
    /// not do. Failures count to the lock-out.
    pub(super) async fn confirm_password(
        &self,
        person: &Person,
        field: &'static str,
        password: SecretString,
    ) -> Result<users::Model, Error> {
        self.limit("password")?;
        let user = users::find(self.db.read(), person.id.as_str()).await?.ok_or(Error::Unauthenticated)?;
        let (_, matches) = self.looked_up(&user.email, password).await?;
        let mut change = self.changes.begin_for(person).await?;
        let standing = Standing::find(change.tx(), &user.id).await?;
        if standing.is_locked(Timestamp::now()) {
            return Err(Error::RateLimited { seconds: super::lockout::SECONDS });
        }
        if matches == Password::Right {
            return Ok(user);
        }
        standing.keep_failure(change.tx(), Failed::Password).await?;
        failed(&mut change, Some(&user), "password").await?;
        change.commit().await?;
        Err(Error::invalid(field, "is not your password"))
    }

    /// Ends a browser's sign-in.
    pub async fn log_out(&self, cookie: &SecretString) -> Result<(), Error> {
        let digest = secrets::digest(cookie.expose_secret());
        let mut change = self.changes.begin().await?;
        let Some(row) = sign_ins::find(change.tx(), &digest, Timestamp::now()).await? else { return Ok(()) };
        let user = users::find(change.tx(), &row.user_id).await?.ok_or(Error::Unauthenticated)?;
        sign_ins::delete(change.tx(), &row.user_id, &row.id).await?;
        let entry = Entry::new(Actor::user(named(&user)), Action::SessionEnd, Target::new("session", row.id));
        change.audit_server(entry).await?;
        change.commit().await
    }

    /// Who a signed-in person is.
    pub async fn me(&self, user: &UserId, workspace: &WorkspaceId) -> Result<Me, Error> {
        let user = users::find(self.db.read(), user.as_str()).await?.ok_or(Error::Unauthenticated)?;
        let workspaces = self.memberships(&user.id).await?;
        let here = workspaces.iter().find(|member| member.id == workspace.as_str());
        let here = here.cloned().ok_or(Error::Unauthenticated)?;
        let second_factor = db::second_factors::in_force(self.db.read(), &user.id).await?.is_some();
        Ok(Me {
            user: user_view(user),
            workspace_id: here.id,
            workspace_name: here.name,
            role: here.role,
            workspaces,
            second_factor,
        })
    }

    /// The workspaces that a person is a member of, by name.
    pub(super) async fn memberships(&self, user: &str) -> Result<Vec<Membership>, Error> {
        let members = memberships::of_user(self.db.read(), user).await?;
        let ids = members.iter().map(|member| member.workspace_id.clone());
        let workspaces = db::workspaces::with_ids(self.db.read(), ids).await?;
        let mut found = Vec::with_capacity(members.len());
        for db::workspaces::Model { id, name, .. } in workspaces {
            if let Some(member) = members.iter().find(|member| member.workspace_id == id) {
                found.push(Membership { role: role_of(member)?, id, name });
            }
        }
        Ok(found)
    }
}

/// The workspace that a person used last.
pub(super) async fn last_used(change: &Change, user: &str) -> Result<WorkspaceId, Error> {
    let last = memberships::of_user(change.tx(), user).await?.into_iter().next();
    Ok(WorkspaceId::parse(last.ok_or_else(no_workspace)?.workspace_id)?)
}

/// Records that somebody failed to sign in: of which account, if there is one, and why.
pub(super) async fn failed(
    change: &mut Change,
    user: Option<&users::Model>,
    why: &'static str,
) -> Result<(), Error> {
    // What was typed for an address may be anything, also a password: only that of an account is kept.
    let target =
        user.map_or_else(|| Target::new("user", "unknown"), |user| Target::named("user", &named(user)));
    let kept = json!({ "why": why, "email": user.map(|user| &user.email) });
    let entry = Entry::new(Actor::anonymous(), Action::LoginFailed, target);
    change.audit_server(entry.after(kept).outcome(Outcome::Refused)).await
}

fn no_workspace() -> Error {
    let hint = "you are a member of no workspace here; ask an admin for an invitation".to_owned();
    Error::Denied(hint)
}

/// The hash of a password that nobody knows.
pub(super) fn unknown_hash() -> &'static str {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| secrets::hash_password(&secrets::generate("")).unwrap_or_default())
}
