//! What every call passes: request id, sizes, `Host`, `Origin`, credential.
//!
//! Owns who may call. Must not know routes.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use raven_protocol::id::RuntimeId;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::Api;
use super::problem::Refusal;

/// Longest headers together, in bytes.
const MAX_HEADERS: usize = 16 * 1024;

/// Longest request id that is taken over from a caller.
const MAX_REQUEST_ID: usize = 128;

/// Name of the header that carries a request's id.
const REQUEST_ID: &str = "x-request-id";

/// Whom this runtime listens to.
pub struct Door {
    api_key: Option<SecretString>,
    bound: IpAddr,
    origins: Vec<Url>,
}

impl Door {
    /// The rules of a daemon that listens on an address.
    pub fn new(api_key: Option<SecretString>, bound: SocketAddr, origins: Vec<Url>) -> Self {
        Self { api_key, bound: bound.ip(), origins }
    }

    /// Whether the caller has shown the key, or none is wanted.
    pub fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(key) = &self.api_key else { return true };
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = match shown.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return false,
        };
        token.as_bytes().ct_eq(key.expose_secret().as_bytes()).into()
    }

    /// A page that made a name of its own point here still sends that name.
    fn is_our_host(&self, authority: &str) -> bool {
        let Ok(url) = Url::parse(&format!("http://{authority}/")) else { return false };
        match url.host() {
            Some(url::Host::Domain(name)) => {
                name == "localhost"
                    || name.ends_with(".localhost")
                    || self.origins.iter().any(|origin| origin.host_str() == Some(name))
            }
            // An address is no name: nobody can make it point elsewhere.
            Some(url::Host::Ipv4(address)) => self.is_our_address(address.into()),
            Some(url::Host::Ipv6(address)) => self.is_our_address(address.into()),
            None => false,
        }
    }

    fn is_our_address(&self, address: IpAddr) -> bool {
        let allowed = |origin: &Url| match origin.host() {
            Some(url::Host::Ipv4(host)) => IpAddr::from(host) == address,
            Some(url::Host::Ipv6(host)) => IpAddr::from(host) == address,
            _ => false,
        };
        address.is_loopback()
            || address == self.bound
            || self.bound.is_unspecified()
            || self.origins.iter().any(allowed)
    }

    fn is_our_origin(&self, origin: &str, authority: &str) -> bool {
        let Ok(origin) = Url::parse(origin) else { return false };
        let here = Url::parse(&format!("{}://{authority}/", origin.scheme()));
        here.is_ok_and(|here| here.origin() == origin.origin())
            || self.origins.iter().any(|allowed| allowed.origin() == origin.origin())
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size > MAX_HEADERS {
            return Err(Refusal::HeadersTooLarge);
        }
        let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.is_our_host(host) {
            return Err(Refusal::ForeignHost(host.chars().take(100).collect()));
        }
        match headers.get(ORIGIN) {
            None => Ok(()),
            Some(origin) => match origin.to_str() {
                Ok(origin) if self.is_our_origin(origin, host) => Ok(()),
                shown => Err(Refusal::ForeignOrigin(shown.unwrap_or("?").chars().take(100).collect())),
            },
        }
    }
}

/// Outermost: gives the request its id, renders refusals, logs.
pub async fn identify(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let workspace = request.headers().get("x-workspace-id").and_then(|value| value.to_str().ok());
    let workspace = workspace.unwrap_or_default().chars().take(MAX_REQUEST_ID).collect::<String>();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if let Ok(value) = HeaderValue::from_str(&id) {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let mut answer = next.run(request).await;
    if answer.status().is_client_error() || answer.status().is_server_error() {
        let refusal = answer.extensions_mut().remove::<Refusal>();
        answer = refusal.unwrap_or_else(|| Refusal::of_status(answer.status())).render(&id);
    }
    let status = answer.status().as_u16();
    tracing::debug!(request.id = id, workspace.id = workspace, %method, path, status, "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    answer
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable =
        |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    // Any unique text will do; this is the generator of ids that is at hand.
    given
        .filter(usable)
        .map_or_else(|| RuntimeId::generate().as_str().replacen("rt_", "req_", 1), str::to_owned)
}

/// Second: only callers of our own hosts and origins, with headers of a reasonable size.
pub async fn admit(State(api): State<Api>, request: Request, next: Next) -> Result<Response, Refusal> {
    api.door.check(request.headers())?;
    Ok(next.run(request).await)
}

/// On everything but health: only callers with the key.
pub async fn authenticate(State(api): State<Api>, request: Request, next: Next) -> Result<Response, Refusal> {
    if api.door.knows(request.headers()) {
        Ok(next.run(request).await)
    } else {
        Err(Refusal::Unauthenticated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(bound: &str, origins: &[&str]) -> Door {
        let origins = origins.iter().map(|origin| Url::parse(origin).unwrap()).collect();
        Door::new(Some(SecretString::from("key")), bound.parse().unwrap(), origins)
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        pairs.iter().map(pair).collect::<Vec<(axum::http::HeaderName, HeaderValue)>>().into_iter().collect()
    }

    #[test]
    fn hosts_and_origins_are_judged_as_the_table_says() {
        let local = door("127.0.0.1:8765", &[]);
        let named = door("192.0.2.7:8765", &["https://raven.example.com"]);
        let wild = door("0.0.0.0:8765", &[]);
        let table: [(&Door, &str, Option<&str>, bool); 16] = [
            (&local, "localhost:8765", None, true),
            (&local, "127.0.0.1:8765", None, true),
            (&local, "[::1]:8765", None, true),
            (&local, "evil.example", None, false),
            (&local, "localhost.evil.example:8765", None, false),
            (&local, "192.0.2.7:8765", None, false),
            (&local, "", None, false),
            (&local, "localhost:8765", Some("http://localhost:8765"), true),
            (&local, "localhost:8765", Some("http://localhost:3000"), false),
            (&local, "localhost:8765", Some("https://evil.example"), false),
            (&local, "localhost:8765", Some("null"), false),
            (&named, "raven.example.com", Some("https://raven.example.com"), true),
            (&named, "192.0.2.7:8765", Some("https://raven.example.com"), true),
            (&named, "raven.example.com", Some("http://raven.example.com"), true),
            (&wild, "198.51.100.3:8765", None, true),
            (&wild, "evil.example", None, false),
        ];
        for (door, host, origin, admitted) in table {
            let mut pairs = vec![("host", host)];
            pairs.extend(origin.map(|origin| ("origin", origin)));
            assert_eq!(door.check(&headers(&pairs)).is_ok(), admitted, "{host} {origin:?}");
        }
    }

    #[test]
    fn only_the_whole_key_is_a_key() {
        let door = door("127.0.0.1:1", &[]);
        for (shown, known) in [
            ("Bearer key", true),
            ("bearer key", true),
            ("Bearer ke", false),
            ("Basic key", false),
            ("key", false),
        ] {
            assert_eq!(door.knows(&headers(&[("authorization", shown)])), known, "{shown}");
        }
        assert!(!door.knows(&HeaderMap::new()));
    }

    #[test]
    fn long_headers_are_refused() {
        let long = "x".repeat(MAX_HEADERS);
        let sent = headers(&[("host", "localhost"), ("x-long", &long)]);
        assert!(matches!(door("127.0.0.1:1", &[]).check(&sent), Err(Refusal::HeadersTooLarge)));
    }
}
