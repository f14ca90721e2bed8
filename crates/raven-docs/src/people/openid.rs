//! Signing in by OpenID Connect: another service vouches for somebody, and their browser is signed in.
//!
//! Owns the attempt from its start to its one answer, and which account it is for: that of an issuer's subject,
//! never that of an address. Must not know how a cookie travels, nor the protocol (see `exchange`).

use raven_protocol::id::{ConnectionId, IdentityProviderId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::second_factor::WithPassword;
use super::sign_in::{How, Method, unknown_hash};
use super::{NewAccount, People, add_member, insert};
use crate::audit::{Action, Actor, Entry, Outcome, Target};
use crate::auth::{Named, Person, Role};
use crate::db::{identities, identity_providers, memberships, openid_attempts as attempts, users};
use crate::error::{Error, SignInRefusal};
use crate::events::Change;
use crate::secrets;

mod admission;
pub mod connections;
mod exchange;
pub mod providers;

use exchange::{Exchange, Registration, Return, Unusable, Vouched, Way};

/// How long somebody may take at a provider: with a password to look up, and a second factor.
pub const ATTEMPT_SECONDS: i64 = 10 * 60;

/// Attempts under way at one provider; beyond it the oldest ends, so that a flood shuts nobody out.
const MAX_ATTEMPTS: u64 = 1000;

/// Sign-in by other services.
#[derive(Clone)]
pub struct OpenId {
    people: People,
    exchange: Exchange,
}

/// An attempt that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub location: String,
    /// What the browser keeps until it is back.
    pub browser: SecretString,
}

/// What a provider sends a browser back with.
pub struct Callback {
    pub state: String,
    /// Absent when the provider declined.
    pub code: Option<SecretString>,
    /// The issuer, by providers that say so (RFC 9207).
    pub issuer: Option<String>,
}

/// The browser that is back.
pub struct Back {
    /// What it kept.
    pub kept: Option<SecretString>,
    pub user_agent: Option<String>,
    pub signed_in: Option<Person>,
}

/// What an attempt came to.
pub enum Finished {
    /// The secret of a cookie that signs in.
    SignedIn(SecretString),
    Connected,
}

impl OpenId {
    /// `public_url` is where browsers reach this server.
    pub fn new(people: People, public_url: &str) -> anyhow::Result<Self> {
        let redirect = format!("{}/api/auth/oidc/callback", public_url.trim_end_matches('/'));
        Ok(Self { people, exchange: Exchange::new(redirect)? })
    }

    /// Begins a sign-in.
    pub async fn start(&self, provider: &IdentityProviderId) -> Result<Begun, Error> {
        self.people.limit("openid")?;
        let row = identity_providers::find(self.people.db.read(), provider.as_str()).await?;
        self.begin(row.ok_or(Error::NotFound("sign-in service"))?, None).await
    }

    /// Begins to connect somebody's account. Their password is asked for, as this opens a second door to it.
    pub async fn connect(
        &self,
        person: &Person,
        provider: &IdentityProviderId,
        proof: WithPassword,
    ) -> Result<Begun, Error> {
        let row = identity_providers::find(self.people.db.read(), provider.as_str()).await?;
        let row = row.ok_or(Error::NotFound("sign-in service"))?;
        let member = memberships::find(self.people.db.read(), &row.workspace_id, person.id.as_str()).await?;
        member.ok_or(Error::NotFound("sign-in service"))?;
        self.people.confirm_password(person, "password", proof.password).await?;
        self.begin(row, Some(&person.id)).await
    }

    async fn begin(&self, row: identity_providers::Model, user: Option<&UserId>) -> Result<Begun, Error> {
        let way = self.exchange.way(&self.registration(&row)?).await;
        let way = way.map_err(|why| unusable(&row, &why))?;
        let browser = secrets::generate("raven_openid_");
        let attempt = self.attempt(&row, &way, &browser, user)?;
        let change = self.people.changes.begin().await?;
        if unchanged(&change, &row).await?.is_none() {
            return Err(Error::NotFound("sign-in service"));
        }
        attempts::insert(change.tx(), attempt, Timestamp::now(), MAX_ATTEMPTS).await?;
        change.commit().await?;
        Ok(Begun { location: way.location.into(), browser })
    }

