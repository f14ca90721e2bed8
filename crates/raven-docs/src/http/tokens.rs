//! Routes of a person's own access tokens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::TokenId;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::extract::{Body, Path, Query, Recognised, SignedIn};
use crate::app::App;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::people::tokens::{NewToken, Token};

/// A token with its secret, shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CreatedToken {
    #[serde(flatten)]
    described: Token,
    /// Send it as `Authorization: Bearer …`.
    token: String,
}

/// Make a token.
#[utoipa::path(post, path = "/api/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = CreatedToken), (status = 401), (status = 403), (status = 422)))]
pub async fn create(
    State(app): State<App>,
    Recognised(person, by): Recognised,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Error> {
    let (described, secret) = app.people.create_token(&person, &by, new).await?;
    let token = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(CreatedToken { described, token })))
}

/// One's own tokens of the workspace, newest first.
#[utoipa::path(get, path = "/api/tokens", tag = "tokens", params(PageQuery),
    responses((status = 200, body = Page<Token>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    SignedIn(person): SignedIn,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Token>>, Error> {
    Ok(Json(app.people.tokens(&person, page).await?))
}

/// Revoke a token; it is refused from then on.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)))]
pub async fn revoke(
    State(app): State<App>,
    Recognised(person, by): Recognised,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Error> {
    app.people.revoke_token(&person, &by, &id).await?;
    app.auth.credential_ended();
    Ok(StatusCode::NO_CONTENT)
}
