//! A workspace's agent settings: where its runtime is, and how it is authenticated.
//!
//! Owns their rules. Must not know how a runtime is called (see `runtimes`).

use raven_protocol::id::WorkspaceId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::access::{Administer, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::runtime_key_digest;
use crate::db::{self, Db, settings as rows};
use crate::error::Error;
use crate::events::{Changes, WorkspaceEvent};
use crate::patch::present;
use crate::recordings::RecordInput;
use crate::runtimes::{HostingDefaults, RuntimeStatus, key_purpose};
use crate::secrets::Secrets;

mod control_plane;

/// Most days for which recordings are kept, unless they are kept for ever: ten years.
const MAX_RETENTION_DAYS: i64 = 3650;

/// Fewest days for which the audit log is kept: what was done must outlast a holiday of who looks.
const MIN_AUDIT_DAYS: i64 = 7;

/// Fewest days for which what is over is kept: agents and people come back to what was decided last month.
const MIN_HISTORY_DAYS: i64 = 30;

/// Most agents that a workspace may let run at once.
const MAX_AGENTS: i64 = 200;

/// Longest runtime key, in bytes.
const MAX_KEY: usize = 512;

/// Where agents run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostingMode {
    Local,
    Parallax,
    Custom,
}

/// How the runtime and we know each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuntimeAuthType {
    ApiKey,
    None,
}

impl HostingMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Parallax => "parallax",
            Self::Custom => "custom",
        }
    }

    fn from_row(text: &str) -> Self {
        [Self::Parallax, Self::Custom].into_iter().find(|mode| mode.as_str() == text).unwrap_or(Self::Local)
    }
}

impl RuntimeAuthType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::None => "none",
        }
    }

    pub fn from_row(text: &str) -> Self {
        if text == Self::None.as_str() { Self::None } else { Self::ApiKey }
    }
}

/// The settings as everybody in the workspace sees them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentSettings {
    pub hosting_mode: HostingMode,
    pub runtime_endpoint: Option<String>,
    pub runtime_auth_type: RuntimeAuthType,
    /// The first characters of the stored key's digest; the key itself is never shown.
    pub runtime_api_key_fingerprint: Option<String>,
    pub runtime_status: RuntimeStatus,
    /// What recordings hold of what people type.
    pub record_input: RecordInput,
    /// Days for which recordings are kept after their end; null keeps them.
    pub recording_retention_days: Option<i64>,
    /// Days for which the audit log keeps what was before and after.
    pub audit_detail_days: i64,
    /// Days for which the audit log keeps entries.
    pub audit_days: i64,
    /// Days for which the feed is kept, and requests, questions and assignments after their end.
    pub history_days: i64,
    /// Whether agents from outside may ask for access.
    pub allow_access_requests: bool,
    /// How many spawned agents may run at once.
    pub max_agents: i64,
    /// Where the control plane of the hosting mode `parallax` is.
    pub control_plane_url: Option<String>,
    /// The first characters of its key's digest; the key itself is never shown.
    pub control_plane_key_fingerprint: Option<String>,
}

/// A change of settings; what is absent stays.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsChange {
    pub hosting_mode: Option<HostingMode>,
    /// An `http` or `https` address; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub runtime_endpoint: Option<Option<String>>,
    pub runtime_auth_type: Option<RuntimeAuthType>,
    /// The shared secret, write-only; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub runtime_api_key: Option<Option<SecretString>>,
    pub record_input: Option<RecordInput>,
    /// 1 to 3650; null keeps recordings.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub recording_retention_days: Option<Option<i64>>,
    /// 7 to 3650, and at most `auditDays`.
    #[schema(minimum = 7, maximum = 3650)]
    pub audit_detail_days: Option<i64>,
    /// 7 to 3650.
    #[schema(minimum = 7, maximum = 3650)]
    pub audit_days: Option<i64>,
    /// 30 to 3650.
    #[schema(minimum = 30, maximum = 3650)]
    pub history_days: Option<i64>,
    pub allow_access_requests: Option<bool>,
    /// 1 to 200.
    #[schema(minimum = 1, maximum = 200)]
    pub max_agents: Option<i64>,
    /// Of the hosting mode `parallax`: an `http` or `https` address, under which decisions are pushed; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub control_plane_url: Option<Option<String>>,
    /// What we and the control plane prove ourselves with, write-only; null removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub control_plane_key: Option<Option<SecretString>>,
}

/// The settings of a workspace.
pub async fn get(db: &Db, by: &Granted<Read>) -> Result<AgentSettings, Error> {
    let row = db::settings::find(db.read(), by.workspace()).await?.ok_or(Error::NotFound("settings"))?;
    Ok(view(&row))
}

