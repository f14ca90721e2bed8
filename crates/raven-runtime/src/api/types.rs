//! Kinds of agents over HTTP: which there are, and their installation.
//!
//! Owns how these are asked and answered. Must not know how a program is installed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use raven_protocol::agent::AgentType;
use raven_protocol::kind::{AgentTypeStatus, AgentTypes};

use super::Api;
use super::problem::Refusal;

/// Every kind as it stands on this machine.
pub async fn list(State(api): State<Api>) -> Json<AgentTypes> {
    Json(AgentTypes { items: api.pulse.agents.types() })
}

/// Begins to install a kind's program; the list tells how that goes.
pub async fn install(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<AgentTypeStatus>), Refusal> {
    let unknown = || {
        Refusal::UnknownType(format!(
            "there is no agent type `{name}` here: GET /api/types lists those there are"
        ))
    };
    let wanted = AgentType::parse(name.as_str()).map_err(|_| unknown())?;
    let kind = api.pulse.agents.kinds().find(&wanted).ok_or_else(unknown)?;
    if kind.is.program.package.is_none() {
        return Err(Refusal::NotInstallable(format!(
            "`{name}` names no package: install its program by hand"
        )));
    }
    let status = api.pulse.agents.install(&wanted).ok_or_else(unknown)?;
    Ok((StatusCode::ACCEPTED, Json(status)))
}
