//! Streams that stay open: how many one key may have, and that nobody waits for a client that does not read.
//!
//! Owns both bounds. Must not know what is said on a stream.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use futures_util::{StreamExt as _, stream};
use raven_protocol::id::AgentKeyId;
use tokio::sync::mpsc;

use crate::auth::AgentCaller;
use crate::error::Error;

/// Streams of one key: one for each session that it may have, and as many whose ends are not noticed yet.
const MOST_PER_KEY: usize = 16;

/// When a client may try again that has too many: by then those that broke are noticed.
const AGAIN: u64 = 30;

/// Parts of a stream that wait for its client: far more than a client that reads lets come together.
const AHEAD: usize = 64;

/// The streams that are open.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<AgentKeyId, usize>>>);

impl Streams {
    /// Takes a place for one more stream of the caller's key.
    ///
    /// # Errors
    /// `RateLimited` when it has too many.
    pub fn take(&self, caller: &AgentCaller) -> Result<Place, Error> {
        let mut open = self.open();
        let own = open.entry(caller.key().clone()).or_insert(0);
        if *own >= MOST_PER_KEY {
            return Err(Error::RateLimited { seconds: AGAIN });
        }
        *own += 1;
        Ok(Place { key: caller.key().clone(), streams: self.clone() })
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<AgentKeyId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of an open stream, which is free again when this is dropped.
pub struct Place {
    key: AgentKeyId,
    streams: Streams,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        match open.get_mut(&self.key) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(open.remove(&self.key)),
        }
    }
}

/// A body that holds something until it has ended.
pub fn holding(body: Body, held: impl Send + 'static) -> Body {
    Body::from_stream(body.into_data_stream().map(move |part| {
        let _held = &held;
        part
    }))
}

/// A body that is read ahead of its client, until it or whatever `ends` it is over. A client that falls behind too far
/// is cut off: whoever speaks on the stream waits for nobody, and so keeps no other client waiting.
pub fn ahead(body: Body, ends: impl Future<Output = ()> + Send + 'static) -> Body {
    let (parts, mut read) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let (mut said, mut ends) = (body.into_data_stream(), pin!(ends));
        loop {
            let part = tokio::select! {
                // What ends it comes before whatever is still said.
                biased;
                () = &mut ends => return,
                () = parts.closed() => return,
                part = said.next() => part,
            };
            let Some(part) = part else { return };
            if parts.try_send(part).is_err() {
                return;
            }
        }
    });
    Body::from_stream(stream::poll_fn(move |context| read.poll_recv(context)))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;
    use std::time::Duration;

    use axum::body::{Bytes, to_bytes};
    use raven_protocol::id::{AgentId, WorkspaceId};

    use super::*;

    fn agent() -> AgentCaller {
        AgentCaller::example(WorkspaceId::generate(), AgentId::generate(), [].into())
    }

    /// Something that is said `times` times and then not ended, and what is closed when nobody hears it any more.
    fn said(times: usize) -> (Body, mpsc::Sender<()>) {
        let (open, closes) = mpsc::channel::<()>(1);
        let words = stream::iter((0..times).map(|_| Ok::<_, Infallible>(Bytes::from_static(b"x"))));
        let words = words.chain(stream::pending()).map(move |word| {
            let _closes = &closes;
            word
        });
        (Body::from_stream(words), open)
    }

    async fn within<T>(work: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(20), work).await.expect("it did not come to its end")
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_keeps_nobody_waiting() {
        let (body, open) = said(AHEAD + 1);
        let unread = ahead(body, pending());
        within(open.closed()).await;
        let heard = within(to_bytes(unread, usize::MAX)).await.unwrap();
        assert_eq!(heard.len(), AHEAD, "what was said before is there, and then it is over");
    }

    #[tokio::test]
    async fn a_stream_ends_with_what_ends_it_and_with_its_client() {
        let (body, open) = said(1);
        assert_eq!(within(to_bytes(ahead(body, async {}), 9)).await.unwrap().len().min(1), 0);
        within(open.closed()).await;
        let (body, open) = said(1);
        drop(ahead(body, pending()));
        within(open.closed()).await;
    }

    #[tokio::test]
    async fn a_key_has_so_many_streams_and_places_are_free_again() {
        let (streams, own, other) = (Streams::default(), agent(), agent());
        let mut places: Vec<_> = (0..MOST_PER_KEY).map(|_| streams.take(&own).unwrap()).collect();
        assert!(matches!(streams.take(&own), Err(Error::RateLimited { .. })));
        assert!(streams.take(&other).is_ok());
        places.pop();
        let held = holding(Body::empty(), streams.take(&own).unwrap());
        assert!(streams.take(&own).is_err());
        drop(held);
        assert!(streams.take(&own).is_ok());
        drop(places);
        assert!(streams.open().is_empty());
    }
}
