//! The OpenAPI description, made from the routes.

use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Content, Ref, RefOr, ResponseBuilder};

use super::extract::COOKIE;
use super::router;

#[derive(OpenApi)]
#[openapi(
    info(title = "Raven", description = "The control plane of Raven: settings, agents, terminals, activity."),
    components(schemas(raven_protocol::problem::Problem)),
    modifiers(&Security)
)]
pub struct Base;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Components::new);
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        components.add_security_scheme("bearer", bearer);
        components.add_security_scheme("cookie", cookie);
    }
}

/// What holds for every operation: a name of its own, and problems as its errors.
struct Operations;

impl utoipa::Modify for Operations {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for item in openapi.paths.paths.values_mut() {
            let all = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
            for operation in all.into_iter().flatten() {
                // Handlers are named within their file, operations within the whole description.
                let tag =
                    operation.tags.as_deref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
                let name = operation.operation_id.take().unwrap_or_default();
                operation.operation_id = Some(format!("{tag}_{name}"));
                for (status, response) in &mut operation.responses.responses {
                    if status.starts_with(['4', '5']) {
                        *response = RefOr::T(problem_response());
                    }
                }
            }
        }
    }
}

fn problem_response() -> utoipa::openapi::Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new()
        .description("What went wrong and what to do")
        .content(raven_protocol::problem::PROBLEM_JSON, content)
        .build()
}

/// The description as JSON text.
pub fn json() -> anyhow::Result<String> {
    Ok(router::describe().to_pretty_json()?)
}

/// Applies what holds for all routes.
pub fn finish(mut openapi: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    use utoipa::Modify as _;
    Operations.modify(&mut openapi);
    openapi
}
