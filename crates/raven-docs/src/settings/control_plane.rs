//! Which control plane outside a workspace has, after a change of its settings.
//!
//! Owns what its address and key may be. Must not know what is sent there (see `parallax`).

use raven_protocol::id::WorkspaceId;
use secrecy::{ExposeSecret as _, SecretString};

use super::{SettingsChange, check_endpoint, check_key, origin, rows};
use crate::auth::{AGENT_KEY, PERSONAL_TOKEN, control_plane_key_digest, runtime_key_digest};
use crate::error::Error;
use crate::events::Change;
use crate::notifications::post::is_sendable;
use crate::parallax::key_purpose;
use crate::secrets::Secrets;

/// Fewest bytes of a key: who has it gives agents work.
const MIN_KEY: usize = 16;

/// What of the control plane is stored after a change.
///
/// # Errors
/// `Invalid` for an address or a key that cannot be used.
pub(super) async fn merged(
    change: &Change,
    secrets: &Secrets,
    (workspace, before): (&WorkspaceId, &rows::Model),
    wanted: &SettingsChange,
) -> Result<rows::ControlPlane, Error> {
    let mut after = rows::ControlPlane {
        url: before.control_plane_url.clone(),
        key_sealed: before.control_plane_key_sealed.clone(),
        key_digest: before.control_plane_key_digest.clone(),
    };
    if let Some(url) = &wanted.control_plane_url {
        let given = url.as_deref().filter(|text| !text.trim().is_empty());
        if before.control_plane_url.is_some() && given.map(origin) != after.url.as_deref().map(origin) {
            // A stored key is for the control plane it was entered for: it must not be carried elsewhere.
            (after.key_sealed, after.key_digest) = (None, None);
        }
        after.url = given.map(checked).transpose()?;
    }
    if let Some(key) = &wanted.control_plane_key {
        (after.key_sealed, after.key_digest) = match key {
            Some(key) => {
                let digest = check(change, secrets, (workspace, before), key).await?;
                (Some(secrets.seal(&key_purpose(workspace), key)?), Some(digest))
            }
            None => (None, None),
        };
    }
    Ok(after)
}

fn checked(text: &str) -> Result<String, Error> {
    let url = check_endpoint("controlPlaneUrl", text)?;
    if !is_sendable(&url) {
        let why = "must not be a link-local, metadata, multicast or unspecified address";
        return Err(Error::invalid("controlPlaneUrl", why));
    }
    Ok(url.into())
}

/// A key says which workspace its holder speaks for, and that it is a control plane: it must be like no other.
async fn check(
    change: &Change,
    secrets: &Secrets,
    (workspace, before): (&WorkspaceId, &rows::Model),
    key: &SecretString,
) -> Result<String, Error> {
    const FIELD: &str = "controlPlaneKey";
    let text = key.expose_secret();
    check_key(FIELD, text)?;
    if text.len() < MIN_KEY {
        return Err(Error::invalid(
            FIELD,
            format!("must be at least {MIN_KEY} characters: make it at random"),
        ));
    }
    let of_runtime = runtime_key_digest(secrets, key)?;
    if before.runtime_key_digest.as_ref() == Some(&of_runtime)
        || text.starts_with(AGENT_KEY)
        || text.starts_with(PERSONAL_TOKEN)
    {
        let why = "must be a key of its own: not the runtime's, an agent's or a person's";
        return Err(Error::invalid(FIELD, why));
    }
    let digest = control_plane_key_digest(secrets, key)?;
    match rows::by_control_plane_key(change.tx(), &digest).await? {
        Some(row) if row.workspace_id != workspace.as_str() => {
            Err(Error::invalid(FIELD, "is in use: each workspace needs a key of its own"))
        }
        _ => Ok(digest),
    }
}

/// What changed of it, in words.
pub(super) fn difference(before: &rows::Model, after: &rows::Model) -> Vec<String> {
    let mut words = Vec::new();
    if before.control_plane_url != after.control_plane_url {
        let now = after.control_plane_url.as_deref().unwrap_or("not set");
        words.push(format!("control plane is now {now}"));
    }
    if before.control_plane_key_digest != after.control_plane_key_digest {
        let what = if after.control_plane_key_digest.is_some() { "replaced" } else { "removed" };
        words.push(format!("control plane's key {what}"));
    }
    words
}
