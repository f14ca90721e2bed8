//! One's own identities at other services: listing them, and disconnecting one.
//!
//! Owns what is shown of them. Must not know how one is connected.

use raven_protocol::id::{ConnectionId, IdentityProviderId};
use raven_protocol::time::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::OpenId;
use super::providers::SignInChoice;
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Person;
use crate::db::{identities as rows, identity_providers, memberships};
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::people::second_factor::WithPassword;

/// An identity that signs one in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub id: String,
    pub issuer: String,
    /// As the service said when it was connected.
    pub email: Option<String>,
    pub connected_at: Timestamp,
    pub last_used_at: Timestamp,
}

/// One's identities, and the services of one's workspaces that one may be connected with.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connections {
    pub items: Vec<Connection>,
    /// Pass as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
    pub available: Vec<SignInChoice>,
}

/// The service to connect with, and the proof that whoever asks knows the password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConnection {
    pub provider_id: IdentityProviderId,
    #[schema(value_type = String)]
    pub password: SecretString,
}

impl OpenId {
    /// A person's identities, newest first.
    pub async fn connections(&self, person: &Person, page: PageQuery) -> Result<Connections, Error> {
        let (limit, db) = (page.limit()?, self.people.db.read());
        let rows = rows::page(db, person.id.as_str(), page.cursor.as_deref(), limit + 1).await?;
        let Page { items, next_cursor } = Page::of(rows, limit, |row| &row.id, |row| Ok(view(row)))?;
        let theirs = memberships::of_user(db, person.id.as_str()).await?;
        let of = identity_providers::of_workspaces(db, theirs.into_iter().map(|row| row.workspace_id));
        let available =
            of.await?.into_iter().map(|row| SignInChoice { id: row.id, name: row.name }).collect();
        Ok(Connections { items, next_cursor, available })
    }

    /// Disconnects one. The password is asked for, which also keeps whoever has none from locking themselves out.
    pub async fn disconnect(
        &self,
        person: &Person,
        id: &ConnectionId,
        proof: WithPassword,
    ) -> Result<(), Error> {
        self.people.confirm_password(person, "password", proof.password).await?;
        let mut change = self.people.changes.begin_for(person).await?;
        let gone = rows::delete(change.tx(), person.id.as_str(), id.as_str()).await?;
        let gone = gone.ok_or(Error::NotFound("connection"))?;
        let target = Target::named("user", &person.named());
        let entry = Entry::new(Actor::user(person.named()), Action::IdentityDisconnect, target);
        change.audit_server(entry.before(json!({ "connection": gone.id, "issuer": gone.issuer }))).await?;
        change.commit().await
    }
}

fn view(row: rows::Model) -> Connection {
    Connection {
        id: row.id,
        issuer: row.issuer,
        email: row.email,
        connected_at: Timestamp::from_millis(row.connected_at),
        last_used_at: Timestamp::from_millis(row.last_used_at),
    }
}