    fn attempt(
        &self,
        row: &identity_providers::Model,
        way: &Way,
        browser: &SecretString,
        user: Option<&UserId>,
    ) -> Result<attempts::Model, Error> {
        let state_digest = secrets::digest(way.state.expose_secret());
        Ok(attempts::Model {
            browser_digest: secrets::digest(browser.expose_secret()),
            nonce_digest: secrets::digest(way.nonce.expose_secret()),
            verifier_sealed: self.people.secrets.seal(&verifier_purpose(&state_digest), &way.verifier)?,
            state_digest,
            provider_id: row.id.clone(),
            user_id: user.map(ToString::to_string),
            expires_at: Timestamp::now().as_millis() + ATTEMPT_SECONDS * 1000,
        })
    }

    /// Ends an attempt with what its browser brings back.
    ///
    /// # Errors
    /// `SignInRefused`, on record, with why.
    pub async fn finish(&self, callback: Callback, back: Back) -> Result<Finished, Error> {
        self.people.limit("openid callback")?;
        let mut provider = None;
        let ended = self.end(callback, back, &mut provider).await;
        if let Err(Error::SignInRefused(refusal)) = &ended {
            let mut change = self.people.changes.begin().await?;
            let at = provider.as_ref().map_or_else(|| Target::new("sign_in_provider", "unknown"), target);
            let why = json!({ "method": Method::OpenId.as_str(), "why": refusal.code() });
            let entry = Entry::new(Actor::anonymous(), Action::LoginFailed, at);
            change.audit_server(entry.after(why).outcome(Outcome::Refused)).await?;
            change.commit().await?;
        }
        ended
    }

    async fn end(
        &self,
        callback: Callback,
        back: Back,
        provider: &mut Option<identity_providers::Model>,
    ) -> Result<Finished, Error> {
        let (attempt, row) = self.take_up(&callback.state, back.kept.as_ref()).await?;
        let row = provider.insert(row);
        // A provider that says who it is must be the one that was asked.
        if callback.issuer.is_some_and(|issuer| issuer != row.issuer) {
            return Err(SignInRefusal::Stale.into());
        }
        let code = callback.code.ok_or(SignInRefusal::Declined)?;
        let verifier = verifier_purpose(&attempt.state_digest);
        let verifier = self.people.secrets.unseal(&verifier, &attempt.verifier_sealed)?;
        let brought = Return { code, nonce_digest: attempt.nonce_digest, verifier };
        let vouched = self.exchange.redeem(&self.registration(row)?, brought).await;
        let vouched = vouched.map_err(|why| unusable(row, &why))?;
        match attempt.user_id {
            None => self.admit(row, vouched, back.user_agent).await.map(Finished::SignedIn),
            Some(user) => {
                let person = back.signed_in.filter(|person| person.id.as_str() == user);
                let person = person.ok_or(SignInRefusal::Stale)?;
                self.keep_connection(row, vouched, &person).await?;
                Ok(Finished::Connected)
            }
        }
    }

    /// Takes an attempt up, once, for the browser that began it.
    async fn take_up(
        &self,
        state: &str,
        kept: Option<&SecretString>,
    ) -> Result<(attempts::Model, identity_providers::Model), Error> {
        let change = self.people.changes.begin().await?;
        let found = attempts::take(change.tx(), &secrets::digest(state)).await?;
        let row = match &found {
            Some(attempt) => identity_providers::find(change.tx(), &attempt.provider_id).await?,
            None => None,
        };
        change.commit().await?;
        let (Some(attempt), Some(row), Some(kept)) = (found, row, kept) else {
            return Err(SignInRefusal::Stale.into());
        };
        let good = attempt.expires_at > Timestamp::now().as_millis()
            && secrets::same(&secrets::digest(kept.expose_secret()), &attempt.browser_digest);
        if good { Ok((attempt, row)) } else { Err(SignInRefusal::Stale.into()) }
    }

