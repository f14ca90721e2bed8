//! Every way in which a call is refused, and how that is spelled.
//!
//! Owns codes, titles and HTTP statuses: the only place of this program where a code is written. Must
//! not know routes.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use raven_protocol::problem::{PROBLEM_JSON, Problem};
use raven_protocol::terminal::{InvalidSize, ServerControl};
use serde::de::DeserializeOwned;

use crate::agents::driver::DriveRefused;
use crate::agents::{RestartRefused, SpawnRefused};
use crate::keys::KeyRefused;

/// Why a call was refused; the detail says what to do next.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// Not JSON, not a query, not a WebSocket.
    #[error("{0}")]
    Malformed(String),
    /// Understood, but out of bounds.
    #[error("{0}")]
    Invalid(String),
    /// The kind of agent is none of ours.
    #[error("{0}")]
    UnknownType(String),
    /// The kind has no package.
    #[error("{0}")]
    NotInstallable(String),
    /// No credential, or a wrong one.
    #[error("send the runtime's API key as `Authorization: Bearer KEY`")]
    Unauthenticated,
    /// The `Host` is not ours.
    #[error(
        "this runtime does not answer to the host `{0}`: start it with --allow-origin http://{0} if it should"
    )]
    ForeignHost(String),
    /// A page of another origin.
    #[error("pages of `{0}` may not call this runtime: start it with --allow-origin {0} if they should")]
    ForeignOrigin(String),
    /// No such route.
    #[error("there is nothing at this path")]
    NoRoute,
    /// The route has other methods.
    #[error("this path is there, but not with this method")]
    NoMethod,
    /// No such agent.
    #[error("there is no agent `{0}` here: GET /api/agents lists those there are")]
    NoAgent(String),
    /// No such message waits.
    #[error("{0}")]
    NoMessage(String),
    /// No such provider of models.
    #[error("{0}")]
    NoProvider(String),
    /// The key was given at the start.
    #[error("{0}")]
    KeyFromStart(String),
    /// The id is taken.
    #[error("{0}")]
    Exists(String),
    /// It is being restarted.
    #[error("{0}")]
    RestartUnderWay(String),
    /// It was stopped while it was being restarted.
    #[error("{0}")]
    RestartCalledOff(String),
    /// It cannot be restarted.
    #[error("{0}")]
    NotRestartable(String),
    /// As many agents as there may be.
    #[error("{0}")]
    Full(String),
    /// The agent could not be driven; the words are its own.
    #[error("{detail}")]
    NotDriven {
        /// What kind of refusal.
        why: NotDriven,
        /// The words.
        detail: String,
    },
    /// The body is too long.
    #[error("the body is longer than 1 MiB")]
    BodyTooLarge,
    /// The headers are too long.
    #[error("the headers are longer than 16 KiB")]
    HeadersTooLarge,
    /// Nothing to attach to yet, or going down.
    #[error("{0}")]
    Unavailable(String),
    /// Ours.
    #[error("the runtime failed: its log has the request id and the reason")]
    Internal(String),
}

