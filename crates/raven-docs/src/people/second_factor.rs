//! The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.
//!
//! Owns enrolment and the check of a code. The seed is sealed; each code and each recovery code is good once.
//! Must not know when a second factor is asked for (see `sign_in`).

use anyhow::{Context as _, anyhow};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};

use super::lockout::{Failed, Standing};
use super::sign_in::failed;
use super::{People, named};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Person;
use crate::db::second_factors as rows;
use crate::db::users;
use crate::error::{Conflict, Error};
use crate::events::Change;
use crate::secrets;

/// Bytes of a seed, as the standard recommends.
const SEED: usize = 20;

/// Recovery codes of an account: enough for some lost telephones, few enough to write down.
const RECOVERY_CODES: usize = 10;

/// Who asks, as an authenticator app shows it.
const ISSUER: &str = "Raven";

/// What a seed is sealed for.
pub fn seed_purpose(user: &str) -> String {
    format!("second factor of {user}")
}

/// A proof that whoever asks knows the password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithPassword {
    #[schema(value_type = String)]
    pub password: SecretString,
}

/// The same, and a code of the second factor.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithPasswordAndCode {
    #[schema(value_type = String)]
    pub password: SecretString,
    /// Six digits, or a recovery code.
    #[schema(value_type = String)]
    pub code: SecretString,
}

/// The first code of a second factor.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstCode {
    #[schema(value_type = String)]
    pub code: SecretString,
}

/// A seed for an authenticator app, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// In base 32, to be typed.
    pub secret: String,
    /// The same as a link, to be shown as a picture.
    pub otpauth_url: String,
}

/// Recovery codes, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

/// What a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Factor {
    /// The account has no second factor.
    Off,
    Missing,
    Right,
    Wrong,
}

impl People {
    /// Makes a new seed, which counts once a first code has confirmed it.
    pub async fn begin_second_factor(
        &self,
        person: &Person,
        proof: WithPassword,
    ) -> Result<Enrolment, Error> {
        let user = self.confirm_password(person, "password", proof.password).await?;
        let seed = Secret::new_stack(rand::random::<[u8; SEED]>());
        let secret = seed.to_base32();
        let otpauth_url =
            totp(seed, &user.email)?.to_url().map_err(|error| anyhow!("no address: {error}"))?;
        let mut change = self.changes.begin_for(person).await?;
        if rows::in_force(change.tx(), &user.id).await?.is_some() {
            return Err(already_on());
        }
        let row = rows::Model {
            seed_sealed: self.secrets.seal(&seed_purpose(&user.id), &secret.clone().into())?,
            created_at: Timestamp::now().as_millis(),
            confirmed_at: None,
            last_step: 0,
            user_id: user.id,
        };
        rows::begin(change.tx(), &row).await?;
        recorded(&mut change, person, Action::SecondFactorBegin).await?;
        change.commit().await?;
        Ok(Enrolment { secret, otpauth_url })
    }

    /// Puts it in force with its first code; answers the recovery codes.
    pub async fn confirm_second_factor(
        &self,
        person: &Person,
        first: FirstCode,
    ) -> Result<RecoveryCodes, Error> {
        self.limit("second factor")?;
        let mut change = self.changes.begin_for(person).await?;
        let row = rows::find(change.tx(), person.id.as_str()).await?.ok_or_else(not_on)?;
        if row.confirmed_at.is_some() {
            return Err(already_on());
        }
        let Some(step) = self.step_of(&row, first.code.expose_secret())? else {
            return Err(Error::invalid("code", "is wrong: look at the app again, and at the device's clock"));
        };
        rows::take_step(change.tx(), &row.user_id, step).await?;
        rows::confirm(change.tx(), &row.user_id, Timestamp::now()).await?;
        let codes = new_codes(&change, &row.user_id).await?;
        recorded(&mut change, person, Action::SecondFactorEnable).await?;
        change.commit().await?;
        Ok(codes)
    }

    /// Removes it.
    pub async fn disable_second_factor(
        &self,
        person: &Person,
        proof: WithPasswordAndCode,
    ) -> Result<(), Error> {
        let mut change = self.with_code(person, proof).await?;
        rows::delete(change.tx(), person.id.as_str()).await?;
        recorded(&mut change, person, Action::SecondFactorDisable).await?;
        change.commit().await
    }

    /// Puts new recovery codes in the place of what is left.
    pub async fn renew_recovery_codes(
        &self,
        person: &Person,
        proof: WithPasswordAndCode,
    ) -> Result<RecoveryCodes, Error> {
        let mut change = self.with_code(person, proof).await?;
        let codes = new_codes(&change, person.id.as_str()).await?;
        recorded(&mut change, person, Action::RecoveryCodeRenew).await?;
        change.commit().await?;
        Ok(codes)
    }