    /// Signs in whom a provider vouches for; makes their account when they have none and the owners let them in.
    async fn admit(
        &self,
        at: &identity_providers::Model,
        vouched: Vouched,
        user_agent: Option<String>,
    ) -> Result<SecretString, Error> {
        let hash = self.people.off_thread(|| unknown_hash().to_owned()).await?;
        let mut change = self.people.changes.begin().await?;
        let at = unchanged(&change, at).await?.ok_or(SignInRefusal::Stale)?;
        let workspace = WorkspaceId::parse(at.workspace_id.as_str())?;
        let user = match identities::find(change.tx(), &vouched.issuer, &vouched.subject).await? {
            Some(known) => {
                identities::used(change.tx(), &known.id, Timestamp::now()).await?;
                known.user_id
            }
            None => newcomer(&mut change, &at, &workspace, vouched, hash).await?.to_string(),
        };
        let user = users::find(change.tx(), &user).await?.ok_or(Error::Unauthenticated)?;
        if memberships::find(change.tx(), workspace.as_str(), &user.id).await?.is_none() {
            return Err(SignInRefusal::NotMember.into());
        }
        let how = How { method: Method::OpenId, user_agent };
        let secret = self.people.sign_in_within(&mut change, &user, &workspace, how).await?;
        change.commit().await?;
        Ok(secret)
    }

    /// Connects an identity with the account of whoever is signed in.
    async fn keep_connection(
        &self,
        at: &identity_providers::Model,
        vouched: Vouched,
        person: &Person,
    ) -> Result<(), Error> {
        let mut change = self.people.changes.begin_for(person).await?;
        unchanged(&change, at).await?.ok_or(SignInRefusal::Stale)?;
        if let Some(known) = identities::find(change.tx(), &vouched.issuer, &vouched.subject).await? {
            return if known.user_id == person.id.as_str() {
                Ok(())
            } else {
                Err(SignInRefusal::ConnectedElsewhere.into())
            };
        }
        connected(&mut change, vouched, &person.named()).await?;
        change.commit().await
    }

    fn registration(&self, row: &identity_providers::Model) -> Result<Registration, Error> {
        let purpose = providers::secret_purpose(&row.id);
        Ok(Registration {
            issuer: row.issuer.clone(),
            client_id: row.client_id.clone(),
            client_secret: self.people.secrets.unseal(&purpose, &row.client_secret_sealed)?,
        })
    }
}

/// Makes an account for somebody new.
async fn newcomer(
    change: &mut Change,
    at: &identity_providers::Model,
    workspace: &WorkspaceId,
    vouched: Vouched,
    hash: String,
) -> Result<UserId, Error> {
    let new = admission::newcomer(at, &vouched)?;
    if users::by_email(change.tx(), &new.email).await?.is_some() {
        return Err(SignInRefusal::AccountExists.into());
    }
    let role = Role::from_str_opt(&at.default_role).filter(|role| *role <= Role::Member);
    let account = NewAccount { email: new.email, name: new.name, hash };
    let id = insert(change, &account).await?;
    let who = account.named(&id);
    add_member(change, workspace, &who, role.unwrap_or(Role::Viewer), None).await?;
    connected(change, vouched, &who).await?;
    Ok(id)
}

/// Keeps that an identity is an account's, on record.
async fn connected(change: &mut Change, vouched: Vouched, who: &Named) -> Result<(), Error> {
    let (id, now) = (ConnectionId::generate(), Timestamp::now().as_millis());
    let row = identities::Model {
        id: id.to_string(),
        issuer: vouched.issuer,
        subject: vouched.subject,
        user_id: who.id.clone(),
        email: vouched.email,
        connected_at: now,
        last_used_at: now,
    };
    identities::insert(change.tx(), &row).await?;
    let entry = Entry::new(Actor::user(who.clone()), Action::IdentityConnect, Target::named("user", who));
    change.audit_server(entry.after(json!({ "connection": id, "issuer": row.issuer }))).await
}

/// A provider as it was, if it still is so: meanwhile an owner may have changed or removed it.
async fn unchanged(
    change: &Change,
    was: &identity_providers::Model,
) -> Result<Option<identity_providers::Model>, Error> {
    let is = identity_providers::find(change.tx(), &was.id).await?;
    Ok(is.filter(|is| is.issuer == was.issuer && is.client_id == was.client_id))
}

fn unusable(row: &identity_providers::Model, why: &Unusable) -> Error {
    tracing::warn!(provider = row.id, issuer = row.issuer, %why, "a sign-in service cannot be used");
    SignInRefusal::ProviderUnusable.into()
}

fn target(row: &identity_providers::Model) -> Target {
    let of = Named { id: row.id.clone(), name: row.name.clone() };
    Target::named("sign_in_provider", &of)
}

/// What the proof key of an attempt is sealed for.
fn verifier_purpose(state_digest: &str) -> String {
    format!("verifier of the sign-in {state_digest}")
}
