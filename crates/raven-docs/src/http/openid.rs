//! Routes of sign-in by other services: their settings, the way there and back, and one's own identities there.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use raven_protocol::id::{ConnectionId, IdentityProviderId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::auth;
use super::extract::{Body, InBrowser, May, Path, PerhapsInBrowser, Query, UserAgent, cookie};
use crate::access::Own;
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::people::openid::connections::{Connections, NewConnection};
use crate::people::openid::providers::{SignInChoice, SignInProviderChange, SignInSettings};
use crate::people::openid::{ATTEMPT_SECONDS, Back, Begun, Callback, Finished};
use crate::people::second_factor::WithPassword;

/// Name of the cookie that binds an attempt to its browser, and where it is sent.
const COOKIE: &str = "raven_openid";
const COOKIE_PATH: &str = "/api/auth/oidc";

/// Where to go to connect an identity.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WayThere {
    location: String,
}

/// What a provider sends a browser back with.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SentBack {
    #[serde(default)]
    state: String,
    #[param(value_type = Option<String>)]
    code: Option<SecretString>,
    iss: Option<String>,
}

/// The service by which the people of the workspace sign in.
#[utoipa::path(get, path = "/api/workspace/sign-in", tag = "openid",
    responses((status = 200, body = SignInSettings), (status = 401), (status = 403)))]
pub async fn settings(State(app): State<App>, May(by): May<Own>) -> Result<Json<SignInSettings>, Error> {
    Ok(Json(app.openid.settings(&by).await?))
}

/// Set it; its issuer is asked first.
#[utoipa::path(put, path = "/api/workspace/sign-in", tag = "openid", request_body = SignInProviderChange,
    responses((status = 200, body = SignInSettings), (status = 401), (status = 403), (status = 422)))]
pub async fn set(
    State(app): State<App>,
    May(by): May<Own>,
    Body(wanted): Body<SignInProviderChange>,
) -> Result<Json<SignInSettings>, Error> {
    Ok(Json(app.openid.set(&by, wanted).await?))
}

/// Remove it: nobody signs in by it any more.
#[utoipa::path(delete, path = "/api/workspace/sign-in", tag = "openid",
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
pub async fn remove(State(app): State<App>, May(by): May<Own>) -> Result<StatusCode, Error> {
    app.openid.remove(&by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The services that one can sign in by.
#[utoipa::path(get, path = "/api/auth/providers", tag = "openid", params(PageQuery),
    responses((status = 200, body = Page<SignInChoice>)))]
pub async fn choices(
    State(app): State<App>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SignInChoice>>, Error> {
    Ok(Json(app.openid.choices(page).await?))
}

/// Go to a service to sign in; for browsers. Whatever stands against it is told on the sign-in page.
#[utoipa::path(get, path = "/api/auth/oidc/{id}/start", tag = "openid", params(("id" = String, Path)),
    responses((status = 303)))]
pub async fn start(
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<IdentityProviderId>,
) -> Response {
    if let Some(there) = under_public_name(&app, &headers, &format!("/api/auth/oidc/{id}/start")) {
        return Redirect::to(&there).into_response();
    }
    match app.openid.start(&id).await {
        Ok(Begun { location, browser }) => (kept(&app, &browser), Redirect::to(&location)).into_response(),
        Err(error) => Redirect::to(&page_of(&error, "/login")).into_response(),
    }
}

/// Back from a service; for browsers. Signs in, or connects the identity of whoever began that.
#[utoipa::path(get, path = "/api/auth/oidc/callback", tag = "openid", params(SentBack),
    responses((status = 303)))]
pub async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    PerhapsInBrowser(signed_in): PerhapsInBrowser,
    UserAgent(user_agent): UserAgent,
    Query(sent): Query<SentBack>,
) -> Response {
    let failed_at = if signed_in.is_some() { "/settings/security" } else { "/login" };
    let back = Back {
        kept: cookie(&headers, COOKIE).map(|text| text.to_owned().into()),
        user_agent,
        signed_in: signed_in.map(|InBrowser(person, _)| person),
    };
    let callback = Callback { state: sent.state, code: sent.code, issuer: sent.iss };
    let mut response = match app.openid.finish(callback, back).await {
        Ok(Finished::SignedIn(secret)) => (auth::cookie(&app, &secret), Redirect::to("/")).into_response(),
        Ok(Finished::Connected) => Redirect::to("/settings/security?connected").into_response(),
        Err(error) => Redirect::to(&page_of(&error, failed_at)).into_response(),
    };
    let gone = format!("{COOKIE}=; Path={COOKIE_PATH}; Max-Age=0; HttpOnly; SameSite=Lax");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// One's identities at other services, and those that one may be connected with.
#[utoipa::path(get, path = "/api/auth/connections", tag = "openid", params(PageQuery),
    responses((status = 200, body = Connections), (status = 401), (status = 403)))]
pub async fn connections(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Query(page): Query<PageQuery>,
) -> Result<Json<Connections>, Error> {
    Ok(Json(app.openid.connections(&person, page).await?))
}

/// Begin to connect an identity; answers where the browser goes for it.
#[utoipa::path(post, path = "/api/auth/connections", tag = "openid", request_body = NewConnection,
    responses((status = 201, body = WayThere), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn connect(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Body(NewConnection { provider_id, password }): Body<NewConnection>,
) -> Result<Response, Error> {
    let begun = app.openid.connect(&person, &provider_id, WithPassword { password }).await?;
    let Begun { location, browser } = begun;
    Ok((StatusCode::CREATED, kept(&app, &browser), Json(WayThere { location })).into_response())
}

/// Disconnect one.
#[utoipa::path(post, path = "/api/auth/connections/{id}/remove", tag = "openid",
    params(("id" = String, Path)), request_body = WithPassword,
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 422)))]
pub async fn disconnect(
    State(app): State<App>,
    InBrowser(person, _): InBrowser,
    Path(id): Path<ConnectionId>,
    Body(proof): Body<WithPassword>,
) -> Result<StatusCode, Error> {
    app.openid.disconnect(&person, &id, proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The header by which a browser keeps what binds it to its attempt. `Lax`, as it comes back from another site.
fn kept(app: &App, browser: &SecretString) -> [(header::HeaderName, String); 1] {
    let secure = if app.names.is_secure() { "; Secure" } else { "" };
    let secret = browser.expose_secret();
    let attributes = format!("Path={COOKIE_PATH}; Max-Age={ATTEMPT_SECONDS}; HttpOnly; SameSite=Lax{secure}");
    [(header::SET_COOKIE, format!("{COOKIE}={secret}; {attributes}"))]
}

/// The page that tells of an error.
fn page_of(error: &Error, page: &str) -> String {
    if let Error::Internal(cause) = error {
        tracing::error!(error = format!("{cause:#}"), "a sign-in by another service failed");
    }
    format!("{page}?problem={}", error.code())
}

/// The same address under the name that services send browsers back to, when the browser uses another: cookies
/// are kept by name.
fn under_public_name(app: &App, headers: &HeaderMap, path: &str) -> Option<String> {
    let base = app.public_url.trim_end_matches('/');
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (_, public) = base.split_once("://")?;
    let public = public.split('/').next().unwrap_or_default();
    (!public.eq_ignore_ascii_case(host)).then(|| format!("{base}{path}"))
}
