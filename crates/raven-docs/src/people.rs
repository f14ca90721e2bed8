//! People: the first account, what an account is, and what its rules have in common.
//!
//! Owns the rules for passwords, names and setup; the rest of an account is below. Must not know cookies or HTTP.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use raven_protocol::id::{UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{Named, Role};
use crate::db::{self, Db, users};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes};
use crate::origin::Origin;
use crate::runtimes::HostingDefaults;
use crate::secrets::{self, Secrets};

pub mod invitations;
pub mod joining;
mod lockout;
pub mod members;
pub mod openid;
pub mod operator;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;
pub mod tokens;
pub mod workspaces;

use sign_in::{How, Me, Method};

/// Sign-ins and the like from one address in a minute: a person mistypes, a program guesses. What guesses
/// from many addresses meets the lock-out.
const ATTEMPTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Password checks at once; each takes 19 MiB and some 20 ms of a core on purpose.
const CHECKS_AT_ONCE: usize = 2;

/// Shortest password, in characters.
const MIN_PASSWORD: usize = 10;

/// Longest password, in bytes: hashing must not become a way to burn the server's time.
const MAX_PASSWORD: usize = 1024;

/// An account as the API shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: String,
    pub email: String,
    pub name: String,
    pub created_at: Timestamp,
}

/// What makes the first admin.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// The one-time code that the first start printed.
    #[schema(value_type = String)]
    pub code: SecretString,
    pub email: String,
    pub name: String,
    /// At least 10 characters.
    #[schema(value_type = String)]
    pub password: SecretString,
    pub workspace_name: Option<String>,
}

/// The accounts of this server.
#[derive(Clone)]
pub struct People {
    db: Db,
    changes: Changes,
    secrets: Secrets,
    setup_code: Arc<SecretString>,
    attempts: Arc<DefaultKeyedRateLimiter<String>>,
    checks: Arc<Semaphore>,
    defaults: Arc<HostingDefaults>,
}

/// An account to be made, with its password hashed.
struct NewAccount {
    email: String,
    name: String,
    hash: String,
}

impl People {
    pub fn new(db: Db, changes: Changes, defaults: HostingDefaults) -> Self {
        Self {
            db,
            changes,
            secrets: defaults.secrets.clone(),
            setup_code: Arc::new(secrets::setup_code()),
            attempts: Arc::new(RateLimiter::keyed(Quota::per_minute(ATTEMPTS_PER_MINUTE))),
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            defaults: Arc::new(defaults),
        }
    }

    /// The one-time code, while nobody has an account.
    pub async fn setup_code(&self) -> Result<Option<&SecretString>, Error> {
        let done = users::any(self.db.read()).await?;
        Ok(if done { None } else { Some(&self.setup_code) })
    }

    /// Makes the first account, an owner, and its workspace; answers its sign-in.
    pub async fn set_up(
        &self,
        setup: Setup,
        user_agent: Option<String>,
    ) -> Result<(Me, SecretString), Error> {
        self.limit("setup")?;
        if self.setup_code().await?.is_none() {
            return Err(setup_done());
        }
        let typed = setup.code.expose_secret().trim().to_uppercase();
        if !secrets::same(&typed, self.setup_code.expose_secret()) {
            let hint =
                "the setup code is wrong: it is printed where raven-docs was started, as `setup code: …`";
            return Err(Error::Denied(hint.to_owned()));
        }
        let account = self.account(&setup.email, &setup.name, setup.password).await?;
        let named = setup.workspace_name.filter(|name| !name.trim().is_empty());
        let mut change = self.changes.begin().await?;
        if users::any(change.tx()).await? {
            return Err(setup_done());
        }
        let id = insert(&mut change, &account).await?;
        let workspace =
            self.workspace(&mut change, &Actor::user(account.named(&id)), named.as_deref()).await?;
        add_member(&mut change, &workspace, &account.named(&id), Role::Owner, None).await?;
        let how = How { method: Method::Setup, user_agent };
        let user = users::find(change.tx(), id.as_str()).await?.ok_or(Error::Unauthenticated)?;
        let secret = self.sign_in_within(&mut change, &user, &workspace, how).await?;
        change.commit().await?;
        Ok((self.me(&id, &workspace).await?, secret))
    }

    /// What an account is made of, checked.
    async fn account(&self, email: &str, name: &str, password: SecretString) -> Result<NewAccount, Error> {
        let (email, name) = (check_email(email)?, check_text("name", name)?);
        Ok(NewAccount { email, name, hash: self.hash("password", password).await? })
    }