/// Gives workspaces whose settings name no runtime the one that the server was started with: those
/// that were made from the command line before its first start.
pub async fn seed(changes: &Changes, defaults: &HostingDefaults) -> Result<(), Error> {
    if defaults.endpoint.is_none() {
        return Ok(());
    }
    let mut change = changes.begin().await?;
    for before in rows::all(change.tx()).await?.into_iter().filter(|row| row.runtime_endpoint.is_none()) {
        let workspace = WorkspaceId::parse(before.workspace_id.as_str())?;
        rows::update(change.tx(), &workspace, defaults.hosting(&workspace)?, rows::Heard::Forget).await?;
        let after = rows::find(change.tx(), &workspace).await?.ok_or(Error::NotFound("settings"))?;
        let target = Target::new("settings", workspace.as_str());
        let entry = Entry::new(Actor::operator(), Action::SettingsChange, target);
        change.audit(&workspace, entry.before(audited(&before)).after(audited(&after))).await?;
    }
    change.commit().await
}

/// Changes the settings.
///
/// # Errors
/// `Invalid` for an address or key that cannot be used; nothing is changed then.
pub async fn update(
    changes: &Changes,
    secrets: &Secrets,
    by: &Granted<Administer>,
    wanted: SettingsChange,
) -> Result<AgentSettings, Error> {
    let workspace = by.workspace();
    let mut change = changes.begin_for(by).await?;
    let before = rows::find(change.tx(), workspace).await?.ok_or(Error::NotFound("settings"))?;
    let (input, days) = recording(&before, &wanted)?;
    rows::set_recording(change.tx(), workspace, input.as_str(), days).await?;
    let (detail_days, audit_days) = audit_retention(&before, &wanted)?;
    rows::set_audit(change.tx(), workspace, detail_days, audit_days).await?;
    rows::set_history(change.tx(), workspace, history_days(&before, &wanted)?).await?;
    rows::set_access(change.tx(), workspace, access_rules(&before, &wanted)?).await?;
    let plane = control_plane::merged(&change, secrets, (workspace, &before), &wanted).await?;
    rows::set_control_plane(change.tx(), workspace, plane).await?;
    let after = merged(secrets, workspace, &before, wanted)?;
    let moved = after.endpoint != before.runtime_endpoint;
    let heard = if moved { rows::Heard::Forget } else { rows::Heard::Keep };
    rows::update(change.tx(), workspace, after, heard).await?;
    let row = rows::find(change.tx(), workspace).await?.ok_or(Error::NotFound("settings"))?;
    let about = About { actor: Some(by.by()), detail: Some(difference(&before, &row)), ..About::default() };
    activity::record(&mut change, workspace, ActivityKind::SettingsChanged, about).await?;
    let target = Target::new("settings", workspace.as_str());
    let entry = Entry::new(by.actor(), Action::SettingsChange, target);
    change.audit(workspace, entry.before(audited(&before)).after(audited(&row))).await?;
    let view = view(&row);
    change.tell(workspace, WorkspaceEvent::RuntimeStatus(view.runtime_status.clone()));
    change.commit().await?;
    Ok(view)
}

/// What is recorded, and for how long, after a change.
fn recording(before: &rows::Model, wanted: &SettingsChange) -> Result<(RecordInput, Option<i64>), Error> {
    let input = wanted.record_input.unwrap_or(RecordInput::from_row(&before.record_input));
    let days = wanted.recording_retention_days.unwrap_or(before.recording_retention_days);
    if days.is_some_and(|days| !(1..=MAX_RETENTION_DAYS).contains(&days)) {
        let why = format!("must be 1 to {MAX_RETENTION_DAYS} days, or null to keep recordings");
        return Err(Error::invalid("recordingRetentionDays", why));
    }
    Ok((input, days))
}

/// For how long the audit log is kept, after a change.
fn audit_retention(before: &rows::Model, wanted: &SettingsChange) -> Result<(i64, i64), Error> {
    let detail_days = wanted.audit_detail_days.unwrap_or(before.audit_detail_days);
    let days = wanted.audit_days.unwrap_or(before.audit_days);
    for (field, days) in [("auditDetailDays", detail_days), ("auditDays", days)] {
        if !(MIN_AUDIT_DAYS..=MAX_RETENTION_DAYS).contains(&days) {
            let why = format!("must be {MIN_AUDIT_DAYS} to {MAX_RETENTION_DAYS} days");
            return Err(Error::invalid(field, why));
        }
    }
    if detail_days > days {
        return Err(Error::invalid(
            "auditDetailDays",
            "must be at most auditDays: details go with their entries",
        ));
    }
    Ok((detail_days, days))
}

