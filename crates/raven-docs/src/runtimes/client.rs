//! HTTP calls to one runtime.
//!
//! Owns how a runtime's answers become [`RuntimeFailure`]s. Must not know workspaces or rows.

use std::time::{Duration, Instant};

use raven_protocol::agent::AgentType;
use raven_protocol::doing::{AnswerRequest, SendAnswer, SendRequest};
use raven_protocol::id::{AgentId, MessageId};
use raven_protocol::kind::{AgentTypeStatus, AgentTypes, Provider, ProviderKey, ProviderKeys, SetKey};
use raven_protocol::problem::Problem;
use raven_protocol::runtime_api::{
    AgentList, Health, RestartRequest, RuntimeAgent, ScreenJson, SpawnRequest, SpawnResponse, SpawnedAgent,
    StopRequest,
};
use reqwest::{Method, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::RuntimeFailure;

/// How long a runtime may take to answer, as the guide's test says.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long a spawn may take: it starts up to ten processes.
const SPAWN_WITHIN: Duration = Duration::from_secs(30);

/// How long a message or an answer may take: the runtime looks whether the program took it.
const TYPED_WITHIN: Duration = Duration::from_secs(30);

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Speaks to one runtime.
#[derive(Clone)]
pub struct RuntimeClient {
    http: reqwest::Client,
    base: Url,
    key: Option<SecretString>,
}

impl RuntimeClient {
    pub fn new(http: reqwest::Client, base: Url, key: Option<SecretString>) -> Self {
        Self { http, base, key }
    }

    /// The one HTTP client of the process: it follows no redirect and uses no proxy, so that a
    /// runtime's address means that address.
    pub fn http() -> reqwest::Result<reqwest::Client> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(ANSWER_WITHIN)
            .tcp_nodelay(true)
            .build()
    }

    pub fn key(&self) -> Option<&SecretString> {
        self.key.as_ref()
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Health with details, and how long the answer took.
    ///
    /// # Errors
    /// `AuthenticationFailed` also when the runtime answers, but hides its details from this key.
    pub async fn health(&self) -> Result<(Health, Duration), RuntimeFailure> {
        let begun = Instant::now();
        let health: Health = self.call(Method::GET, "/api/health", None::<&()>).await?;
        let latency = begun.elapsed();
        if health.active_agents.is_none() {
            let _: AgentList = self.call(Method::GET, "/api/agents?limit=1", None::<&()>).await?;
        }
        Ok((health, latency))
    }

    pub async fn spawn(&self, request: &SpawnRequest) -> Result<SpawnResponse, RuntimeFailure> {
        let sent = self.request(Method::POST, "/api/spawn").timeout(SPAWN_WITHIN).json(request).send().await;
        self.read(sent).await.map_err(|failure| match failure {
            RuntimeFailure::Refused { status: 400..=428, detail, .. } => RuntimeFailure::SpawnRefused(detail),
            RuntimeFailure::Refused { detail, .. } => RuntimeFailure::SpawnFailed(detail),
            other => other,
        })
    }

    pub async fn agents(&self, cursor: Option<&str>) -> Result<AgentList, RuntimeFailure> {
        let path = match cursor {
            Some(cursor) => {
                let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
                format!("/api/agents?limit=200&cursor={cursor}")
            }
            None => "/api/agents?limit=200".to_owned(),
        };
        self.call(Method::GET, &path, None::<&()>).await
    }

    pub async fn stop(&self, agent: &AgentId, how: StopRequest) -> Result<RuntimeAgent, RuntimeFailure> {
        self.call(Method::POST, &format!("/api/agents/{agent}/stop"), Some(&how)).await
    }

    pub async fn restart(
        &self,
        agent: &AgentId,
        request: &RestartRequest,
    ) -> Result<SpawnedAgent, RuntimeFailure> {
        let path = format!("/api/agents/{agent}/restart");
        let sent = self.request(Method::POST, &path).timeout(SPAWN_WITHIN).json(request).send().await;
        self.read(sent).await
    }

    pub async fn screen(&self, agent: &AgentId) -> Result<ScreenJson, RuntimeFailure> {
        self.call(Method::GET, &format!("/api/agents/{agent}/screen?format=json"), None::<&()>).await
    }

    pub async fn send(&self, agent: &AgentId, message: &SendRequest) -> Result<SendAnswer, RuntimeFailure> {
        self.typed(&format!("/api/agents/{agent}/send"), message).await
    }

    /// Sends a message under an id: sent again, it is answered with what became of it, and typed once.
    pub async fn send_once(
        &self,
        agent: &AgentId,
        id: &MessageId,
        message: &SendRequest,
    ) -> Result<SendAnswer, RuntimeFailure> {
        let request = self.request(Method::POST, &format!("/api/agents/{agent}/send"));
        let request = request.timeout(TYPED_WITHIN).header("Idempotency-Key", id.as_str());
        self.read(request.json(message).send().await).await
    }

    pub async fn cancel_message(
        &self,
        agent: &AgentId,
        message: &MessageId,
    ) -> Result<RuntimeAgent, RuntimeFailure> {
        self.call(Method::DELETE, &format!("/api/agents/{agent}/messages/{message}"), None::<&()>).await
    }

    pub async fn answer(
        &self,
        agent: &AgentId,
        answer: &AnswerRequest,
    ) -> Result<RuntimeAgent, RuntimeFailure> {
        self.typed(&format!("/api/agents/{agent}/answer"), answer).await
    }

    pub async fn interrupt(&self, agent: &AgentId) -> Result<RuntimeAgent, RuntimeFailure> {
        self.call(Method::POST, &format!("/api/agents/{agent}/interrupt"), None::<&()>).await
    }

    pub async fn types(&self) -> Result<AgentTypes, RuntimeFailure> {
        self.call(Method::GET, "/api/types", None::<&()>).await
    }

    pub async fn install(&self, kind: &AgentType) -> Result<AgentTypeStatus, RuntimeFailure> {
        self.call(Method::POST, &format!("/api/types/{kind}/install"), None::<&()>).await
    }

    pub async fn keys(&self) -> Result<ProviderKeys, RuntimeFailure> {
        self.call(Method::GET, "/api/keys", None::<&()>).await
    }

    pub async fn set_key(&self, provider: Provider, key: &SetKey) -> Result<ProviderKey, RuntimeFailure> {
        self.call(Method::PUT, &format!("/api/keys/{provider}"), Some(key)).await
    }

    pub async fn remove_key(&self, provider: Provider) -> Result<(), RuntimeFailure> {
        let sent = self.request(Method::DELETE, &format!("/api/keys/{provider}")).send().await;
        self.succeeded(sent).await.map(drop)
    }

    async fn typed<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, RuntimeFailure> {
        let sent = self.request(Method::POST, path).timeout(TYPED_WITHIN).json(body).send().await;
        self.read(sent).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, RuntimeFailure> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.read(request.send().await).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let address = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let request = self.http.request(method, address);
        match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    async fn read<T: DeserializeOwned>(&self, sent: reqwest::Result<Response>) -> Result<T, RuntimeFailure> {
        let body = self.succeeded(sent).await?;
        let parsed = body.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        parsed.ok_or_else(|| RuntimeFailure::Unreachable(self.not_a_runtime()))
    }

    /// The body of a success, or `None` when it is larger than any runtime's.
    async fn succeeded(&self, sent: reqwest::Result<Response>) -> Result<Option<Vec<u8>>, RuntimeFailure> {
        let response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let body = bounded(response).await.map_err(|error| self.unreachable(&error))?;
        if status.is_success() {
            return Ok(body);
        }
        Err(self.refused(status, body.and_then(|bytes| serde_json::from_slice(&bytes).ok())))
    }

    fn refused(&self, status: StatusCode, problem: Option<Problem>) -> RuntimeFailure {
        let base = &self.base;
        match (status.as_u16(), problem) {
            (401 | 403, problem) => {
                let said = problem.map(|problem| format!(" ({})", problem.detail)).unwrap_or_default();
                RuntimeFailure::AuthenticationFailed(match self.key {
                    Some(_) => format!(
                        "the runtime at {base} refused the API key{said}: enter the key it was started with"
                    ),
                    None => format!(
                        "the runtime at {base} wants an API key{said}: choose API Key and enter the one it was started with"
                    ),
                })
            }
            (300..=399, _) => RuntimeFailure::Unreachable(format!(
                "{base} answers with a redirect, which is not followed: enter the address it leads to"
            )),
            (404, None) => RuntimeFailure::Unreachable(self.not_a_runtime()),
            (status, Some(problem)) => {
                RuntimeFailure::Refused { status, code: problem.code, detail: problem.detail }
            }
            (code, None) => RuntimeFailure::Unreachable(format!(
                "{base} answered {code}: look at the runtime's log, and check that the address is a raven-runtime's"
            )),
        }
    }

    fn not_a_runtime(&self) -> String {
        format!("what answers at {} is not a raven-runtime: check the port of the address", self.base)
    }

    fn unreachable(&self, error: &reqwest::Error) -> RuntimeFailure {
        let base = &self.base;
        RuntimeFailure::Unreachable(if error.is_timeout() {
            format!(
                "{base} did not answer within 10 s: check that the runtime runs, the firewall and the address"
            )
        } else if error.is_connect() {
            format!(
                "nothing answers at {base}: start it with `raven-runtime start`, or check the address and the firewall"
            )
        } else {
            self.not_a_runtime()
        })
    }
}

/// The body, or `None` when it is larger than any runtime's.
async fn bounded(mut response: Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
