//! Personal tokens: for scripts, each for one workspace, bounded by scopes and by time.
//!
//! Owns who may make which. A token makes none that is stronger or lives longer than itself. Must not know how
//! one is recognised (see `auth`).

use raven_protocol::id::{TokenId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{People, check_text};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{PERSONAL_TOKEN, Person, Proof, Role, Scope};
use crate::db::tokens as rows;
use crate::error::Error;
use crate::events::Change;
use crate::page::{Page, PageQuery};
use crate::secrets;

/// Longest life of a token that expires, in days: ten years.
const MAX_DAYS: u32 = 3650;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A token to be made.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may be used for; whatever its person may, unless said.
    pub scopes: Option<Vec<Scope>>,
    /// 1 to 3650; for ever unless said.
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<u32>,
}

/// A personal token, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: String,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

/// Whose token, of which workspace, and the bounds of whoever makes it.
pub(super) struct Maker {
    pub user: UserId,
    pub workspace: WorkspaceId,
    pub actor: Actor,
    pub most: Role,
    pub expires_at: Option<Timestamp>,
}

impl People {
    /// Makes a personal token; its secret is shown this once.
    ///
    /// # Errors
    /// `Denied` when a token asks for more than it has.
    pub async fn create_token(
        &self,
        person: &Person,
        by: &Proof,
        new: NewToken,
    ) -> Result<(Token, SecretString), Error> {
        let (most, expires_at) = match by {
            Proof::Cookie(_) => (Role::Owner, None),
            Proof::Token { most, expires_at } => (*most, *expires_at),
        };
        let maker = Maker {
            user: person.id.clone(),
            workspace: person.workspace.clone(),
            actor: Actor::user(person.named()),
            most,
            expires_at,
        };
        let mut change = self.changes.begin_for(person).await?;
        let made = make(&mut change, maker, new).await?;
        change.commit().await?;
        Ok(made)
    }

    /// A person's own tokens of the workspace.
    pub async fn tokens(&self, person: &Person, page: PageQuery) -> Result<Page<Token>, Error> {
        let (limit, before) = (page.limit()?, page.cursor.as_deref());
        let rows = rows::page(self.db.read(), &person.workspace, &person.id, before, limit + 1).await?;
        Page::of(rows, limit, |row| &row.id, view)
    }

    /// Revokes one of a person's own tokens.
    pub async fn revoke_token(&self, person: &Person, by: &Proof, id: &TokenId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(person).await?;
        let row = rows::find(change.tx(), &person.workspace, &person.id, id).await?;
        let row = row.ok_or(Error::NotFound("token"))?;
        if let Proof::Token { most, .. } = by
            && Scope::most(&Scope::of_row(&row.scopes)?) > *most
        {
            let hint = "a token may not revoke one that is stronger than itself; use the web UI";
            return Err(Error::Denied(hint.to_owned()));
        }
        rows::delete(change.tx(), &row.id).await?;
        let actor = Actor::user(person.named());
        let entry = Entry::new(actor, Action::TokenRevoke, target(&row)).before(kept(&row));
        change.audit(&person.workspace, entry).await?;
        change.commit().await
    }
}

/// Makes a token as part of a change.
pub(super) async fn make(
    change: &mut Change,
    maker: Maker,
    new: NewToken,
) -> Result<(Token, SecretString), Error> {
    let (scopes, now) = (scopes(&new, maker.most)?, Timestamp::now());
    let expires_at = expiry(&new, maker.expires_at, now)?;
    let secret = secrets::generate(PERSONAL_TOKEN);
    let row = rows::Model {
        id: TokenId::generate().to_string(),
        user_id: maker.user.to_string(),
        workspace_id: Some(maker.workspace.to_string()),
        name: check_text("name", &new.name)?,
        secret_digest: secrets::digest(secret.expose_secret()),
        scopes: json!(scopes).to_string(),
        created_at: now.as_millis(),
        last_used_at: None,
        expires_at: expires_at.map(Timestamp::as_millis),
    };
    rows::insert(change.tx(), row.clone()).await?;
    let entry = Entry::new(maker.actor, Action::TokenCreate, target(&row)).after(kept(&row));
    change.audit(&maker.workspace, entry).await?;
    Ok((view(row)?, secret))
}

fn scopes(new: &NewToken, most: Role) -> Result<Vec<Scope>, Error> {
    let mut scopes = new.scopes.clone().unwrap_or_else(|| vec![Scope::up_to(most)]);
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Error::invalid("scopes", "must name at least one of read, drive, admin, owner"));
    }
    if Scope::most(&scopes) > most {
        let hint = "a token may not make one that is stronger than itself; sign in to make it";
        return Err(Error::Denied(hint.to_owned()));
    }
    Ok(scopes)
}

fn expiry(new: &NewToken, most: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let Some(days) = new.expires_in_days else { return Ok(most) };
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(Error::invalid("expiresInDays", format!("must be 1 to {MAX_DAYS}")));
    }
    let wanted = Timestamp::from_millis(now.as_millis() + i64::from(days) * DAY_MS);
    match most {
        Some(most) if wanted.as_millis() > most.as_millis() => {
            let hint = "a token may not make one that lives longer than itself; sign in to make it";
            Err(Error::Denied(hint.to_owned()))
        }
        _ => Ok(Some(wanted)),
    }
}

fn target(row: &rows::Model) -> Target {
    Target { name: Some(row.name.clone()), ..Target::new("token", row.id.as_str()) }
}

fn kept(row: &rows::Model) -> serde_json::Value {
    json!({ "owner": row.user_id, "scopes": row.scopes, "expiresAt": row.expires_at.map(Timestamp::from_millis) })
}

fn view(row: rows::Model) -> Result<Token, Error> {
    Ok(Token {
        scopes: Scope::of_row(&row.scopes)?,
        id: row.id,
        name: row.name,
        created_at: Timestamp::from_millis(row.created_at),
        last_used_at: row.last_used_at.map(Timestamp::from_millis),
        expires_at: row.expires_at.map(Timestamp::from_millis),
    })
}