impl Refusal {
    fn spelled(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "MALFORMED", "Malformed request"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "INVALID", "Invalid request"),
            Self::UnknownType(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "UNKNOWN_AGENT_TYPE", "Unknown agent type")
            }
            Self::NotInstallable(_) => (StatusCode::CONFLICT, "NOT_INSTALLABLE", "Not installable"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "Authentication failed"),
            Self::ForeignHost(_) => (StatusCode::FORBIDDEN, "HOST_REFUSED", "Host refused"),
            Self::ForeignOrigin(_) => (StatusCode::FORBIDDEN, "ORIGIN_REFUSED", "Origin refused"),
            Self::NoRoute => (StatusCode::NOT_FOUND, "NOT_FOUND", "Not found"),
            Self::NoMethod => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "Method not allowed"),
            Self::NoAgent(_) => (StatusCode::NOT_FOUND, "AGENT_NOT_FOUND", "Agent not found"),
            Self::NoMessage(_) => (StatusCode::NOT_FOUND, "MESSAGE_NOT_FOUND", "Message not found"),
            Self::NoProvider(_) => (StatusCode::NOT_FOUND, "PROVIDER_NOT_FOUND", "Provider not found"),
            Self::KeyFromStart(_) => (StatusCode::CONFLICT, "KEY_FROM_START", "Key given at the start"),
            Self::Exists(_) => (StatusCode::CONFLICT, "AGENT_EXISTS", "Agent exists"),
            Self::RestartUnderWay(_) => (StatusCode::CONFLICT, "RESTART_UNDER_WAY", "Restart under way"),
            Self::RestartCalledOff(_) => (StatusCode::CONFLICT, "RESTART_CALLED_OFF", "Restart called off"),
            Self::NotRestartable(_) => (StatusCode::CONFLICT, "NOT_RESTARTABLE", "Not restartable"),
            Self::Full(_) => (StatusCode::TOO_MANY_REQUESTS, "AGENT_LIMIT", "Too many agents"),
            Self::NotDriven { why, .. } => why.spelled(),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", "Body too large"),
            Self::HeadersTooLarge => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HEADERS_TOO_LARGE", "Headers too large")
            }
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Internal error"),
        }
    }

    /// The answer, once the request's id is known.
    pub fn render(&self, request_id: &str) -> Response {
        let (status, code, title) = self.spelled();
        if let Self::Internal(why) = self {
            tracing::error!(request.id = request_id, why, "a call failed");
        }
        let problem = Problem::new(status.as_u16(), code, title, self.to_string(), request_id);
        let mut answer = (status, Json(problem)).into_response();
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Self::Unauthenticated = self {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }

    /// What a library's own refusal is to us.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NoRoute,
            StatusCode::METHOD_NOT_ALLOWED => Self::NoMethod,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            status if status.is_client_error() => Self::Malformed("the request cannot be read".to_owned()),
            status => Self::Internal(status.to_string()),
        }
    }
}

/// Why an agent could not be driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDriven {
    /// It has ended.
    Ended,
    /// It is at something else.
    NotReady,
    /// As many messages wait as may.
    QueueFull,
    /// The message was typed already.
    Typed,
    /// The message was taken back.
    TakenBack,
    /// Somebody has typed something.
    ComposerInUse,
    /// Its program did not take it.
    NotTaken,
    /// The prompt is another one.
    PromptChanged,
    /// There is no turn.
    NothingToInterrupt,
    /// The sign-in failed.
    SignIn,
}

impl NotDriven {
    fn spelled(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Ended => (StatusCode::CONFLICT, "AGENT_ENDED", "Agent ended"),
            Self::NotReady => (StatusCode::CONFLICT, "AGENT_NOT_READY", "Agent not ready"),
            Self::QueueFull => (StatusCode::TOO_MANY_REQUESTS, "QUEUE_FULL", "Too many messages wait"),
            Self::Typed => (StatusCode::CONFLICT, "MESSAGE_TYPED", "Message typed already"),
            Self::TakenBack => (StatusCode::CONFLICT, "MESSAGE_TAKEN_BACK", "Message taken back"),
            Self::ComposerInUse => (StatusCode::CONFLICT, "INPUT_IN_USE", "Input line in use"),
            Self::NotTaken => (StatusCode::CONFLICT, "NOT_TAKEN", "Not taken by the program"),
            Self::PromptChanged => (StatusCode::CONFLICT, "PROMPT_CHANGED", "Prompt changed"),
            Self::NothingToInterrupt => (StatusCode::CONFLICT, "NO_TURN", "Nothing to interrupt"),
            Self::SignIn => (StatusCode::CONFLICT, "SIGN_IN_FAILED", "Sign-in failed"),
        }
    }
}

