//! People: the first admin, sign-in and sign-out, personal tokens, accounts made on the command line.
//!
//! Owns the rules for passwords and setup. Must not know cookies or HTTP.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use raven_protocol::id::{TokenId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::auth::{Person, Role, SIGN_IN_LIFETIME_MS};
use crate::db::{self, Db, Tx};
use crate::error::{Conflict, Error};
use crate::page::{Page, PageQuery};
use crate::runtimes::HostingDefaults;
use crate::secrets;

/// Sign-in attempts per account and address in a minute: a person mistypes, a program guesses.
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

/// Who one is, and where.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    pub user: User,
    pub workspace_id: String,
    pub workspace_name: String,
    pub role: Role,
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

/// Credentials of a sign-in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoginRequest)]
pub struct Login {
    pub email: String,
    #[schema(value_type = String)]
    pub password: SecretString,
}

/// An account to be made from the command line.
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password: SecretString,
    /// Name of the workspace, made when there is none of this name; the first one by default.
    pub workspace: Option<String>,
}

/// A personal token, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: String,
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// The accounts of this server.
#[derive(Clone)]
pub struct People {
    db: Db,
    setup_code: Arc<SecretString>,
    attempts: Arc<DefaultKeyedRateLimiter<String>>,
    checks: Arc<Semaphore>,
    defaults: Arc<HostingDefaults>,
}

impl People {
    pub fn new(db: Db, defaults: HostingDefaults) -> Self {
        Self {
            db,
            setup_code: Arc::new(secrets::setup_code()),
            attempts: Arc::new(RateLimiter::keyed(Quota::per_minute(ATTEMPTS_PER_MINUTE))),
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            defaults: Arc::new(defaults),
        }
    }

    /// The one-time code, while nobody has an account.
    pub async fn setup_code(&self) -> Result<Option<&SecretString>, Error> {
        let done = db::users::any(self.db.read()).await?;
        Ok(if done { None } else { Some(&self.setup_code) })
    }

    /// Makes the first account, an owner, and its workspace; answers its sign-in.
    pub async fn set_up(&self, setup: Setup, caller: &str) -> Result<(Me, SecretString), Error> {
        self.limit(&format!("setup {caller}"))?;
        if self.setup_code().await?.is_none() {
            return Err(setup_done());
        }
        let typed = setup.code.expose_secret().trim().to_uppercase();
        if !secrets::same(&typed, self.setup_code.expose_secret()) {
            let hint =
                "the setup code is wrong: it is printed where raven-docs was started, as `setup code: …`";
            return Err(Error::Denied(hint.to_owned()));
        }
        let new = NewUser {
            email: setup.email,
            name: setup.name,
            role: Role::Owner,
            password: setup.password,
            workspace: setup.workspace_name.filter(|name| !name.trim().is_empty()),
        };
        let user = self.add(new, FirstOnly::Yes).await?;
        let secret = self.sign_in(&user).await?;
        Ok((self.me(&user).await?, secret))
    }

    /// Makes an account in the first workspace, which is made too when there is none.
    pub async fn add_user(&self, new: NewUser) -> Result<UserId, Error> {
        let id = self.add(new, FirstOnly::No).await?;
        Ok(UserId::parse(id)?)
    }

    async fn add(&self, new: NewUser, first_only: FirstOnly) -> Result<String, Error> {
        let email = check_email(&new.email)?;
        let name = check_text("name", &new.name)?;
        let hash = self.hash(new.password).await?;
        let (id, now) = (UserId::generate(), Timestamp::now());
        let tx = self.db.begin().await?;
        if first_only == FirstOnly::Yes && db::users::any(&tx).await? {
            return Err(setup_done());
        }
        let row = db::users::New { id: &id, email: &email, name: &name, password_hash: &hash, at: now };
        if !db::users::insert(&tx, row).await? {
            let detail =
                format!("{email} has an account already; use `raven-docs user passwd` to set its password");
            return Err(Error::Conflict { code: Conflict::EmailTaken, detail });
        }
        let workspace = self.workspace(&tx, new.workspace.as_deref(), now).await?;
        db::memberships::insert(&tx, &workspace, &id, new.role.as_str()).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(id.to_string())
    }

