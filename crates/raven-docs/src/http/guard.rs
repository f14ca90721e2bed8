//! What every request passes first: its id, and whether its `Host` and `Origin` are ours.
//!
//! Owns the protection against DNS rebinding and cross-site sockets. Must not know routes.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use raven_protocol::id::ActivityId;
use tracing::Instrument as _;
use url::Url;

use super::problem::REQUEST_ID;
use crate::app::App;
use crate::error::Error;
use crate::origin::{Known, Origin};

/// Header that carries a request's id, taken from the caller when it is well-formed.
const REQUEST_ID_HEADER: &str = "x-request-id";

/// Where agents call tools.
const TOOLS: [&str; 2] = ["/mcp", "/api/mcp-standard/"];

/// Largest sum of header bytes.
const MAX_HEADERS: usize = 16 * 1024;

/// The names under which this server may be addressed.
#[derive(Debug)]
pub struct Names {
    port: u16,
    bound: SocketAddr,
    public: Option<Url>,
}

impl Names {
    pub fn new(bound: SocketAddr, public: Option<&Url>) -> Self {
        Self { port: bound.port(), bound, public: public.cloned() }
    }

    /// Whether browsers reach this server by TLS.
    pub fn is_secure(&self) -> bool {
        self.public.as_ref().is_some_and(|public| public.scheme() == "https")
    }

    /// Whether a `Host` header names this server.
    fn is_host(&self, host: &str) -> bool {
        let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
        if let Some(public) = &self.public
            && public.host_str() == url.host_str()
            && public.port() == url.port()
        {
            return true;
        }
        let here = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback() || self.is_bound_to(ip.into()),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback() || self.is_bound_to(ip.into()),
            None => false,
        };
        here && url.port_or_known_default() == Some(self.port)
    }

    fn is_bound_to(&self, ip: std::net::IpAddr) -> bool {
        // An address cannot be rebound by a name, so any of this machine's is good when all are listened on.
        self.bound.ip() == ip || self.bound.ip().is_unspecified()
    }

    /// Whether an `Origin` header is a page of this server, addressed as the request is.
    fn is_origin(&self, origin: &str, host: &str) -> bool {
        let Ok(origin) = Url::parse(origin) else { return false };
        if let Some(public) = &self.public
            && public.origin() == origin.origin()
        {
            return true;
        }
        Url::parse(&format!("http://{host}/")).is_ok_and(|own| own.origin() == origin.origin())
    }
}

/// Gives the request an id and a span, checks where it is addressed and where it comes from. What may change something
/// goes on when the caller leaves: nothing of it may stay half done.
pub async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(new_id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        request.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    // A call of a tool is seen through by itself, and what it waits for is given up with the client.
    let goes_on =
        !request.method().is_safe() && !TOOLS.iter().any(|path| request.uri().path().starts_with(path));
    let asked = format!("{} {}", request.method(), request.uri().path());
    let span = tracing::info_span!("request", request.id = id, method = %request.method(), path = request.uri().path());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| app.proxies.caller(peer, request.headers()));
    let origin = Origin { request_id: Some(id.clone()), address };
    let (deeds, names) = (app.deeds.clone(), app.names);
    let answering = async move {
        match check(&names, request.headers(), request.uri()) {
            Ok(()) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    };
    let known = Known::default();
    let refusals = app.refusals;
    let answering = async move {
        let response = known.clone().scope(answering).await;
        if response.status() == StatusCode::FORBIDDEN
            && let Some((workspace, actor)) = known.get()
            && let Err(error) = refusals.note(workspace, actor.clone(), &asked).await
        {
            tracing::error!(%error, "a refusal could not be recorded");
        }
        response
    };
    let answering = REQUEST_ID.scope(id.clone(), origin.scope(answering.instrument(span)));
    let mut response = if goes_on {
        deeds.see_through(answering).await.unwrap_or_else(Error::into_response)
    } else {
        answering.await
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    harden(response.headers_mut());
    response
}

fn check(names: &Names, headers: &HeaderMap, uri: &Uri) -> Result<(), Error> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MAX_HEADERS {
        return Err(Error::TooLarge { limit_kib: MAX_HEADERS / 1024 });
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str)).unwrap_or_default();
    if !names.is_host(host) {
        let hint =
            format!("this server is not known as `{host}`; start it with --public-url to give it that name");
        return Err(Error::Denied(hint));
    }
    match headers.get(header::ORIGIN) {
        None => Ok(()),
        Some(origin) if origin.to_str().is_ok_and(|origin| names.is_origin(origin, host)) => Ok(()),
        Some(_) => Err(Error::Denied("pages of other sites may not call this server".to_owned())),
    }
}

fn given_id(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(REQUEST_ID_HEADER)?.to_str().ok()?;
    ActivityId::parse(given).ok().map(|id| id.to_string())
}

fn new_id() -> String {
    ActivityId::generate().to_string().replacen(ActivityId::PREFIX, "req", 1)
}

fn harden(headers: &mut HeaderMap) {
    // The player of recordings compiles a terminal from WebAssembly that it carries; scripts stay ours alone.
    let csp = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
               img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
    for (name, value) in [
        ("content-security-policy", csp),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        // What is served may be stricter than our own pages.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_names_and_pages_pass() {
        let bound = "127.0.0.1:3000".parse().unwrap();
        let public = Url::parse("https://raven.company.com").unwrap();
        let names = Names::new(bound, Some(&public));
        for good in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "raven.company.com"] {
            assert!(names.is_host(good), "{good}");
        }
        for bad in
            ["", "evil.com", "evil.com:3000", "localhost:3001", "10.0.0.1:3000", "localhost.evil.com:3000"]
        {
            assert!(!names.is_host(bad), "{bad}");
        }
        assert!(names.is_origin("http://localhost:3000", "localhost:3000"));
        assert!(names.is_origin("https://raven.company.com", "raven.company.com"));
        for bad in ["null", "http://evil.com", "http://localhost:3001", "https://localhost:3000"] {
            assert!(!names.is_origin(bad, "localhost:3000"), "{bad}");
        }
    }
}