impl From<DriveRefused> for Refusal {
    fn from(refused: DriveRefused) -> Self {
        let detail = refused.to_string();
        let why = match refused {
            DriveRefused::Ended(_) => NotDriven::Ended,
            DriveRefused::NotReady { .. } | DriveRefused::Behind(_) => NotDriven::NotReady,
            DriveRefused::QueueFull(_) => NotDriven::QueueFull,
            DriveRefused::NoSuchMessage(_) => return Self::NoMessage(detail),
            DriveRefused::Typed => NotDriven::Typed,
            DriveRefused::TakenBack => NotDriven::TakenBack,
            DriveRefused::ComposerInUse(_) => NotDriven::ComposerInUse,
            DriveRefused::NotTaken(_) | DriveRefused::NotTakenBefore => NotDriven::NotTaken,
            DriveRefused::PromptChanged => NotDriven::PromptChanged,
            DriveRefused::NothingToInterrupt(_) => NotDriven::NothingToInterrupt,
            DriveRefused::SignIn(_) => NotDriven::SignIn,
            DriveRefused::NoSuchChoice { .. } | DriveRefused::Invalid(_) => return Self::Invalid(detail),
            DriveRefused::Host(_) => return Self::Unavailable(detail),
        };
        Self::NotDriven { why, detail }
    }
}

/// Why a message on a terminal link was refused; the link goes on.
#[derive(Debug, thiserror::Error)]
pub enum LinkRefusal {
    /// Not a frame or control message that clients send.
    #[error("{0}")]
    Invalid(String),
    /// A size out of bounds.
    #[error(transparent)]
    Size(#[from] InvalidSize),
    /// Keys for a program that has ended.
    #[error("the program has ended")]
    Ended,
}

impl LinkRefusal {
    /// The message that tells the client.
    pub fn told(&self) -> ServerControl {
        let code = match self {
            Self::Invalid(_) => "INVALID",
            Self::Size(_) => "INVALID_SIZE",
            Self::Ended => "SESSION_TERMINATED",
        };
        ServerControl::Error { code: code.to_owned(), message: self.to_string() }
    }
}

impl IntoResponse for Refusal {
    /// Leaves the refusal for the outermost layer, which knows the request's id.
    fn into_response(self) -> Response {
        let (status, ..) = self.spelled();
        let mut answer = status.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<SpawnRefused> for Refusal {
    fn from(refused: SpawnRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            SpawnRefused::UnknownType(..) => Self::UnknownType(detail),
            SpawnRefused::Invalid(_) => Self::Invalid(detail),
            SpawnRefused::Exists(_) => Self::Exists(detail),
            SpawnRefused::Full { .. } => Self::Full(detail),
            SpawnRefused::Leaving => Self::Unavailable(detail),
            SpawnRefused::Io(_) => Self::Internal(detail),
        }
    }
}

impl From<RestartRefused> for Refusal {
    fn from(refused: RestartRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            RestartRefused::NoAgent => Self::NoAgent(detail),
            RestartRefused::UnderWay => Self::RestartUnderWay(detail),
            RestartRefused::CalledOff => Self::RestartCalledOff(detail),
            RestartRefused::NotKept
            | RestartRefused::NotOurs
            | RestartRefused::NeedsVariables(_)
            | RestartRefused::Missing(_) => Self::NotRestartable(detail),
            RestartRefused::DoesNotEnd | RestartRefused::StillRead => Self::Unavailable(detail),
            RestartRefused::Spawn(refused) => refused.into(),
        }
    }
}

impl From<KeyRefused> for Refusal {
    fn from(refused: KeyRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            KeyRefused::NoKey => Self::Invalid(detail),
            KeyRefused::FromStart(_) => Self::KeyFromStart(detail),
            KeyRefused::Io(_) => Self::Internal(detail),
        }
    }
}

impl From<QueryRejection> for Refusal {
    fn from(refused: QueryRejection) -> Self {
        Self::Malformed(refused.body_text())
    }
}

impl From<std::io::Error> for Refusal {
    fn from(broken: std::io::Error) -> Self {
        Self::Internal(broken.to_string())
    }
}

/// Reads a JSON body: 400 when it is none, 422 when it is not the one that is wanted.
pub fn json<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Refusal> {
    let body = body.map_err(|refused| Refusal::of_status(refused.status()))?;
    serde_json::from_slice(&body).map_err(|wrong| match wrong.classify() {
        serde_json::error::Category::Data => {
            Refusal::Invalid(format!("the body is not as it should be: {wrong}"))
        }
        _ => Refusal::Malformed(format!("the body is not JSON: {wrong}")),
    })
}
