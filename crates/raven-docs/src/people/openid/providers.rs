//! Which service vouches for the people of a workspace, as its owners set it.
//!
//! Owns the rules of these settings. Must not know how a sign-in goes.

use raven_protocol::id::IdentityProviderId;
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{OpenId, admission, exchange, target};
use crate::access::{Granted, Own};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry};
use crate::auth::Role;
use crate::db::{identity_providers as rows, openid_attempts};
use crate::error::Error;
use crate::events::Change;
use crate::page::{Page, PageQuery};
use crate::people::check_text;
use crate::people::members::reach;

/// Domains that may be let in: a company has some, and a list must end.
const MAX_DOMAINS: usize = 50;

/// Longest id or secret that a provider may have given, in bytes.
const MAX_CLIENT_TEXT: usize = 512;

/// The role of people who get an account on a provider's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DefaultRole {
    Viewer,
    Member,
}

impl DefaultRole {
    fn role(self) -> Role {
        match self {
            Self::Viewer => Role::Viewer,
            Self::Member => Role::Member,
        }
    }
}

/// How people of a workspace sign in, other than by a password.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInSettings {
    /// To be registered with the service: where it sends browsers back to.
    pub redirect_url: String,
    /// Null when there is none.
    pub provider: Option<SignInProvider>,
}

/// A service that vouches for people. Its client secret is never shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInProvider {
    pub id: String,
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub allowed_domains: Vec<String>,
    pub default_role: DefaultRole,
    pub create_accounts: bool,
    pub updated_at: Timestamp,
}

/// What is to be set.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInProviderChange {
    /// As the sign-in page says it: `Continue with …`.
    pub name: String,
    /// An https address; http only on this machine.
    pub issuer: String,
    pub client_id: String,
    /// Write-only. May be left out while issuer and client id stay the same.
    #[schema(value_type = Option<String>)]
    pub client_secret: Option<SecretString>,
    /// Of the e-mail addresses whose people get an account.
    #[serde(default)]
    pub allowed_domains: Vec<String>,
    pub default_role: DefaultRole,
    /// Whether people without an account get one.
    pub create_accounts: bool,
}

/// A service on the sign-in page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignInChoice {
    pub id: String,
    pub name: String,
}

/// What a client secret is sealed for.
pub fn secret_purpose(provider: &str) -> String {
    format!("client secret of {provider}")
}

impl OpenId {
    /// The services that one can sign in by, as anybody may know.
    pub async fn choices(&self, page: PageQuery) -> Result<Page<SignInChoice>, Error> {
        let limit = page.limit()?;
        let rows = rows::page(self.people.db.read(), page.cursor.as_deref(), limit + 1).await?;
        Page::of(rows, limit, |row| &row.id, |row| Ok(SignInChoice { id: row.id, name: row.name }))
    }

    /// A workspace's service.
    pub async fn settings(&self, by: &Granted<Own>) -> Result<SignInSettings, Error> {
        let row = rows::of_workspace(self.people.db.read(), by.workspace().as_str()).await?;
        Ok(self.shown(row))
    }

    /// Sets a workspace's service, once it has answered.
    ///
    /// # Errors
    /// `Invalid` for what cannot be used; nothing is changed then.
    pub async fn set(
        &self,
        by: &Granted<Own>,
        wanted: SignInProviderChange,
    ) -> Result<SignInSettings, Error> {
        let wanted = checked(wanted)?;
        if let Err(why) = self.exchange.look(&wanted.issuer).await {
            let why = format!("does not answer as an OpenID Connect issuer ({why})");
            return Err(Error::invalid("issuer", why));
        }
        let mut change = self.people.changes.begin_for(by).await?;
        still_owner(&change, by).await?;
        let before = rows::of_workspace(change.tx(), by.workspace().as_str()).await?;
        let row = self.merged(by, before.as_ref(), &wanted)?;
        rows::put(change.tx(), &row).await?;
        // What is under way was begun with other settings.
        openid_attempts::forget(change.tx(), &row.id).await?;
        let secret = if wanted.client_secret.is_some() { "set" } else { "kept" };
        let entry = Entry::new(by.actor(), Action::SignInProviderSet, target(&row));
        let entry = Entry { before: before.as_ref().map(audited), ..entry };
        let mut after = audited(&row);
        after["clientSecret"] = json!(secret);
        change.audit(by.workspace(), entry.after(after)).await?;
        told(&mut change, by, format!("sign-in by {}", row.name)).await?;
        change.commit().await?;
        Ok(self.shown(Some(row)))
    }

    /// Removes it: nobody signs in by it any more. Who is signed in stays so.
    pub async fn remove(&self, by: &Granted<Own>) -> Result<(), Error> {
        let mut change = self.people.changes.begin_for(by).await?;
        still_owner(&change, by).await?;
        let row = rows::of_workspace(change.tx(), by.workspace().as_str()).await?;
        let row = row.ok_or(Error::NotFound("sign-in service"))?;
        rows::delete(change.tx(), &row.id).await?;
        let entry = Entry::new(by.actor(), Action::SignInProviderRemove, target(&row));
        change.audit(by.workspace(), entry.before(audited(&row))).await?;
        told(&mut change, by, format!("no sign-in by {} any more", row.name)).await?;
        change.commit().await
    }

