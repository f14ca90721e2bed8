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
        let next = ended(&rooms).await;
        let until = next.map_or(i64::MAX, |next| next.as_millis() - Timestamp::now().as_millis());
        let sleep = LOOK_AGAIN.min(Duration::from_millis(u64::try_from(until).unwrap_or(0)));
        tokio::select! {
            () = cancel.cancelled() => return,
            () = set.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Ends what is over, in each room, whatever becomes of the others; answers when the next is.
async fn ended(rooms: &Rooms) -> Option<Timestamp> {
    let ended = [
        ("approvals", rooms.approvals.expire().await),
        ("questions", rooms.questions.expire().await),
        ("assignments", rooms.assignments.expire().await),
    ];
    earliest(ended)
}

fn earliest(ended: [(&'static str, Result<Option<Timestamp>, Error>); 3]) -> Option<Timestamp> {
    let next = ended.into_iter().filter_map(|(room, next)| {
        next.unwrap_or_else(|error| {
            tracing::error!(room, %error, "deadlines could not be looked at");
            None
        })
    });
    next.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_that_fails_holds_up_no_other() {
        let (soon, late) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
        let failed = || Err(Error::NotFound("approval"));
        let next = earliest([
            ("approvals", failed()),
            ("questions", Ok(Some(late))),
            ("assignments", Ok(Some(soon))),
        ]);
        assert_eq!(next, Some(soon));
    }
}
