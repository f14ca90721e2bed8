//! What an agent's status is, from what its host reports. Pure: no clock, no process, no file.
//!
//! Owns the rules. Must not know how notices arrive or who hears of a change.

use std::sync::Arc;

use raven_protocol::agent::{AgentChange, AgentStatus};
use raven_protocol::terminal::Exit;
use raven_protocol::time::Timestamp;

use super::kinds::Kind;
use super::kinds::description::WhenStill;
use crate::host::motion::STILL;
use crate::host::wire::{Notice, Outcome};

/// How long a starting agent's screen may move before it counts as working, in milliseconds.
const NEVER_STILL_MS: i64 = 15_000;

/// What is known of a running agent.
pub struct Watch {
    kind: Arc<Kind>,
    status: AgentStatus,
    started: Option<Timestamp>,
}

/// A change and what it was seen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The change.
    pub change: AgentChange,
    /// What was seen, for a person.
    pub evidence: String,
    /// Why it failed, where it did.
    pub error: Option<String>,
}

impl Watch {
    /// Begins, or goes on, with the status that was reached.
    pub fn new(kind: Arc<Kind>, status: AgentStatus) -> Self {
        Self { kind, status, started: None }
    }

    /// What a notice changes.
    pub fn on(&mut self, notice: &Notice, now: Timestamp) -> Option<Observed> {
        let observed = match notice {
            Notice::Running { at, .. } => {
                self.started = Some(*at);
                (self.status == AgentStatus::Spawning)
                    .then(|| Observed::of(AgentChange::Started, "its process runs"))
            }
            Notice::Moving(_) => self.never_still(now),
            Notice::Still(_) => self.still(),
            Notice::Held(_) | Notice::Look(_) | Notice::Signal(_) | Notice::Ended(_) => None,
        }?;
        self.status = self.status.on(observed.change).ok()?;
        Some(observed)
    }

    fn never_still(&self, now: Timestamp) -> Option<Observed> {
        let since = now.as_millis() - self.started?.as_millis();
        (self.status == AgentStatus::Starting && since >= NEVER_STILL_MS).then(|| {
            Observed::of(AgentChange::Busy, "running, and its screen has not been still since it started")
        })
    }

    fn still(&self) -> Option<Observed> {
        if !matches!(self.status, AgentStatus::Starting | AgentStatus::Busy) {
            return None;
        }
        let still = STILL.as_millis();
        Some(match self.kind.is.when_still {
            WhenStill::Ready => Observed::of(
                AgentChange::Ready,
                format!("running, and its screen has been still for {still} ms"),
            ),
            WhenStill::MustBeLookedAt => Observed::of(
                AgentChange::Waiting,
                format!(
                    "its screen has been still for {still} ms: look at its terminal, it may be asking something"
                ),
            ),
        })
    }
}

impl Observed {
    fn of(change: AgentChange, evidence: impl Into<String>) -> Self {
        Self { change, evidence: evidence.into(), error: None }
    }

    /// A failure: the evidence and the error are the same words.
    pub fn failure(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { change: AgentChange::Failed, evidence: why.clone(), error: Some(why) }
    }
}

/// What an end means, by the status that the agent had.
pub fn end(before: AgentStatus, outcome: &Outcome) -> Observed {
    let how = describe(outcome.exit);
    let by_itself = outcome.exit.signal.is_none();
    let fine = match before {
        AgentStatus::Stopping => return Observed::of(AgentChange::Stopped, "stopped by request"),
        AgentStatus::Ready | AgentStatus::Busy => by_itself,
        // Whoever looked at it may have ended it from its own menu.
        AgentStatus::Waiting | AgentStatus::LoginRequired => outcome.exit.code == Some(0),
        AgentStatus::Spawning | AgentStatus::Starting | AgentStatus::Stopped | AgentStatus::Error => false,
    };
    if fine {
        return Observed::of(AgentChange::Stopped, how);
    }
    let early = if before == AgentStatus::Ready { "" } else { " before it was ready" };
    let mut error = format!("its program {how}{early}");
    if !outcome.last_lines.is_empty() {
        error.push_str("; the last lines of its screen:\n");
        error.push_str(&outcome.last_lines.join("\n"));
    }
    Observed { change: AgentChange::Failed, evidence: format!("{how}{early}"), error: Some(error) }
}