    /// The workspace with a name, or the first; made with its settings when there is none.
    async fn workspace(&self, tx: &Tx, name: Option<&str>, now: Timestamp) -> Result<WorkspaceId, Error> {
        let mut all = db::workspaces::all(tx).await?.into_iter();
        if let Some(found) = all.find(|workspace| name.is_none_or(|name| workspace.name == name.trim())) {
            return Ok(WorkspaceId::parse(found.id)?);
        }
        let (made, name) =
            (WorkspaceId::generate(), check_text("workspaceName", name.unwrap_or("Workspace"))?);
        db::workspaces::insert(tx, &made, &name, now).await?;
        db::settings::insert(tx, &made, self.defaults.hosting(&made)?).await?;
        Ok(made)
    }

    /// Signs in; answers the cookie's secret.
    pub async fn log_in(&self, login: Login, caller: &str) -> Result<(Me, SecretString), Error> {
        let email = login.email.trim().to_lowercase();
        self.limit(&format!("login {caller}"))?;
        self.limit(&format!("login {email}"))?;
        let user = db::users::by_email(self.db.read(), &email).await?;
        // An unknown address costs the same time as a wrong password, so that neither is told.
        let hash = user.as_ref().map_or_else(|| unknown_hash().to_owned(), |user| user.password_hash.clone());
        let good = self.off_thread(move || secrets::password_matches(&login.password, &hash)).await?;
        match user {
            Some(user) if good => {
                let secret = self.sign_in(&user.id).await?;
                Ok((self.me(&user.id).await?, secret))
            }
            _ => Err(Error::LoginFailed),
        }
    }