    /// The workspace with a name, or the first; made with its settings when there is none.
    async fn workspace(
        &self,
        change: &mut Change,
        actor: &Actor,
        name: Option<&str>,
    ) -> Result<WorkspaceId, Error> {
        let mut all = db::workspaces::all(change.tx()).await?.into_iter();
        if let Some(found) = all.find(|workspace| name.is_none_or(|name| workspace.name == name.trim())) {
            return Ok(WorkspaceId::parse(found.id)?);
        }
        let name = check_text("workspaceName", name.unwrap_or("Workspace"))?;
        self.make_workspace(change, actor, &name).await
    }

    /// Bounds how often the caller's address may try something.
    fn limit(&self, what: &str) -> Result<(), Error> {
        let address = Origin::current().network();
        self.attempts.retain_recent();
        self.attempts.check_key(&format!("{what} {address}")).map_err(|_| Error::RateLimited { seconds: 60 })
    }

    async fn hash(&self, field: &'static str, password: SecretString) -> Result<String, Error> {
        let text = password.expose_secret();
        if text.chars().count() < MIN_PASSWORD {
            return Err(Error::invalid(field, format!("must be {MIN_PASSWORD} characters or more")));
        }
        if text.len() > MAX_PASSWORD {
            return Err(Error::invalid(field, format!("must be {MAX_PASSWORD} bytes or less")));
        }
        Ok(self.off_thread(move || secrets::hash_password(&password)).await??)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _turn = self.checks.acquire().await.map_err(anyhow::Error::from)?;
        Ok(tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from)?)
    }
}

impl NewAccount {
    fn named(&self, id: &UserId) -> Named {
        Named { id: id.to_string(), name: self.name.clone() }
    }
}

/// Adds an account.
async fn insert(change: &mut Change, account: &NewAccount) -> Result<UserId, Error> {
    let NewAccount { email, name, hash } = account;
    let (id, at) = (UserId::generate(), Timestamp::now());
    let row = users::New { id: &id, email, name, password_hash: hash, at };
    if !users::insert(change.tx(), row).await? {
        let detail =
            format!("{email} has an account already; use `raven-docs user passwd` to set its password");
        return Err(Error::Conflict { code: Conflict::EmailTaken, detail });
    }
    Ok(id)
}

/// Adds a member, on record: of themselves, or by the actor that is named.
async fn add_member(
    change: &mut Change,
    workspace: &WorkspaceId,
    who: &Named,
    role: Role,
    by: Option<Actor>,
) -> Result<(), Error> {
    let id = UserId::parse(who.id.as_str())?;
    db::memberships::insert(change.tx(), workspace, &id, role.as_str(), Timestamp::now()).await?;
    let actor = by.unwrap_or_else(|| Actor::user(who.clone()));
    let entry = Entry::new(actor, Action::MemberAdd, Target::named("user", who));
    change.audit(workspace, entry.after(json!({ "role": role }))).await?;
    let about = About {
        actor: Some(who.clone()),
        detail: Some(format!("{}, {}", who.name, role.as_str())),
        ..About::default()
    };
    activity::record(change, workspace, ActivityKind::MemberAdded, about).await
}

fn setup_done() -> Error {
    let detail =
        "an account exists already: sign in, or use `raven-docs user passwd` on the server".to_owned();
    Error::Conflict { code: Conflict::SetupDone, detail }
}

fn check_email(email: &str) -> Result<String, Error> {
    let email = email.trim().to_lowercase();
    let plausible = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && matches!(email.split_once('@'), Some((name, host)) if !name.is_empty() && !host.is_empty());
    if plausible { Ok(email) } else { Err(Error::invalid("email", "must be an e-mail address")) }
}

/// A name or label as it is kept.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must be 1 to 100 printable characters"));
    }
    Ok(text.to_owned())
}

/// The role of a row.
fn role_of(member: &db::memberships::Model) -> Result<Role, Error> {
    let known = Role::from_str_opt(&member.role);
    Ok(known.ok_or_else(|| anyhow::anyhow!("unknown role `{}`", member.role))?)
}

fn user_view(row: users::Model) -> User {
    User { id: row.id, email: row.email, name: row.name, created_at: Timestamp::from_millis(row.created_at) }
}

fn named(row: &users::Model) -> Named {
    Named { id: row.id.clone(), name: row.name.clone() }
}