fn describe(exit: Exit) -> String {
    match exit {
        Exit { signal: Some(signal), .. } => format!("was ended by signal {signal}"),
        Exit { code: Some(code), .. } => format!("exited with status {code}"),
        Exit { .. } => "ended in an unknown way".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use raven_protocol::agent::AgentType;

    use super::*;
    use crate::agents::kinds::Kinds;
    use crate::host::wire::Motion;

    const START: i64 = 1_000_000;

    fn kind(name: &str) -> Arc<Kind> {
        let ours = Kinds::load("/nonexistent".as_ref()).unwrap();
        ours.find(&AgentType::parse(name).unwrap()).unwrap()
    }

    fn motion() -> Motion {
        Motion { head: 1, last_output_at: None, held_since: None, unrecorded: None }
    }

    fn after(millis: i64) -> Timestamp {
        Timestamp::from_millis(START + millis)
    }

    fn running(kind: Arc<Kind>) -> Watch {
        let mut watch = Watch::new(kind, AgentStatus::Spawning);
        let started = watch.on(&Notice::Running { pid: 1, at: after(0) }, after(1)).unwrap();
        assert_eq!(started.change, AgentChange::Started);
        watch
    }

    fn changes(watch: &mut Watch, notices: &[(Notice, i64)]) -> Vec<AgentChange> {
        notices
            .iter()
            .filter_map(|(notice, at)| watch.on(notice, after(*at)))
            .map(|seen| seen.change)
            .collect()
    }

    #[test]
    fn a_custom_agent_is_ready_once_its_screen_is_still_and_stays_so() {
        let mut watch = running(kind("custom"));
        assert_eq!(watch.on(&Notice::Moving(motion()), after(14_999)), None);
        let ready = watch.on(&Notice::Still(motion()), after(15_500)).unwrap();
        assert_eq!(ready.change, AgentChange::Ready);
        assert_eq!(ready.evidence, "running, and its screen has been still for 500 ms");
        let later = [(Notice::Moving(motion()), 99_000), (Notice::Still(motion()), 100_000)];
        assert_eq!(changes(&mut watch, &later), []);
    }

    #[test]
    fn a_screen_that_never_rests_is_busy_once_then_ready() {
        let mut watch = running(kind("custom"));
        let notices = [
            (Notice::Moving(motion()), 15_000),
            (Notice::Moving(motion()), 16_000),
            (Notice::Still(motion()), 17_000),
        ];
        assert_eq!(changes(&mut watch, &notices), [AgentChange::Busy, AgentChange::Ready]);
    }

    #[test]
    fn claude_code_without_rules_is_never_called_ready() {
        let mut watch = running(kind("claude-code"));
        let waiting = watch.on(&Notice::Still(motion()), after(900)).unwrap();
        assert_eq!(waiting.change, AgentChange::Waiting);
        assert!(waiting.evidence.contains("look at its terminal"), "{}", waiting.evidence);
        assert_eq!(changes(&mut watch, &[(Notice::Still(motion()), 5_000)]), []);
    }

    #[test]
    fn an_adopted_agent_keeps_its_status() {
        let mut watch = Watch::new(kind("custom"), AgentStatus::Ready);
        let again = [
            (Notice::Running { pid: 1, at: after(0) }, 50_000),
            (Notice::Moving(motion()), 50_000),
            (Notice::Still(motion()), 50_000),
        ];
        assert_eq!(changes(&mut watch, &again), []);
    }

    #[test]
    fn an_end_means_what_the_table_says() {
        let code = |code| Exit { code: Some(code), signal: None };
        let signal = Exit { code: None, signal: Some(9) };
        use AgentStatus as S;
        let table = [
            (S::Starting, code(3), "error", "exited with status 3 before it was ready"),
            (S::Starting, code(0), "error", "exited with status 0 before it was ready"),
            (S::Starting, signal, "error", "was ended by signal 9 before it was ready"),
            (S::Ready, code(0), "stopped", "exited with status 0"),
            (S::Ready, code(3), "stopped", "exited with status 3"),
            (S::Ready, signal, "error", "was ended by signal 9"),
            (S::Waiting, code(0), "stopped", "exited with status 0"),
            (S::Waiting, code(1), "error", "exited with status 1 before it was ready"),
            (S::Stopping, code(1), "stopped", "stopped by request"),
            (S::Stopping, signal, "stopped", "stopped by request"),
        ];
        for (before, exit, status, evidence) in table {
            let outcome =
                Outcome { exit, at: after(0), last_lines: vec!["boom".into(), "bang".into()], head: 9 };
            let end = end(before, &outcome);
            assert_eq!(before.on(end.change).unwrap().as_str(), status, "{before} {exit:?}");
            assert_eq!(end.evidence, evidence, "{before} {exit:?}");
            assert_eq!(end.error.is_some_and(|error| error.ends_with("boom\nbang")), status == "error");
        }
    }
}
