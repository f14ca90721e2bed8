//! Deadlines: what is stored with one is ended when it has come, also when the server was down then.
//!
//! Owns the waking up. Must not know what a deadline means: the rooms do.

use std::sync::Arc;
use std::time::Duration;

use raven_protocol::time::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::approvals::Approvals;
use crate::assignments::Assignments;
use crate::error::Error;
use crate::questions::Questions;

/// Longest sleep: a clock that is set, and a machine that slept, bring a stored time nearer than a timer knows.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The rooms whose things have deadlines.
pub struct Rooms {
    pub approvals: Approvals,
    pub questions: Questions,
    pub assignments: Assignments,
}

/// Keeps to all deadlines, until the server ends.
pub async fn keep(rooms: Rooms, set: Arc<Notify>, cancel: CancellationToken) {
    loop {
        let next = match ended(&rooms).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "deadlines could not be looked at");
                None
            }
        };
        let until = next.map_or(i64::MAX, |next| next.as_millis() - Timestamp::now().as_millis());
        let sleep = LOOK_AGAIN.min(Duration::from_millis(u64::try_from(until).unwrap_or(0)));
        tokio::select! {
            () = cancel.cancelled() => return,
            () = set.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

async fn ended(rooms: &Rooms) -> Result<Option<Timestamp>, Error> {
    let next =
        [rooms.approvals.expire().await?, rooms.questions.expire().await?, rooms.assignments.expire().await?];
    Ok(next.into_iter().flatten().min())
}
