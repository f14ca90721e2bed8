//! What an end means, by the status that came before it. Pure.
//!
//! Owns that rule. Must not know how an end is noticed.

use raven_protocol::agent::{AgentChange, AgentStatus};
use raven_protocol::terminal::Exit;

use super::Observed;
use crate::host::wire::Outcome;

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
    Observed { error: Some(error), ..Observed::of(AgentChange::Failed, format!("{how}{early}")) }
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
    use raven_protocol::time::Timestamp;

    use super::*;

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
            let outcome = Outcome {
                exit,
                at: Timestamp::from_millis(0),
                last_lines: vec!["boom".into(), "bang".into()],
                head: 9,
            };
            let end = end(before, &outcome);
            assert_eq!(before.on(end.change).unwrap().as_str(), status, "{before} {exit:?}");
            assert_eq!(end.evidence, evidence, "{before} {exit:?}");
            assert_eq!(end.error.is_some_and(|error| error.ends_with("boom\nbang")), status == "error");
        }
    }
}
