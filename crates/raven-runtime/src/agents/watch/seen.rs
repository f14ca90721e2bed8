//! What an agent's screen has shown, and for how long. Pure.
//!
//! Owns when a reading can be believed: programs paint in steps, and some of them look like others.
//! Must not know what follows from it.

use raven_protocol::time::Timestamp;

use super::since;
use crate::agents::kinds::Kind;
use crate::agents::kinds::rules::Reading;
use crate::host::look::Look;

/// How long a reading must stay the same to be believed while the screen moves, in milliseconds: more
/// than two looks.
const SETTLED_MS: i64 = 250;

/// How long nothing known must be shown to be believed, in milliseconds: a repaint may take a while.
const NOTHING_MS: i64 = 700;

/// The screen as last looked at.
#[derive(Debug, Default)]
pub struct Seen {
    look: Option<Look>,
    reading: Option<Reading>,
    reading_since: Option<Timestamp>,
    moved_at: Option<Timestamp>,
    is_still: bool,
}

impl Seen {
    /// Takes a look.
    pub fn look(&mut self, kind: &Kind, look: &Look, now: Timestamp) {
        let reading = kind.rules.read(look);
        if reading != self.reading || self.reading_since.is_none() {
            (self.reading, self.reading_since) = (reading, Some(now));
        }
        if self.look.as_ref().is_none_or(|before| before.fingerprint != look.fingerprint) {
            self.moved_at = Some(now);
        }
        self.look = Some(look.clone());
    }

    /// The screen moves.
    pub fn moving(&mut self, now: Timestamp) {
        self.is_still = false;
        self.moved_at.get_or_insert(now);
    }

    /// The screen stands still.
    pub fn still(&mut self, now: Timestamp) {
        self.is_still = true;
        self.moved_at.get_or_insert(now);
    }

    /// Whether it stands still.
    pub fn is_still(&self) -> bool {
        self.is_still
    }

    /// For how many milliseconds it has shown the same text.
    pub fn unmoved_for(&self, now: Timestamp) -> i64 {
        self.moved_at.map_or(0, |at| since(at, now))
    }

    /// What it shows at this moment.
    pub fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    /// What it shows, once that can be believed.
    pub fn settled(&self, now: Timestamp) -> Option<&Reading> {
        let reading = self.reading.as_ref()?;
        self.has_been(SETTLED_MS, now).then_some(reading)
    }

    /// Whether what it shows fits no rule, for long enough.
    pub fn shows_nothing_known(&self, now: Timestamp) -> bool {
        self.look.is_some() && self.reading.is_none() && self.has_been(NOTHING_MS, now)
    }

    /// For how many milliseconds no rule has fitted.
    pub fn nothing_known_for(&self, now: Timestamp) -> i64 {
        let since_when = self.reading_since.filter(|_| self.reading.is_none());
        since_when.map_or(0, |at| since(at, now))
    }

    fn has_been(&self, millis: i64, now: Timestamp) -> bool {
        self.reading_since.is_some_and(|at| since(at, now) >= millis)
    }

    /// Its last lines that say something.
    pub fn last_lines(&self, most: usize) -> Vec<String> {
        let rows = self.look.iter().flat_map(|look| &look.rows);
        let told: Vec<&str> = rows.map(|row| row.text.trim()).filter(|text| !text.is_empty()).collect();
        told[told.len().saturating_sub(most)..].iter().map(|text| (*text).to_owned()).collect()
    }
}
