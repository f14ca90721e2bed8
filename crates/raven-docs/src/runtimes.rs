//! Runtimes: how a workspace's is reached, tested and heard of.
//!
//! Owns heartbeats and the runtime's status. Must not know terminals, nor what an agent's report
//! changes (see `agents`).

use std::time::Duration;

use anyhow::Context as _;
use raven_protocol::id::WorkspaceId;
use raven_protocol::problem::Problem;
use raven_protocol::runtime_api::Heartbeat;
use raven_protocol::time::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::auth::{self, Runtime};
use crate::db::{self, Db, settings as rows};
use crate::error::{Error, RuntimeFailure};
use crate::events::{Changes, WorkspaceEvent};
use crate::secrets::Secrets;
use crate::settings::{RuntimeAuthType, check_endpoint, seal_key};

pub mod client;
mod equipment;
pub mod watch;

use client::RuntimeClient;

/// A runtime that was silent for longer is shown as disconnected; it speaks every ten seconds.
pub const SILENCE: Duration = Duration::from_secs(30);

/// What a runtime's key is sealed for.
pub fn key_purpose(workspace: &WorkspaceId) -> String {
    format!("runtime key of {workspace}")
}

/// What is known of a workspace's runtime.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeStatus {
    /// Whether it was heard of within the last 30 seconds, and could be reached since.
    pub connected: bool,
    pub last_heartbeat: Option<Timestamp>,
    pub active_agents: Option<i64>,
    pub version: Option<String>,
    /// Why it cannot be reached.
    pub error: Option<String>,
}

impl RuntimeStatus {
    pub fn of(row: &rows::Model) -> Self {
        let silence = i64::try_from(SILENCE.as_millis()).unwrap_or(i64::MAX);
        let now = Timestamp::now().as_millis();
        let heard = row.runtime_last_heartbeat.is_some_and(|at| now - at < silence);
        let connected = heard && row.runtime_error.is_none();
        Self {
            connected,
            last_heartbeat: row.runtime_last_heartbeat.map(Timestamp::from_millis),
            active_agents: row.runtime_active_agents,
            version: row.runtime_version.clone(),
            error: row.runtime_error.clone(),
        }
    }
}

/// The result of a test.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeTest {
    pub connected: bool,
    /// Milliseconds until the runtime's answer.
    pub latency: Option<f64>,
    pub version: Option<String>,
    pub active_agents: Option<u32>,
    /// Why not, and what to do.
    pub error: Option<Problem>,
}

/// What to test.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TestRequest {
    /// Another address than the settings'; for admins.
    pub endpoint: Option<String>,
}

/// Settings that a new workspace begins with.
#[derive(Clone)]
pub struct HostingDefaults {
    pub endpoint: Option<String>,
    pub key: Option<SecretString>,
    pub secrets: Secrets,
}

impl HostingDefaults {
    pub fn hosting(&self, workspace: &WorkspaceId) -> Result<rows::Hosting, Error> {
        let key = self.key.as_ref().map(|key| seal_key(&self.secrets, workspace, key)).transpose()?;
        let (key_sealed, key_digest) = key.unzip();
        Ok(rows::Hosting {
            mode: "local".to_owned(),
            endpoint: self.endpoint.clone(),
            auth_type: RuntimeAuthType::ApiKey.as_str().to_owned(),
            key_sealed,
            key_digest,
        })
    }
}

/// The runtimes of all workspaces.
#[derive(Clone)]
pub struct Runtimes {
    db: Db,
    secrets: Secrets,
    changes: Changes,
    http: reqwest::Client,
}

impl Runtimes {
    pub fn new(db: Db, secrets: Secrets, changes: Changes) -> anyhow::Result<Self> {
        let http = RuntimeClient::http().context("the HTTP client cannot be made")?;
        Ok(Self { db, secrets, changes, http })
    }

    /// A client for a workspace's runtime.
    ///
    /// # Errors
    /// `NotConfigured` while the settings name no address.
    pub async fn client(&self, workspace: &WorkspaceId) -> Result<RuntimeClient, Error> {
        let row = db::settings::find(self.db.read(), workspace).await?;
        let row = row.ok_or(RuntimeFailure::NotConfigured)?;
        let endpoint = row.runtime_endpoint.clone().ok_or(RuntimeFailure::NotConfigured)?;
        self.client_at(workspace, &row, &endpoint)
    }

