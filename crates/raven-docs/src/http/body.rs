//! The bodies of requests: all of one is there before it is judged who calls.
//!
//! Owns how much of them is kept in memory, how long they may take, and from whom. Must not know routes, but for the one
//! that takes files.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::extract::{MAX_BODY, credentials};
use crate::app::App;
use crate::attachments::MAX_SIZE;
use crate::auth::Credentials;
use crate::error::Error;

/// How long a body may take to arrive: 1 MiB by a slow line.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The same of a file that is attached to a page: 10 MiB.
const FILE_WITHIN: Duration = Duration::from_secs(120);

/// Largest body of a caller whom nobody knows: far more than signing in or asking for access takes.
const OF_STRANGERS: usize = 64 * 1024;

/// How many KiB of larger bodies may be on their way at once: a dozen files.
const KIB_ON_THEIR_WAY: usize = 128 * 1024;

static ON_THEIR_WAY: Semaphore = Semaphore::const_new(KIB_ON_THEIR_WAY);

/// Lets a request on when all of it is there: who calls is judged after that, so that one that is held open does
/// not outlive a right. For a large body it is judged before too, so that strangers fill no memory.
pub async fn whole(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (most, within) = bounds(&request);
    let (most, room) = match room(&app, told(&request), presented(&request), (most, within)).await {
        Ok(room) => room,
        Err(error) => return error.into_response(),
    };
    DefaultBodyLimit::max(most).apply(&mut request);
    let (parts, body) = request.into_parts();
    let head = Request::from_parts(parts.clone(), body);
    let arrived = timeout(within, Bytes::from_request(head, &())).await;
    // What is called may wait for people: it does not keep others from sending.
    drop(room);
    match arrived {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, body.into())).await,
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Error::TooLarge { limit_kib: most / 1024 }.into_response()
        }
        Ok(Err(rejection)) => Error::Malformed(rejection.body_text()).into_response(),
        Err(_) => {
            let within = within.as_secs();
            Error::Malformed(format!("the body did not arrive within {within} s; send it again"))
                .into_response()
        }
    }
}

/// How large a body may be, and how long it may take.
fn bounds(request: &Request) -> (usize, Duration) {
    let path = request.uri().path();
    let is_file =
        request.method() == Method::POST && path.starts_with("/api/pages/") && path.ends_with("/attachments");
    if is_file { (MAX_SIZE, FILE_WITHIN) } else { (MAX_BODY, BODY_WITHIN) }
}

/// How large a body says that it is.
#[derive(Debug, Clone, Copy)]
enum Told {
    Nothing,
    Bytes(usize),
    Unknown,
}

fn told(request: &Request) -> Told {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match length {
        Some(bytes) => Told::Bytes(bytes),
        None if headers.contains_key(header::TRANSFER_ENCODING) => Told::Unknown,
        None => Told::Nothing,
    }
}

fn presented(request: &Request) -> Credentials {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    credentials(request.headers(), peer)
}

/// How much of a body is taken, and the room that it has in memory until it is there.
///
/// # Errors
/// `Unauthenticated` for a large one of a stranger, `RateLimited` when there is no room for it in time.
async fn room(
    app: &App,
    told: Told,
    presented: Credentials,
    (most, within): (usize, Duration),
) -> Result<(usize, Option<SemaphorePermit<'static>>), Error> {
    let size = match told {
        Told::Nothing => 0,
        Told::Bytes(bytes) => bytes.min(most),
        Told::Unknown => most,
    };
    if size <= OF_STRANGERS {
        return Ok((most, None));
    }
    if !is_known(app, &presented).await? {
        // Of one who does not tell how much it is, little is taken.
        return if matches!(told, Told::Unknown) {
            Ok((OF_STRANGERS, None))
        } else {
            Err(Error::Unauthenticated)
        };
    }
    let kib = u32::try_from(size.div_ceil(1024)).unwrap_or(u32::MAX);
    match timeout(within, ON_THEIR_WAY.acquire_many(kib)).await {
        Ok(Ok(room)) => Ok((most, Some(room))),
        Ok(Err(_)) | Err(_) => Err(Error::RateLimited { seconds: within.as_secs() }),
    }
}

/// Whether the caller is somebody: a person, an agent, a control plane, or a runtime.
async fn is_known(app: &App, presented: &Credentials) -> Result<bool, Error> {
    match app.auth.caller(presented).await {
        Ok(_) => Ok(true),
        Err(Error::Unauthenticated | Error::UnknownAgentKey) => match &presented.bearer {
            Some(bearer) => Ok(!app.auth.runtimes_of(bearer).await?.is_empty()),
            None => Ok(false),
        },
        Err(error) => Err(error),
    }
}
