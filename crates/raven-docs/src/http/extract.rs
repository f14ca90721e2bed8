//! What handlers take from a request: credentials, actors, bodies, ids.
//!
//! Owns where credentials travel. Must not decide whether they are good (see `auth`).

use std::net::SocketAddr;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use raven_protocol::id::SignInId;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use crate::access::{Granted, Permission, decide};
use crate::app::App;
use crate::audit::Actor;
use crate::auth::{Caller, Credentials, Person, Proof};
use crate::error::Error;
use crate::origin::Known;
use crate::repeats::IdempotencyKey;

/// Name of the cookie that signs a browser in.
pub const COOKIE: &str = "raven_session";

/// Largest JSON body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// Reads the credentials of a request, without believing them.
pub fn credentials(headers: &HeaderMap, caller: Option<SocketAddr>) -> Credentials {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .or_else(|| text("x-webhook-secret"));
    let cookie = cookie(headers, COOKIE);
    let secret = |text: &str| SecretString::from(text.to_owned());
    // Behind a proxy everybody seems to call from the proxy's address: that tells nothing.
    let direct = !headers.contains_key(header::FORWARDED) && !headers.contains_key("x-forwarded-for");
    let caller = caller.filter(|_| direct).map(|address| address.ip());
    Credentials { cookie: cookie.map(secret), bearer: bearer.map(secret), caller }
}

/// A cookie by its name.
pub fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// The credentials of a request, for handlers that recognise their caller themselves.
pub struct Presented(pub Credentials);

impl FromRequestParts<App> for Presented {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        let caller = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        Ok(Self(credentials(&parts.headers, caller)))
    }
}

/// A signed-in person. A cookie counts for writes only from a page of this server.
pub struct SignedIn(pub Person);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Presented(credentials) = Presented::from_request_parts(parts, app).await?;
        check_site(&credentials, parts)?;
        Ok(Self(app.auth.person(&credentials).await?))
    }
}

/// The key with which a request may be repeated, if it has one.
pub struct Key(pub Option<IdempotencyKey>);

impl Key {
    pub fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let key = headers.get("idempotency-key");
        let key = key.map(|key| IdempotencyKey::parse(key.to_str().unwrap_or_default()));
        Ok(Self(key.transpose()?))
    }
}

impl FromRequestParts<App> for Key {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        Self::of(&parts.headers)
    }
}

/// A signed-in person, and by what they were recognised.
pub struct Recognised(pub Person, pub Proof);

impl FromRequestParts<App> for Recognised {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Presented(credentials) = Presented::from_request_parts(parts, app).await?;
        check_site(&credentials, parts)?;
        let (person, proof) = app.auth.recognise(&credentials).await?;
        Known::note(&person.workspace, || Actor::user(person.named()));
        Ok(Self(person, proof))
    }
}

/// A person in a browser, by its sign-in: for what no token may do.
pub struct InBrowser(pub Person, pub SignInId);

impl FromRequestParts<App> for InBrowser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        match Recognised::from_request_parts(parts, app).await? {
            Recognised(person, Proof::Cookie(sign_in)) => Ok(Self(person, sign_in)),
            Recognised(_, Proof::Token { .. }) => {
                let hint = "no token may do this; sign in with a browser";
                Err(Error::Denied(hint.to_owned()))
            }
        }
    }
}

/// A person in a browser, if there is one: for what strangers may do too.
pub struct PerhapsInBrowser(pub Option<InBrowser>);

impl FromRequestParts<App> for PerhapsInBrowser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        match InBrowser::from_request_parts(parts, app).await {
            Ok(found) => Ok(Self(Some(found))),
            Err(Error::Unauthenticated) => Ok(Self(None)),
            Err(other) => Err(other),
        }
    }
}

/// What a browser calls itself.
pub struct UserAgent(pub Option<String>);

impl FromRequestParts<App> for UserAgent {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        let named = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(named.map(ToOwned::to_owned)))
    }
}

/// The right to do `P`, of a signed-in person or of an agent.
pub struct May<P>(pub Granted<P>);

impl<P: Permission> FromRequestParts<App> for May<P> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Presented(credentials) = Presented::from_request_parts(parts, app).await?;
        check_site(&credentials, parts)?;
        let caller = app.auth.caller(&credentials).await?;
        Known::note(caller.workspace(), || caller.actor());
        if let Caller::Agent(agent) = &caller {
            // The same limit as for tools: what it asks for here is recorded too (see `governed`).
            app.tool_calls.limit(agent).await?;
        }
        Ok(Self(decide::<P>(&caller)?))
    }
}

/// A cookie counts for writes only from a page of this server.
fn check_site(credentials: &Credentials, parts: &Parts) -> Result<(), Error> {
    let by_cookie = credentials.bearer.is_none() && credentials.cookie.is_some();
    if by_cookie && is_write(&parts.method) && !is_same_site(&parts.headers) {
        let hint = "a cookie counts only for requests from Raven's own pages; scripts send a personal token";
        return Err(Error::Denied(hint.to_owned()));
    }
    Ok(())
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser says that the request comes from a page of this server. Every browser of
/// today sends one of these headers with a write; the guard has checked an `Origin` already.
fn is_same_site(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => headers.contains_key(header::ORIGIN),
    }
}

/// A JSON body; anything unreadable is a clear problem.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        match Json::<T>::from_request(request, app).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(unreadable(&rejection)),
        }
    }
}

/// A JSON body that may be left out.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let empty = request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
        if empty && !request.headers().contains_key(header::TRANSFER_ENCODING) {
            return Ok(Self(T::default()));
        }
        Body::from_request(request, app).await.map(|Body(body)| Self(body))
    }
}

fn unreadable(rejection: &JsonRejection) -> Error {
    match rejection {
        JsonRejection::JsonDataError(error) => Error::Invalid { field: "body".to_owned(), why: cause(error) },
        JsonRejection::JsonSyntaxError(error) => {
            Error::Malformed(format!("the body is not JSON: {}", cause(error)))
        }
        JsonRejection::MissingJsonContentType(_) => Error::Malformed(
            "send the body as JSON, with the header `Content-Type: application/json`".to_owned(),
        ),
        other if other.status() == 413 => Error::TooLarge { limit_kib: MAX_BODY / 1024 },
        other => Error::Malformed(other.body_text()),
    }
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

/// Query parameters; anything unreadable is a clear problem.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(BadQuery))]
pub struct Query<T>(pub T);

/// Path parameters; anything unreadable is a clear problem.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(BadPath))]
pub struct Path<T>(pub T);

/// A query that could not be read.
pub struct BadQuery(String);

impl From<axum::extract::rejection::QueryRejection> for BadQuery {
    fn from(rejection: axum::extract::rejection::QueryRejection) -> Self {
        Self(rejection.body_text())
    }
}

/// A path that could not be read.
pub struct BadPath(String);

impl From<axum::extract::rejection::PathRejection> for BadPath {
    fn from(rejection: axum::extract::rejection::PathRejection) -> Self {
        Self(rejection.body_text())
    }
}

impl axum::response::IntoResponse for BadQuery {
    fn into_response(self) -> axum::response::Response {
        Error::Malformed(self.0).into_response()
    }
}

impl axum::response::IntoResponse for BadPath {
    fn into_response(self) -> axum::response::Response {
        Error::Malformed(self.0).into_response()
    }
}