    /// Ends a browser's sign-in.
    pub async fn log_out(&self, cookie: &SecretString) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        db::sign_ins::delete(&tx, &secrets::digest(cookie.expose_secret())).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(())
    }

    /// Who a signed-in person is.
    pub async fn me(&self, user: &str) -> Result<Me, Error> {
        let user = db::users::find(self.db.read(), user).await?.ok_or(Error::Unauthenticated)?;
        let member =
            db::memberships::of_user(self.db.read(), &user.id).await?.ok_or(Error::Unauthenticated)?;
        let workspace = WorkspaceId::parse(member.workspace_id)?;
        let workspace =
            db::workspaces::find(self.db.read(), &workspace).await?.ok_or(Error::Unauthenticated)?;
        let role = Role::from_str_opt(&member.role).ok_or(Error::Unauthenticated)?;
        Ok(Me { user: user_view(user), workspace_id: workspace.id, workspace_name: workspace.name, role })
    }

    /// Every account with its role, for the command line.
    pub async fn all(&self) -> Result<Vec<(User, Option<Role>)>, Error> {
        let mut people = Vec::new();
        for user in db::users::all(self.db.read()).await? {
            let member = db::memberships::of_user(self.db.read(), &user.id).await?;
            people.push((user_view(user), member.and_then(|member| Role::from_str_opt(&member.role))));
        }
        Ok(people)
    }

    /// Sets a password and ends the account's sign-ins.
    pub async fn set_password(&self, email: &str, password: SecretString) -> Result<(), Error> {
        let email = check_email(email)?;
        let hash = self.hash(password).await?;
        let tx = self.db.begin().await?;
        let user = db::users::by_email(&tx, &email).await?.ok_or(Error::NotFound("account"))?;
        db::users::set_password(&tx, &email, &hash).await?;
        db::sign_ins::delete_of_user(&tx, &user.id).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(())
    }

    /// Sets a role.
    pub async fn set_role(&self, email: &str, role: Role) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        let user = db::users::by_email(&tx, &check_email(email)?).await?.ok_or(Error::NotFound("account"))?;
        db::memberships::set_role(&tx, &user.id, role.as_str()).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(())
    }

    /// Makes a personal token; its secret is shown this once.
    pub async fn create_token(&self, user: &UserId, name: &str) -> Result<(Token, SecretString), Error> {
        let secret = secrets::generate("raven_pat_");
        let row = db::tokens::Model {
            id: TokenId::generate().to_string(),
            user_id: user.to_string(),
            name: check_text("name", name)?,
            secret_digest: secrets::digest(secret.expose_secret()),
            created_at: Timestamp::now().as_millis(),
            last_used_at: None,
        };
        let tx = self.db.begin().await?;
        db::tokens::insert(&tx, row.clone()).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok((token_view(row), secret))
    }

    /// Makes a personal token for the account with an e-mail address.
    pub async fn create_token_for(&self, email: &str, name: &str) -> Result<SecretString, Error> {
        let user = db::users::by_email(self.db.read(), &check_email(email)?).await?;
        let user = UserId::parse(user.ok_or(Error::NotFound("account"))?.id)?;
        Ok(self.create_token(&user, name).await?.1)
    }

    /// A person's own tokens.
    pub async fn tokens(&self, person: &Person, page: PageQuery) -> Result<Page<Token>, Error> {
        let limit = page.limit()?;
        let rows = db::tokens::page(self.db.read(), &person.id, page.cursor.as_deref(), limit + 1).await?;
        Page::of(rows, limit, |row| &row.id, |row| Ok(token_view(row)))
    }

    /// Revokes one of a person's own tokens.
    pub async fn revoke_token(&self, person: &Person, id: &TokenId) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        if !db::tokens::delete(&tx, &person.id, id).await? {
            return Err(Error::NotFound("token"));
        }
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(())
    }

    async fn sign_in(&self, user: &str) -> Result<SecretString, Error> {
        let (secret, now) = (secrets::generate("raven_cookie_"), Timestamp::now().as_millis());
        let row = db::sign_ins::Model {
            secret_digest: secrets::digest(secret.expose_secret()),
            user_id: user.to_owned(),
            created_at: now,
            expires_at: now + SIGN_IN_LIFETIME_MS,
        };
        let tx = self.db.begin().await?;
        db::sign_ins::insert(&tx, row).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(secret)
    }

    fn limit(&self, key: &str) -> Result<(), Error> {
        self.attempts.retain_recent();
        self.attempts.check_key(&key.to_owned()).map_err(|_| Error::RateLimited { seconds: 60 })
    }

    async fn hash(&self, password: SecretString) -> Result<String, Error> {
        let text = password.expose_secret();
        if text.chars().count() < MIN_PASSWORD || text.len() > MAX_PASSWORD {
            return Err(Error::invalid("password", format!("must be {MIN_PASSWORD} characters or more")));
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

/// Whether an account may only be made while there is none.
#[derive(PartialEq, Eq)]
enum FirstOnly {
    Yes,
    No,
}

fn setup_done() -> Error {
    let detail =
        "an account exists already: sign in, or use `raven-docs user passwd` on the server".to_owned();
    Error::Conflict { code: Conflict::SetupDone, detail }
}

/// The hash of a password that nobody knows.
fn unknown_hash() -> &'static str {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| secrets::hash_password(&secrets::generate("")).unwrap_or_default())
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

fn user_view(row: db::users::Model) -> User {
    User { id: row.id, email: row.email, name: row.name, created_at: Timestamp::from_millis(row.created_at) }
}

fn token_view(row: db::tokens::Model) -> Token {
    Token {
        id: row.id,
        name: row.name,
        created_at: Timestamp::from_millis(row.created_at),
        last_used_at: row.last_used_at.map(Timestamp::from_millis),
    }
}