    fn merged(
        &self,
        by: &Granted<Own>,
        before: Option<&rows::Model>,
        wanted: &SignInProviderChange,
    ) -> Result<rows::Model, Error> {
        let id = before.map_or_else(|| IdentityProviderId::generate().to_string(), |row| row.id.clone());
        let same = before.filter(|row| row.issuer == wanted.issuer && row.client_id == wanted.client_id);
        let sealed = match (&wanted.client_secret, same) {
            (Some(secret), _) => self.people.secrets.seal(&secret_purpose(&id), secret)?,
            (None, Some(row)) => row.client_secret_sealed.clone(),
            // Else the secret could be had by naming an issuer of one's own.
            (None, None) => {
                return Err(Error::invalid("clientSecret", "is needed for a new issuer or client id"));
            }
        };
        let now = Timestamp::now().as_millis();
        Ok(rows::Model {
            id,
            workspace_id: by.workspace().to_string(),
            name: wanted.name.clone(),
            issuer: wanted.issuer.clone(),
            client_id: wanted.client_id.clone(),
            client_secret_sealed: sealed,
            allowed_domains: json!(wanted.allowed_domains).to_string(),
            default_role: wanted.default_role.role().as_str().to_owned(),
            create_accounts: i64::from(wanted.create_accounts),
            created_at: before.map_or(now, |row| row.created_at),
            updated_at: now,
        })
    }

    fn shown(&self, row: Option<rows::Model>) -> SignInSettings {
        SignInSettings { redirect_url: self.exchange.redirect().to_owned(), provider: row.map(view) }
    }
}

/// Settings as they are kept.
fn checked(wanted: SignInProviderChange) -> Result<SignInProviderChange, Error> {
    let client_id = wanted.client_id.trim().to_owned();
    if client_id.is_empty() || client_id.len() > MAX_CLIENT_TEXT || client_id.chars().any(char::is_control) {
        return Err(Error::invalid("clientId", "must be 1 to 512 printable characters"));
    }
    let secret = wanted.client_secret.as_ref().map(|secret| secret.expose_secret());
    if secret.is_some_and(|text| {
        text.is_empty() || text.len() > MAX_CLIENT_TEXT || text.chars().any(char::is_control)
    }) {
        return Err(Error::invalid("clientSecret", "must be 1 to 512 printable characters"));
    }
    if wanted.allowed_domains.len() > MAX_DOMAINS {
        return Err(Error::invalid("allowedDomains", format!("must be {MAX_DOMAINS} or fewer")));
    }
    let domains: Option<Vec<_>> =
        wanted.allowed_domains.iter().map(|text| admission::check_domain(text)).collect();
    let mut domains =
        domains.ok_or_else(|| Error::invalid("allowedDomains", "must be domains, such as company.com"))?;
    domains.sort();
    domains.dedup();
    if wanted.create_accounts && domains.is_empty() {
        let why = "must name a domain: else whoever has an account at the service would get one here";
        return Err(Error::invalid("allowedDomains", why));
    }
    Ok(SignInProviderChange {
        name: check_text("name", &wanted.name)?,
        issuer: exchange::check_issuer(&wanted.issuer).map_err(|why| Error::invalid("issuer", why))?,
        client_id,
        allowed_domains: domains,
        ..wanted
    })
}

/// They may have lost their role since they were let in: the issuer was asked meanwhile.
async fn still_owner(change: &Change, by: &Granted<Own>) -> Result<(), Error> {
    if reach(change, by.person()).await? == Role::Owner {
        return Ok(());
    }
    Err(Error::Denied("only an owner changes how people sign in".to_owned()))
}

async fn told(change: &mut Change, by: &Granted<Own>, detail: String) -> Result<(), Error> {
    let about = About { actor: Some(by.by()), detail: Some(detail), ..About::default() };
    activity::record(change, by.workspace(), ActivityKind::SettingsChanged, about).await
}

fn view(row: rows::Model) -> SignInProvider {
    let member = row.default_role == Role::Member.as_str();
    SignInProvider {
        id: row.id,
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        allowed_domains: admission::domains(&row.allowed_domains),
        default_role: if member { DefaultRole::Member } else { DefaultRole::Viewer },
        create_accounts: row.create_accounts != 0,
        updated_at: Timestamp::from_millis(row.updated_at),
    }
}

/// What the audit log keeps of it: no secret.
fn audited(row: &rows::Model) -> Value {
    json!({
        "name": row.name,
        "issuer": row.issuer,
        "clientId": row.client_id,
        "allowedDomains": admission::domains(&row.allowed_domains),
        "defaultRole": row.default_role,
        "createAccounts": row.create_accounts != 0,
    })
}
