//! Routes of the queue: what waits for people, and their decisions.

use axum::Json;
use axum::extract::State;
use raven_protocol::id::ApprovalId;
use serde::Deserialize;

use super::extract::{Body, May, OptionalBody, Path, Presented, Query};
use crate::access::{Decide, Read, decide_person};
use crate::app::App;
use crate::approvals::queue::{QueueItem, QueueQuery};
use crate::approvals::{Approval, Approve, Reject, SeenApproval, Verdict};
use crate::auth::Caller;
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// How long to wait for a decision.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct Wait {
    /// 0 to 60; answered at once by default.
    pub wait_seconds: u64,
}

/// What waits for people, or was decided by them.
#[utoipa::path(get, path = "/api/approvals", tag = "approvals", params(QueueQuery, PageQuery),
    responses((status = 200, body = Page<QueueItem>), (status = 401)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<Read>,
    Query(query): Query<QueueQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<QueueItem>>, Error> {
    Ok(Json(app.approvals.list(&by, &app.questions, query, page).await?))
}

/// One request, at once or as soon as it is decided; an agent sees its own by its key.
#[utoipa::path(get, path = "/api/approvals/{id}", tag = "approvals", params(("id" = String, Path), Wait),
    responses((status = 200, body = SeenApproval), (status = 401), (status = 404), (status = 422)))]
pub async fn get(
    State(app): State<App>,
    Presented(credentials): Presented,
    Path(id): Path<ApprovalId>,
    Query(wait): Query<Wait>,
) -> Result<Json<SeenApproval>, Error> {
    let seen = match app.auth.caller(&credentials).await? {
        Caller::Person(person) => {
            let by = decide_person::<Read>(&person)?;
            app.approvals.get(&by, &id, wait.wait_seconds).await?
        }
        Caller::Agent(agent) => {
            let approval = app.approvals.get_own(&agent, &id, wait.wait_seconds).await?;
            SeenApproval { approval, refusal: Some("no agent decides; people do".to_owned()) }
        }
        Caller::ControlPlane(_) => {
            return Err(Error::Denied("a control plane sees no approvals".to_owned()));
        }
    };
    // Whose access ended while they waited is told nothing.
    app.auth.caller(&credentials).await?;
    Ok(Json(seen))
}

/// Approve a request; what it asks for is done once enough people have.
#[utoipa::path(post, path = "/api/approvals/{id}/approve", tag = "approvals", params(("id" = String, Path)),
    request_body = Approve,
    responses((status = 200, body = Approval), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn approve(
    State(app): State<App>,
    May(by): May<Decide>,
    Path(id): Path<ApprovalId>,
    OptionalBody(said): OptionalBody<Approve>,
) -> Result<Json<Approval>, Error> {
    Ok(Json(app.approvals.decide(&by, &id, Verdict::Approve, said.note).await?))
}

/// Reject a request.
#[utoipa::path(post, path = "/api/approvals/{id}/reject", tag = "approvals", params(("id" = String, Path)),
    request_body = Reject,
    responses((status = 200, body = Approval), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn reject(
    State(app): State<App>,
    May(by): May<Decide>,
    Path(id): Path<ApprovalId>,
    Body(said): Body<Reject>,
) -> Result<Json<Approval>, Error> {
    if said.reason.trim().is_empty() {
        return Err(Error::invalid("reason", "must say why: whoever asked reads it"));
    }
    Ok(Json(app.approvals.decide(&by, &id, Verdict::Reject, Some(said.reason)).await?))
}