    fn client_at(
        &self,
        workspace: &WorkspaceId,
        row: &rows::Model,
        address: &str,
    ) -> Result<RuntimeClient, Error> {
        let key = match (RuntimeAuthType::from_row(&row.runtime_auth_type), &row.runtime_key_sealed) {
            (RuntimeAuthType::ApiKey, Some(sealed)) => {
                Some(self.secrets.unseal(&key_purpose(workspace), sealed)?)
            }
            (RuntimeAuthType::ApiKey | RuntimeAuthType::None, _) => None,
        };
        Ok(RuntimeClient::new(self.http.clone(), check_endpoint("endpoint", address)?, key))
    }

    /// Asks the runtime of the settings for its health.
    pub async fn test<P>(&self, by: &Granted<P>, request_id: &str) -> Result<RuntimeTest, Error> {
        match self.client(by.workspace()).await {
            Ok(client) => self.tested(by.workspace(), client, Settled::Yes, request_id).await,
            Err(Error::Runtime(failure)) => Ok(failed(failure, request_id)),
            Err(other) => Err(other),
        }
    }

    /// Whether an address is that of the settings.
    pub async fn is_at<P>(&self, by: &Granted<P>, address: &str) -> Result<bool, Error> {
        let row = db::settings::find(self.db.read(), by.workspace()).await?;
        let known = row.and_then(|row| row.runtime_endpoint).and_then(|known| url::Url::parse(&known).ok());
        Ok(known.is_some_and(|known| url::Url::parse(address).is_ok_and(|given| given == known)))
    }

    /// Asks another address for its health. The stored key goes there only when it is the same
    /// host as the settings', so that a test cannot carry it elsewhere.
    pub async fn test_other(
        &self,
        by: &Granted<Administer>,
        address: &str,
        request_id: &str,
    ) -> Result<RuntimeTest, Error> {
        let row = db::settings::find(self.db.read(), by.workspace()).await?;
        let row = row.ok_or(RuntimeFailure::NotConfigured)?;
        let wanted = check_endpoint("endpoint", address)?;
        let known = row.runtime_endpoint.as_deref().and_then(|known| url::Url::parse(known).ok());
        let keep_key = known.is_some_and(|known| known.origin() == wanted.origin());
        let row = if keep_key { row } else { rows::Model { runtime_key_sealed: None, ..row } };
        let client = self.client_at(by.workspace(), &row, address)?;
        self.tested(by.workspace(), client, Settled::No, request_id).await
    }

    async fn tested(
        &self,
        workspace: &WorkspaceId,
        client: RuntimeClient,
        settled: Settled,
        request_id: &str,
    ) -> Result<RuntimeTest, Error> {
        let (health, latency) = match client.health().await {
            Ok(answer) => answer,
            Err(failure) => return Ok(failed(failure, request_id)),
        };
        if let (Settled::Yes, Some(runtime_id), Some(active_agents)) =
            (settled, health.runtime_id.clone(), health.active_agents)
        {
            let version = health.version.clone();
            let beat = Heartbeat {
                workspace_id: None,
                runtime_id,
                active_agents,
                version,
                metadata: Default::default(),
            };
            self.heard(workspace, &beat).await?;
        }
        let latency = Some((latency.as_secs_f64() * 1e4).round() / 10.0);
        let version = Some(health.version);
        Ok(RuntimeTest {
            connected: true,
            latency,
            version,
            active_agents: health.active_agents,
            error: None,
        })
    }

    /// Takes a heartbeat from a runtime that proved itself for one workspace or several.
    pub async fn heartbeat(&self, from: &[Runtime], beat: &Heartbeat) -> Result<(), Error> {
        for runtime in from {
            if !self.is_anothers(runtime.workspace(), beat).await? {
                self.heard(runtime.workspace(), beat).await?;
            }
        }
        Ok(())
    }

