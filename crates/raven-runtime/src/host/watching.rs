//! A connection that watches: how the screen moves, what it shows, what its program says.
//!
//! Owns when each is told, so that a flood costs no more than a few looks a second. Must not know what
//! any of it means.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::client::{Controls, invalid};
use super::hub::Hub;
use super::tree::Ending;
use super::wire::{self, Notice, Receiver, Request, Sender};

/// Shortest time between two looks: more often than people see, seldom enough to cost little.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a program may be in the middle of painting before it is looked at all the same.
const LONGEST_FRAME: Duration = Duration::from_millis(500);

/// What a watcher wants beside how the screen moves.
pub struct Wants {
    /// Looks at the screen.
    pub looks: bool,
    /// The last signal that it knows.
    pub signals_since: u64,
}

/// Tells a watcher until the program has ended, or it leaves.
pub async fn serve(
    to: &mut Sender,
    from: &mut Receiver,
    mut controls: Controls,
    wants: Wants,
) -> io::Result<()> {
    let hub = controls.hub.clone();
    let (mut changes, mut signalled) = (hub.changes(), hub.signalled());
    let (mut heard, mut looks) = (wants.signals_since, Looks::new(wants.looks));
    to.json(&controls.running).await?;
    loop {
        // Taken before the signals are told, so that none that came before an end is left out.
        let is_news = controls.notices.has_changed().unwrap_or(false) || looks.is_first();
        let notice = is_news.then(|| controls.notices.borrow_and_update().clone());
        while let Some(signal) = hub.signal_after(heard) {
            heard = signal.seq;
            to.json(&Notice::Signal(signal)).await?;
        }
        if let Some(look) = looks.due(&hub) {
            to.json(&look).await?;
        }
        if let Some(notice) = notice {
            to.json(&notice).await?;
            if matches!(notice, Notice::Ended(_)) {
                return Ok(());
            }
        }
        tokio::select! {
            changed = controls.notices.changed() => {
                changed.map_err(io::Error::other)?;
                controls.notices.mark_changed();
            }
            said = signalled.changed() => said.map_err(io::Error::other)?,
            changed = changes.changed(), if looks.may_wait() => {
                changed.map_err(io::Error::other)?;
                looks.wait();
            }
            () = looks.until_due() => {}
            asked = wire::receive_json(from) => match asked? {
                Some(Request::Stop { force, timeout_ms }) => {
                    let kill_after = Duration::from_millis(timeout_ms);
                    controls.ending.send_replace(Some(Ending { ask: !force, kill_after }));
                }
                Some(other) => return Err(invalid(&format!("{other:?} is not for a watching connection"))),
                None => return Ok(()),
            },
        }
    }
}

/// When the next look is due.
struct Looks {
    wanted: bool,
    first: bool,
    due: Option<Instant>,
    last: Instant,
    /// Since when the program paints.
    painting: Option<Instant>,
    shown: Option<(u64, Option<String>)>,
}

impl Looks {
    fn new(wanted: bool) -> Self {
        let now = Instant::now();
        Self { wanted, first: true, due: wanted.then_some(now), last: now, painting: None, shown: None }
    }

    /// Whether this is the beginning; true once.
    fn is_first(&mut self) -> bool {
        std::mem::take(&mut self.first)
    }

    /// Whether a change is worth waiting for: not when a look is due anyway.
    fn may_wait(&self) -> bool {
        self.wanted && self.due.is_none()
    }

    fn wait(&mut self) {
        self.due = Some(self.last + LOOK_EVERY);
    }

    async fn until_due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// The look that is due, when it shows something new.
    fn due(&mut self, hub: &Hub) -> Option<Notice> {
        let now = Instant::now();
        self.due.filter(|due| *due <= now)?;
        if hub.mid_frame() && now - *self.painting.get_or_insert(now) < LONGEST_FRAME {
            self.due = Some(now + LOOK_EVERY / 5);
            return None;
        }
        (self.due, self.painting, self.last) = (None, None, now);
        let face = hub.face();
        if self.shown.as_ref() == Some(&face) {
            return None;
        }
        self.shown = Some(face);
        Some(Notice::Look(hub.look()))
    }
}
