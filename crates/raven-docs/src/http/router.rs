//! Every route of the HTTP door, on one page.

use std::net::SocketAddr;

use axum::extract::DefaultBodyLimit;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::middleware;
use axum::{Router, routing};
use socketioxide::layer::SocketIoLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use super::{
    access, activity, agents, approvals, assets, assignments, attachments, audit, auth, body, comments,
    driving, equipment, extract::MAX_BODY, guard, invitations, invites, links, members, memory, mentions,
    notifications, openapi, openid, page_history, pages, policies, projects, questions, recordings, reports,
    search, security, settings, spaces, tasks, terminals, tokens, webhooks, workspaces,
};
use crate::app::App;
use crate::error::Error;

/// Accounts, sign-in, workspaces and who belongs to them.
fn of_people() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::setup))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::me))
        .routes(routes!(auth::look))
        .routes(routes!(auth::join))
        .routes(routes!(security::sessions))
        .routes(routes!(security::end_others))
        .routes(routes!(security::end_session))
        .routes(routes!(security::password))
        .routes(routes!(security::begin_second_factor))
        .routes(routes!(security::confirm_second_factor))
        .routes(routes!(security::disable_second_factor))
        .routes(routes!(security::renew_recovery_codes))
        .routes(routes!(workspaces::list, workspaces::create))
        .routes(routes!(workspaces::rename))
        .routes(routes!(workspaces::switch))
        .routes(routes!(members::list))
        .routes(routes!(members::set_role, members::remove))
        .routes(routes!(invitations::create, invitations::list))
        .routes(routes!(invitations::revoke))
        .routes(routes!(openid::settings, openid::set, openid::remove))
        .routes(routes!(openid::choices))
        .routes(routes!(openid::start))
        .routes(routes!(openid::callback))
        .routes(routes!(openid::connections, openid::connect))
        .routes(routes!(openid::disconnect))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
}

/// What people and agents plan and remember.
fn of_work() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::get, projects::change, projects::delete))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(tasks::get, tasks::change, tasks::delete))
        .routes(routes!(tasks::history))
        .routes(routes!(tasks::complete))
        .routes(routes!(tasks::assign))
        .routes(routes!(tasks::claim))
        .routes(routes!(tasks::put))
        .routes(routes!(memory::store, memory::query))
        .routes(routes!(memory::days))
        .routes(routes!(memory::delete))
}

/// Spaces, pages, and what is found in them.
fn of_knowledge() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(spaces::list, spaces::create))
        .routes(routes!(spaces::get, spaces::change, spaces::delete))
        .routes(routes!(pages::list, pages::create))
        .routes(routes!(pages::trashed))
        .routes(routes!(pages::recent))
        .routes(routes!(pages::get, pages::change, pages::trash))
        .routes(routes!(pages::relocate))
        .routes(routes!(pages::untrash))
        .routes(routes!(page_history::versions))
        .routes(routes!(page_history::version))
        .routes(routes!(page_history::restore))
        .routes(routes!(attachments::add, attachments::list))
        .routes(routes!(attachments::get, attachments::remove))
        .routes(routes!(comments::list, comments::create))
        .routes(routes!(comments::resolve))
        .routes(routes!(comments::delete))
        .routes(routes!(mentions::suggest))
        .routes(routes!(search::find))
        .routes(routes!(search::suggest))
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Base::openapi())
        .routes(routes!(auth::health))
        .merge(of_people())
        .merge(of_work())
        .merge(of_knowledge())
        .routes(routes!(settings::get, settings::patch))
        .routes(routes!(settings::update))
        .routes(routes!(settings::test))
        .routes(routes!(equipment::types))
        .routes(routes!(equipment::install))
        .routes(routes!(equipment::keys))
        .routes(routes!(equipment::set_key, equipment::remove_key))
        .routes(routes!(agents::spawn))
        .routes(routes!(agents::list))
        .routes(routes!(agents::get))
        .routes(routes!(agents::stop))
        .routes(routes!(agents::restart))
        .routes(routes!(agents::screen))
        .routes(routes!(access::request))
        .routes(routes!(access::pending))
        .routes(routes!(access::available))
        .routes(routes!(access::approve))
        .routes(routes!(access::deny))
        .routes(routes!(access::revoke))
        .routes(routes!(access::permissions))
        .routes(routes!(access::rotate_key))
        .routes(routes!(invites::create, invites::list))
        .routes(routes!(invites::revoke))
        .routes(routes!(invites::register))
        .routes(routes!(driving::send))
        .routes(routes!(driving::cancel))
        .routes(routes!(driving::answer))
        .routes(routes!(driving::interrupt))
        .routes(routes!(activity::of_agent))
        .routes(routes!(activity::of_workspace))
        .routes(routes!(activity::list))
        .routes(routes!(activity::export))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export))
        .routes(routes!(audit::verify))
        .routes(routes!(audit::checkpoints, audit::checkpoint))
        .routes(routes!(audit::public_key))
        .routes(routes!(reports::callback))
        .routes(routes!(reports::heartbeat))
        .routes(routes!(reports::create_session, terminals::list))
        .routes(routes!(terminals::get, terminals::terminate))
        .routes(routes!(reports::session_status))
        .routes(routes!(terminals::of_agent))
        .routes(routes!(recordings::recording))
        .routes(routes!(recordings::logs))
        .routes(routes!(recordings::transcript))
        .routes(routes!(recordings::verify))
        .routes(routes!(links::create, links::list))
        .routes(routes!(links::revoke))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::read))
        .routes(routes!(notifications::read_all))
        .routes(routes!(notifications::preferences, notifications::set_preferences))
        .routes(routes!(notifications::test_email))
        .routes(routes!(webhooks::create, webhooks::list))
        .routes(routes!(webhooks::change, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::redeliver))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::get))
        .routes(routes!(approvals::approve))
        .routes(routes!(approvals::reject))
        .routes(routes!(questions::list))
        .routes(routes!(questions::answer))
        .routes(routes!(assignments::create, assignments::list))
        .routes(routes!(assignments::list_all))
        .routes(routes!(assignments::get))
        .routes(routes!(assignments::report))
        .routes(routes!(assignments::cancel))
        .routes(routes!(policies::get, policies::put))
        .routes(routes!(policies::of_agent, policies::put_of_agent))
}

/// The description of all routes.
pub fn describe() -> utoipa::openapi::OpenApi {
    openapi::finish(api().into_openapi())
}

/// The whole service: routes, sockets, UI, and what every request passes first.
pub fn service(
    app: App,
    mcp: Router<App>,
    sockets: SocketIoLayer,
) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    let (routes, description) = api().split_for_parts();
    let description = openapi::finish(description);
    Router::new()
        .merge(routes)
        .merge(mcp)
        .merge(SwaggerUi::new("/api/docs").url("/api/openapi.json", description))
        .method_not_allowed_fallback(async || Error::NoRoute)
        .fallback(routing::get(assets::serve).fallback(async || Error::NoRoute))
        .layer(middleware::from_fn_with_state(app.clone(), body::whole))
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(sockets)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
        .into_make_service_with_connect_info()
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    use axum::response::IntoResponse as _;
    Error::Internal(anyhow::anyhow!("a request handler panicked")).into_response()
}