    /// Whether a heartbeat comes from another runtime than the one that lives here, such as the former one, which still
    /// has agents.
    async fn is_anothers(&self, workspace: &WorkspaceId, beat: &Heartbeat) -> Result<bool, Error> {
        let Some(settings) = rows::find(self.db.read(), workspace).await? else { return Ok(false) };
        let lives = RuntimeStatus::of(&settings).connected;
        Ok(lives && settings.runtime_id.is_some_and(|known| known != beat.runtime_id.as_str()))
    }

    /// Notes that a workspace's runtime lives.
    pub async fn heard(&self, workspace: &WorkspaceId, beat: &Heartbeat) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let Some(before) = rows::find(change.tx(), workspace).await? else { return Ok(()) };
        rows::heard(change.tx(), workspace, beat, Timestamp::now()).await?;
        let after = rows::find(change.tx(), workspace).await?.ok_or(Error::NotFound("settings"))?;
        if !RuntimeStatus::of(&before).connected {
            let detail = Some(format!("version {}", beat.version));
            let about = About { detail, ..About::default() };
            activity::record(&mut change, workspace, ActivityKind::RuntimeConnected, about).await?;
        }
        change.tell(workspace, WorkspaceEvent::RuntimeStatus(RuntimeStatus::of(&after)));
        change.commit().await
    }

    /// Notes why a workspace's runtime cannot be reached; told once per reason.
    pub async fn unreachable(&self, workspace: &WorkspaceId, failure: &RuntimeFailure) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let reason = failure.to_string();
        let before = rows::find(change.tx(), workspace).await?;
        if before.is_none_or(|row| row.runtime_error.as_ref() == Some(&reason)) {
            return Ok(());
        }
        rows::failed(change.tx(), workspace, &reason).await?;
        let row = rows::find(change.tx(), workspace).await?.ok_or(Error::NotFound("settings"))?;
        change.tell(workspace, WorkspaceEvent::RuntimeStatus(RuntimeStatus::of(&row)));
        change.commit().await
    }

    /// Tells of a runtime that has fallen silent. Called once when it is noticed.
    pub async fn fell_silent(&self, workspace: &WorkspaceId) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let Some(row) = rows::find(change.tx(), workspace).await? else { return Ok(()) };
        let detail = row.runtime_error.clone().or_else(|| Some("no heartbeat for 30 s".to_owned()));
        let about = About { detail, ..About::default() };
        activity::record(&mut change, workspace, ActivityKind::RuntimeDisconnected, about).await?;
        change.tell(workspace, WorkspaceEvent::RuntimeStatus(RuntimeStatus::of(&row)));
        change.commit().await
    }

    /// Whether each workspace's runtime is connected now.
    pub async fn all(&self) -> Result<Vec<(WorkspaceId, RuntimeStatus)>, Error> {
        let rows = db::settings::all(self.db.read()).await?;
        rows.iter()
            .map(|row| Ok((WorkspaceId::parse(row.workspace_id.as_str())?, RuntimeStatus::of(row))))
            .collect()
    }

    /// Up to which of its runtime's events a workspace has applied everything.
    pub async fn cursor(&self, workspace: &WorkspaceId) -> Result<u64, Error> {
        let row = db::settings::find(self.db.read(), workspace).await?;
        Ok(row.map_or(0, |row| u64::try_from(row.event_cursor).unwrap_or(0)))
    }

    /// Whether a runtime's own address for a terminal may be dialled: only the settings' host.
    pub fn is_same_host(client: &RuntimeClient, address: &str) -> bool {
        let Ok(theirs) = url::Url::parse(address) else { return false };
        let ours = client.base();
        let both_here = auth::is_loopback_address(address) && auth::is_loopback_address(ours.as_str());
        let same_name = theirs.host_str() == ours.host_str();
        let secure = matches!(theirs.scheme(), "wss" | "https") == (ours.scheme() == "https");
        let port = |url: &url::Url| {
            url.port().unwrap_or(if matches!(url.scheme(), "wss" | "https") { 443 } else { 80 })
        };
        (both_here || same_name) && secure && port(&theirs) == port(ours)
    }
}

/// Whether the runtime that is tested is the settings' own.
enum Settled {
    Yes,
    No,
}

fn failed(failure: RuntimeFailure, request_id: &str) -> RuntimeTest {
    let error = Some(Error::Runtime(failure).problem(request_id));
    RuntimeTest { connected: false, latency: None, version: None, active_agents: None, error }
}
