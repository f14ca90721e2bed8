//! Routes of the agent settings and of the runtime's test.

use axum::Json;
use axum::extract::State;

use super::extract::{Body, May, OptionalBody};
use super::problem::request_id;
use crate::access::{Administer, Drive, Read};
use crate::app::App;
use crate::error::Error;
use crate::runtimes::{RuntimeTest, TestRequest};
use crate::settings::{self, AgentSettings, SettingsChange};

/// How agents are hosted, and what is known of the runtime.
#[utoipa::path(get, path = "/api/workspace/agent-settings", tag = "settings",
    responses((status = 200, body = AgentSettings), (status = 401)))]
pub async fn get(State(app): State<App>, May(by): May<Read>) -> Result<Json<AgentSettings>, Error> {
    Ok(Json(settings::get(&app.db, &by).await?))
}

/// Change how agents are hosted.
#[utoipa::path(patch, path = "/api/workspace/agent-settings", tag = "settings", request_body = SettingsChange,
    responses((status = 200, body = AgentSettings), (status = 401), (status = 403), (status = 422)))]
pub async fn patch(
    State(app): State<App>,
    May(by): May<Administer>,
    Body(change): Body<SettingsChange>,
) -> Result<Json<AgentSettings>, Error> {
    let after = settings::update(&app.changes, &app.secrets, &by, change).await?;
    app.recordings.set_policy(by.workspace(), after.record_input);
    app.watchers.restart(by.workspace());
    app.auth.credential_ended();
    Ok(Json(after))
}

/// The older form of the same change.
#[utoipa::path(post, path = "/api/workspace/agent-settings/update", tag = "settings", request_body = SettingsChange,
    responses((status = 200, body = AgentSettings), (status = 401), (status = 403), (status = 422)))]
pub async fn update(
    state: State<App>,
    by: May<Administer>,
    change: Body<SettingsChange>,
) -> Result<Json<AgentSettings>, Error> {
    patch(state, by, change).await
}

/// Ask the runtime for its health. Only admins may name another address than the settings'.
#[utoipa::path(post, path = "/api/parallax-agents/runtime/test", tag = "runtime", request_body = TestRequest,
    responses((status = 200, body = RuntimeTest), (status = 401), (status = 403), (status = 422)))]
pub async fn test(
    State(app): State<App>,
    May(by): May<Drive>,
    OptionalBody(wanted): OptionalBody<TestRequest>,
) -> Result<Json<RuntimeTest>, Error> {
    let tested = match wanted.endpoint {
        None => app.runtimes.test(&by, &request_id()).await?,
        Some(address) => app.runtimes.test_other(&by.and::<Administer>()?, &address, &request_id()).await?,
    };
    Ok(Json(tested))
}
