//! Routes of the work that is given to agents: by people, by agents that may delegate, by a control plane outside.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use raven_protocol::id::{AgentId, AssignmentId};

use super::extract::{Body, Key, May, Path, Query};
use super::governed::recorded;
use crate::access::work::{AssignWork, ReportWork, SeeWork};
use crate::app::App;
use crate::assignments::listing::OfAgent;
use crate::assignments::reporting::Report;
use crate::assignments::{Assignment, AssignmentQuery, NewAssignment};
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// Give an agent work. It fetches it, or gets it typed when it is ready.
#[utoipa::path(post, path = "/api/agents/{id}/assignments", tag = "assignments", params(("id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with its key gives nothing more")),
    request_body = NewAssignment,
    responses((status = 201, body = Assignment), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn create(
    State(app): State<App>,
    May(by): May<AssignWork>,
    Path(id): Path<AgentId>,
    Key(key): Key,
    Body(new): Body<NewAssignment>,
) -> Result<(StatusCode, Json<Assignment>), Error> {
    if let Some(agent) = by.agent() {
        app.approvals.check_delegation(agent, &id, &new).await?;
    }
    let given = app.assignments.assign(&by, &id, new, key).await?;
    Ok((StatusCode::CREATED, Json(given)))
}

/// The work of an agent, newest first; an agent sees its own.
#[utoipa::path(get, path = "/api/agents/{id}/assignments", tag = "assignments",
    params(("id" = String, Path), AssignmentQuery, PageQuery),
    responses((status = 200, body = Page<Assignment>), (status = 401), (status = 404)))]
pub async fn list(
    State(app): State<App>,
    May(by): May<SeeWork>,
    Path(id): Path<AgentId>,
    Query(query): Query<AssignmentQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Assignment>>, Error> {
    recorded(&app, &by, "assignment_get").await?;
    Ok(Json(app.assignments.list(&by, &id, query, page).await?))
}

/// The work of all agents, newest first; an agent sees its own.
#[utoipa::path(get, path = "/api/assignments", tag = "assignments", params(OfAgent, AssignmentQuery, PageQuery),
    responses((status = 200, body = Page<Assignment>), (status = 401), (status = 404), (status = 422)))]
pub async fn list_all(
    State(app): State<App>,
    May(by): May<SeeWork>,
    Query(of): Query<OfAgent>,
    Query(query): Query<AssignmentQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Assignment>>, Error> {
    Ok(Json(app.assignments.list_all(&by, of, query, page).await?))
}

/// One assignment; an agent sees its own, and what it gave.
#[utoipa::path(get, path = "/api/assignments/{id}", tag = "assignments", params(("id" = String, Path)),
    responses((status = 200, body = Assignment), (status = 401), (status = 404)))]
pub async fn get(
    State(app): State<App>,
    May(by): May<SeeWork>,
    Path(id): Path<AssignmentId>,
) -> Result<Json<Assignment>, Error> {
    recorded(&app, &by, "assignment_get").await?;
    Ok(Json(app.assignments.get(&by, &id).await?))
}

/// Report on an assignment: its agent, or somebody for it.
#[utoipa::path(post, path = "/api/assignments/{id}/report", tag = "assignments", params(("id" = String, Path)),
    request_body = Report,
    responses((status = 200, body = Assignment), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
pub async fn report(
    State(app): State<App>,
    May(by): May<ReportWork>,
    Path(id): Path<AssignmentId>,
    Body(report): Body<Report>,
) -> Result<Json<Assignment>, Error> {
    Ok(Json(app.assignments.report(&by, &id, report).await?))
}

/// Call an assignment off; an agent does so with what it gave.
#[utoipa::path(post, path = "/api/assignments/{id}/cancel", tag = "assignments", params(("id" = String, Path)),
    responses((status = 200, body = Assignment), (status = 401), (status = 403), (status = 404), (status = 409)))]
pub async fn cancel(
    State(app): State<App>,
    May(by): May<AssignWork>,
    Path(id): Path<AssignmentId>,
) -> Result<Json<Assignment>, Error> {
    Ok(Json(app.assignments.cancel(&by, &id).await?))
}