/// For how long what is over is kept, after a change.
fn history_days(before: &rows::Model, wanted: &SettingsChange) -> Result<i64, Error> {
    let days = wanted.history_days.unwrap_or(before.history_days);
    if !(MIN_HISTORY_DAYS..=MAX_RETENTION_DAYS).contains(&days) {
        let why = format!("must be {MIN_HISTORY_DAYS} to {MAX_RETENTION_DAYS} days");
        return Err(Error::invalid("historyDays", why));
    }
    Ok(days)
}

/// Who is let in after a change, and how many may run.
fn access_rules(before: &rows::Model, wanted: &SettingsChange) -> Result<rows::AccessRules, Error> {
    let max_agents = wanted.max_agents.unwrap_or(before.max_agents);
    if !(1..=MAX_AGENTS).contains(&max_agents) {
        return Err(Error::invalid("maxAgents", format!("must be 1 to {MAX_AGENTS}, not {max_agents}")));
    }
    let allow_requests = wanted.allow_access_requests.unwrap_or(before.allow_access_requests);
    Ok(rows::AccessRules { allow_requests, max_agents })
}

fn merged(
    secrets: &Secrets,
    workspace: &WorkspaceId,
    before: &rows::Model,
    wanted: SettingsChange,
) -> Result<rows::Hosting, Error> {
    let mut after = rows::Hosting {
        mode: wanted
            .hosting_mode
            .map_or_else(|| before.hosting_mode.clone(), |mode| mode.as_str().to_owned()),
        endpoint: before.runtime_endpoint.clone(),
        auth_type: wanted
            .runtime_auth_type
            .map_or_else(|| before.runtime_auth_type.clone(), |kind| kind.as_str().to_owned()),
        key_sealed: before.runtime_key_sealed.clone(),
        key_digest: before.runtime_key_digest.clone(),
    };
    if let Some(endpoint) = wanted.runtime_endpoint {
        let given = endpoint.filter(|text| !text.trim().is_empty());
        let moved = given.as_deref().map(origin) != before.runtime_endpoint.as_deref().map(origin);
        if moved && before.runtime_endpoint.is_some() {
            // A stored key is for the runtime it was entered for: it must not be carried elsewhere.
            (after.key_sealed, after.key_digest) = (None, None);
        }
        after.endpoint =
            given.map(|text| check_endpoint("runtimeEndpoint", &text)).transpose()?.map(String::from);
    }
    if let Some(key) = wanted.runtime_api_key {
        (after.key_sealed, after.key_digest) = match key {
            Some(key) => {
                let (sealed, digest) = seal_key(secrets, workspace, &key)?;
                (Some(sealed), Some(digest))
            }
            None => (None, None),
        };
    }
    Ok(after)
}

/// Where an address leads, whatever its path; `None` when it is no address.
fn origin(address: &str) -> Option<url::Origin> {
    Url::parse(address.trim()).ok().map(|url| url.origin())
}

/// Seals a runtime's key for its workspace; answers it with the digest by which it is recognised.
pub fn seal_key(
    secrets: &Secrets,
    workspace: &WorkspaceId,
    key: &SecretString,
) -> Result<(String, String), Error> {
    let text = key.expose_secret();
    check_key("runtimeApiKey", text)?;
    Ok((secrets.seal(&key_purpose(workspace), key)?, runtime_key_digest(secrets, key)?))
}

fn check_key(field: &'static str, text: &str) -> Result<(), Error> {
    if text.is_empty() || text.len() > MAX_KEY || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = format!("must be 1 to {MAX_KEY} printable ASCII characters without spaces");
        return Err(Error::invalid(field, why));
    }
    Ok(())
}

