//! Requests that a client repeats: one with an `Idempotency-Key` makes what it asks for once.
//!
//! Owns what such a key is, and which request has made what; it is kept in the change that makes it. Must not know
//! what is made.

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use serde::Serialize;

use crate::access::Granted;
use crate::db::repeats as rows;
use crate::error::Error;
use crate::events::Change;
use crate::secrets;

/// How long a request may be repeated: longer than any client tries again by itself.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What a client chose to repeat a request with: the same key asks for the same thing.
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes a key as given.
    ///
    /// # Errors
    /// `Invalid` unless it is 1 to 255 printable ASCII characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() || text.len() > 255 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid("Idempotency-Key", "must be 1 to 255 printable ASCII characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// One person's key says nothing about another's.
    pub(crate) fn digest<P>(&self, by: &Granted<P>) -> String {
        secrets::digest(&format!("{} {} {}", by.workspace(), by.by().id, self.0))
    }
}

/// A request that may be repeated.
pub struct Repeatable {
    workspace: WorkspaceId,
    noun: &'static str,
    key: String,
    content: String,
}

impl Repeatable {
    /// A request for a thing of this kind, if it has a key.
    pub fn of<P>(
        by: &Granted<P>,
        key: Option<IdempotencyKey>,
        (noun, wanted): (&'static str, &impl Serialize),
    ) -> Result<Option<Self>, Error> {
        let Some(key) = key else { return Ok(None) };
        let content = serde_json::to_string(wanted).map_err(anyhow::Error::from)?;
        let content = secrets::digest(&content);
        Ok(Some(Self { workspace: by.workspace().clone(), noun, key: key.digest(by), content }))
    }
}

/// The id of what this request has made before.
///
/// # Errors
/// `Invalid` when its key was used to ask for something else.
pub async fn made(change: &Change, request: Option<&Repeatable>) -> Result<Option<String>, Error> {
    let Some(request) = request else { return Ok(None) };
    let Some(row) = rows::find(change.tx(), request.noun, &request.key).await? else { return Ok(None) };
    if row.content_digest != request.content {
        let why = format!("was used for another {}; choose a new one", request.noun);
        return Err(Error::invalid("Idempotency-Key", why));
    }
    Ok(Some(row.made_id))
}

/// Keeps what this request has made, in the change that makes it.
pub async fn keep(change: &Change, request: Option<Repeatable>, id: &str) -> Result<(), Error> {
    let Some(request) = request else { return Ok(()) };
    let now = Timestamp::now().as_millis();
    let row = rows::Model {
        noun: request.noun.to_owned(),
        key_digest: request.key,
        workspace_id: request.workspace.to_string(),
        content_digest: request.content,
        made_id: id.to_owned(),
        created_at: now,
    };
    rows::insert(change.tx(), &row).await?;
    rows::delete_before(change.tx(), now - KEPT_MS).await?;
    Ok(())
}
