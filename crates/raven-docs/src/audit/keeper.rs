//! The task that keeps the log: checkpoints by the hour, their delivery, and the daily end of what is old.
//!
//! Owns when. Must not know how any of it is done.

use std::time::Duration;

use raven_protocol::time::Timestamp;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::deliver::{Delivery, Places};
use super::log::AuditLog;

/// How often checkpoints are made: what happened since the last one can be undone by whoever has the key.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often old entries are looked for: they are kept for days.
const EXPIRE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is looked for checkpoints that a command beside the server made.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Keeps the log for as long as the server runs.
pub async fn keep(audit: AuditLog, places: Places, cancel: CancellationToken) {
    if let Some(folder) = &places.folder
        && let Err(error) = audit.compare_with_filed(folder).await
    {
        tracing::warn!(error = %format!("{error:#}"), "the checkpoints that were filed before cannot be compared");
    }
    let mut delivery = Delivery::new(audit.clone(), places);
    let (mut checkpoint_at, mut expire_at) = (Instant::now(), Instant::now());
    loop {
        let now = Instant::now();
        if now >= expire_at {
            expire_at = now + EXPIRE_EVERY;
            if let Err(error) = audit.expire(Timestamp::now()).await {
                tracing::error!(%error, "old entries of the audit log could not be removed");
            }
        }
        if now >= checkpoint_at {
            checkpoint_at = now + CHECKPOINT_EVERY;
            if let Err(error) = audit.checkpoint_all().await {
                tracing::error!(%error, "the audit log could not be signed");
            }
        }
        let again = tokio::select! {
            again = delivery.deliver() => again,
            () = cancel.cancelled() => return,
        };
        let look = Instant::now() + LOOK_EVERY;
        let next = [checkpoint_at, expire_at, look].into_iter().chain(again).min().unwrap_or(look);
        tokio::select! {
            () = sleep_until(next) => {}
            () = audit.made.notified() => {}
            () = cancel.cancelled() => return,
        }
    }
}