/// Checks a runtime's address and cuts what does not belong to it.
///
/// # Errors
/// `Invalid`, saying what an address looks like.
pub fn check_endpoint(field: &'static str, text: &str) -> Result<Url, Error> {
    let refuse = |why: &str| Err(Error::invalid(field, why));
    let Ok(mut url) = Url::parse(text.trim()) else {
        return refuse("is not an address: write it with its protocol, such as http://localhost:8765");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refuse("must begin with http:// or https://, such as http://localhost:8765");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not hold a name or password: enter the API key in its own field");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not have a query or fragment");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn difference(before: &rows::Model, after: &rows::Model) -> String {
    let mut words = Vec::new();
    if before.hosting_mode != after.hosting_mode {
        words.push(format!("hosting mode is now {}", after.hosting_mode));
    }
    if before.runtime_endpoint != after.runtime_endpoint {
        words.push(format!("endpoint is now {}", after.runtime_endpoint.as_deref().unwrap_or("not set")));
    }
    if before.runtime_auth_type != after.runtime_auth_type {
        words.push(format!("authentication is now {}", after.runtime_auth_type));
    }
    if before.runtime_key_digest != after.runtime_key_digest {
        let what = if after.runtime_key_digest.is_some() { "replaced" } else { "removed" };
        words.push(format!("API key {what}"));
    }
    words.extend(control_plane::difference(before, after));
    if before.record_input != after.record_input {
        words.push(match RecordInput::from_row(&after.record_input) {
            RecordInput::Full => "what people type is recorded".to_owned(),
            RecordInput::OutputOnly => "what people type is no longer recorded".to_owned(),
        });
    }
    if before.recording_retention_days != after.recording_retention_days {
        words.push(match after.recording_retention_days {
            Some(days) => format!("recordings are kept for {days} days"),
            None => "recordings are kept".to_owned(),
        });
    }
    if before.audit_detail_days != after.audit_detail_days {
        words.push(format!("the audit log keeps details for {} days", after.audit_detail_days));
    }
    if before.audit_days != after.audit_days {
        words.push(format!("the audit log keeps entries for {} days", after.audit_days));
    }
    if before.history_days != after.history_days {
        words.push(format!("what is over is kept for {} days", after.history_days));
    }
    if before.allow_access_requests != after.allow_access_requests {
        let may = if after.allow_access_requests { "may" } else { "may not" };
        words.push(format!("agents from outside {may} ask for access"));
    }
    if before.max_agents != after.max_agents {
        words.push(format!("{} agents may run at once", after.max_agents));
    }
    if words.is_empty() { "nothing changed".to_owned() } else { words.join(", ") }
}

/// What the audit log keeps of settings: of the key only which one it was.
fn audited(row: &rows::Model) -> Value {
    let AgentSettings {
        runtime_status: _,
        ref runtime_api_key_fingerprint,
        ref control_plane_key_fingerprint,
        ..
    } = view(row);
    json!({
        "hostingMode": row.hosting_mode,
        "runtimeEndpoint": row.runtime_endpoint,
        "runtimeAuthType": row.runtime_auth_type,
        "runtimeApiKeyFingerprint": runtime_api_key_fingerprint,
        "recordInput": row.record_input,
        "recordingRetentionDays": row.recording_retention_days,
        "auditDetailDays": row.audit_detail_days,
        "auditDays": row.audit_days,
        "historyDays": row.history_days,
        "allowAccessRequests": row.allow_access_requests,
        "maxAgents": row.max_agents,
        "controlPlaneUrl": row.control_plane_url,
        "controlPlaneKeyFingerprint": control_plane_key_fingerprint,
    })
}

fn view(row: &rows::Model) -> AgentSettings {
    AgentSettings {
        hosting_mode: HostingMode::from_row(&row.hosting_mode),
        runtime_endpoint: row.runtime_endpoint.clone(),
        runtime_auth_type: RuntimeAuthType::from_row(&row.runtime_auth_type),
        runtime_api_key_fingerprint: row.runtime_key_digest.as_deref().map(fingerprint),
        runtime_status: RuntimeStatus::of(row),
        record_input: RecordInput::from_row(&row.record_input),
        recording_retention_days: row.recording_retention_days,
        audit_detail_days: row.audit_detail_days,
        audit_days: row.audit_days,
        history_days: row.history_days,
        allow_access_requests: row.allow_access_requests,
        max_agents: row.max_agents,
        control_plane_url: row.control_plane_url.clone(),
        control_plane_key_fingerprint: row.control_plane_key_digest.as_deref().map(fingerprint),
    }
}

fn fingerprint(digest: &str) -> String {
    digest.chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_cut() {
        for (given, kept) in [
            ("http://localhost:8765", "http://localhost:8765/"),
            (" https://runtime.company.com/ ", "https://runtime.company.com/"),
            ("http://host/base/", "http://host/base"),
        ] {
            assert_eq!(check_endpoint("e", given).unwrap().as_str(), kept);
        }
        for bad in [
            "",
            "localhost:8765",
            "nonsense",
            "ftp://a",
            "http://",
            "http://u:p@a",
            "http://a/?q",
            "http://a/#f",
        ] {
            let refused = check_endpoint("runtimeEndpoint", bad).unwrap_err();
            assert_eq!(refused.code(), "INVALID", "{bad}");
        }
    }

    #[test]
    fn an_absent_field_is_not_a_null_one() {
        let change: SettingsChange = serde_json::from_str(r#"{"runtimeEndpoint":null}"#).unwrap();
        assert_eq!(change.runtime_endpoint, Some(None));
        assert!(change.runtime_api_key.is_none());
    }
}
