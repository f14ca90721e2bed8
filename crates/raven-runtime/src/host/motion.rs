//! Whether a screen moves or stands still.
//!
//! Owns the measure: the text that is shown, not the bytes that come. Must not know what either means
//! for an agent's status.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::hub::Hub;
use super::wire::Notice;

/// How long the screen must show the same to stand still.
pub const STILL: Duration = Duration::from_millis(500);

/// How often a moving screen is looked at; a still one costs nothing.
const LOOK: Duration = Duration::from_millis(100);

/// How often a screen that keeps moving is told of.
const TELL: Duration = Duration::from_secs(1);

/// Follows the screen for as long as the host lives.
pub async fn follow(hub: Hub, notices: watch::Sender<Notice>) {
    let mut changes = hub.changes();
    loop {
        if hub.motion().held_since.is_some() {
            tell(&notices, Notice::Held(hub.motion()));
            changes.mark_unchanged();
            while hub.motion().held_since.is_some() {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        }
        let mut shown = hub.fingerprint();
        let mut since = Instant::now();
        let mut told = None;
        while since.elapsed() < STILL {
            if told.is_none_or(|told: Instant| told.elapsed() >= TELL) {
                told = Some(Instant::now());
                tell(&notices, Notice::Moving(hub.motion()));
            }
            tokio::time::sleep(LOOK).await;
            if hub.motion().held_since.is_some() {
                break;
            }
            let now = hub.fingerprint();
            if now != shown {
                (shown, since) = (now, Instant::now());
            }
        }
        let before = hub.motion();
        if before.held_since.is_some() {
            continue;
        }
        tell(&notices, Notice::Still(before));
        changes.mark_unchanged();
        // An acknowledgement moves nothing.
        while hub.motion().head == before.head && hub.motion().held_since.is_none() {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

fn tell(notices: &watch::Sender<Notice>, notice: Notice) {
    notices.send_if_modified(|last| {
        // The end is the last word.
        if matches!(last, Notice::Ended(_)) {
            return false;
        }
        *last = notice;
        true
    });
}