    /// A change that a right password and code have begun. A wrong code counts to the lock-out.
    async fn with_code(&self, person: &Person, proof: WithPasswordAndCode) -> Result<Change, Error> {
        let user = self.confirm_password(person, "password", proof.password).await?;
        let mut change = self.changes.begin_for(person).await?;
        match self.check_factor(&mut change, &user.id, Some(&proof.code)).await? {
            Factor::Right => Ok(change),
            Factor::Off => Err(not_on()),
            Factor::Missing => Err(Error::invalid("code", "is needed")),
            Factor::Wrong => {
                let standing = Standing::find(change.tx(), &user.id).await?;
                standing.keep_failure(change.tx(), Failed::Code).await?;
                failed(&mut change, Some(&user), "code").await?;
                change.commit().await?;
                Err(Error::invalid("code", "is wrong, or was used before"))
            }
        }
    }

    /// Whether a code is the account's, and uses it up as part of the change.
    pub(super) async fn check_factor(
        &self,
        change: &mut Change,
        user: &str,
        code: Option<&SecretString>,
    ) -> Result<Factor, Error> {
        let Some(row) = rows::in_force(change.tx(), user).await? else { return Ok(Factor::Off) };
        let Some(code) = code.map(|code| code.expose_secret().trim()).filter(|code| !code.is_empty()) else {
            return Ok(Factor::Missing);
        };
        if let Some(step) = self.step_of(&row, code)? {
            let fresh = rows::take_step(change.tx(), user, step).await?;
            return Ok(if fresh { Factor::Right } else { Factor::Wrong });
        }
        if !rows::use_recovery_code(change.tx(), user, &recovery_digest(code)).await? {
            return Ok(Factor::Wrong);
        }
        let row = users::find(change.tx(), user).await?.ok_or(Error::Unauthenticated)?;
        let target = Target::named("user", &named(&row));
        let left = rows::count_recovery_codes(change.tx(), user).await?;
        let entry = Entry::new(Actor::user(named(&row)), Action::RecoveryCodeUse, target);
        change.audit_server(entry.after(serde_json::json!({ "left": left }))).await?;
        Ok(Factor::Right)
    }

    /// The step whose code this is, now or a moment ago.
    fn step_of(&self, row: &rows::Model, code: &str) -> Result<Option<i64>, Error> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(None);
        }
        let seed = self.secrets.unseal(&seed_purpose(&row.user_id), &row.seed_sealed)?;
        let seed =
            Secret::try_from_base32(seed.expose_secret()).map_err(|_| anyhow!("a seed is not base 32"))?;
        let now =
            u64::try_from(Timestamp::now().as_millis() / 1000).context("the clock stands before 1970")?;
        let step = totp(seed, "")?.check(&digits, now);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }
}

/// The generator of a seed: SHA-1, six digits, 30 seconds, the one that every app knows.
fn totp(seed: Secret, account: &str) -> Result<Totp, Error> {
    // A colon would part issuer and account.
    let account = account.replace(':', " ");
    let built = Builder::new().with_secret(seed).with_issuer(Some(ISSUER)).with_account_name(account).build();
    Ok(built.map_err(|error| anyhow!("a seed cannot be used: {error}"))?)
}

async fn new_codes(change: &Change, user: &str) -> Result<RecoveryCodes, Error> {
    let codes: Vec<String> = std::iter::repeat_with(secrets::recovery_code).take(RECOVERY_CODES).collect();
    rows::set_recovery_codes(change.tx(), user, codes.iter().map(|code| recovery_digest(code))).await?;
    Ok(RecoveryCodes { recovery_codes: codes })
}

/// The digest of a recovery code, however it is typed.
fn recovery_digest(code: &str) -> String {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    secrets::digest(&letters.to_uppercase())
}

async fn recorded(change: &mut Change, person: &Person, action: Action) -> Result<(), Error> {
    let target = Target::named("user", &person.named());
    change.audit_server(Entry::new(Actor::user(person.named()), action, target)).await
}

fn already_on() -> Error {
    let detail = "this account has a second factor; remove it first to set up another".to_owned();
    Error::Conflict { code: Conflict::SecondFactorOn, detail }
}

fn not_on() -> Error {
    let detail = "this account has no second factor; set one up first".to_owned();
    Error::Conflict { code: Conflict::SecondFactorOff, detail }
}
