//! Where an assignment stands, and what moves it on: a pure function with a table for a test.
//!
//! Owns the states. Must not know rows, or who tells what happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an assignment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AssignmentState {
    /// Its agent has not been given it yet.
    Pending,
    /// Its agent has it.
    Delivered,
    /// Its agent is at it.
    Working,
    /// Its agent cannot go on.
    Blocked,
    Done,
    Failed,
    Cancelled,
}

/// What its agent, or somebody for it, says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportedState {
    Working,
    Blocked,
    Done,
    Failed,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// Its agent was given it.
    HandedOver,
    Reported(ReportedState),
    CalledOff,
    DeadlinePassed,
    /// It was begun to be given, and not seen to be taken.
    NotTaken,
    /// Its agent has ended, or may do nothing any more.
    AgentEnded,
    /// Its agent ends and begins anew, without knowing what it was at.
    AgentRestarts,
}

impl AssignmentState {
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Delivered,
        Self::Working,
        Self::Blocked,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The states in which its agent has it and is not through with it.
    pub const UNDER_WAY: [&str; 3] = ["delivered", "working", "blocked"];

    /// The states in which it has not ended.
    pub const OPEN: [&str; 4] = ["pending", "delivered", "working", "blocked"];

    /// The states in which it has.
    pub const ENDED: [&str; 3] = ["done", "failed", "cancelled"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Working => "working",
            Self::Blocked => "blocked",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn from_str_opt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    pub fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// Where it stands after something happened; `None` when that cannot happen to it any more.
    pub fn on(self, what: Happened) -> Option<Self> {
        if self.has_ended() {
            return None;
        }
        match what {
            Happened::HandedOver => (self == Self::Pending).then_some(Self::Delivered),
            // Whoever reports on it has it, whether or not that was seen.
            Happened::Reported(ReportedState::Working) => Some(Self::Working),
            Happened::Reported(ReportedState::Blocked) => Some(Self::Blocked),
            Happened::Reported(ReportedState::Done) => Some(Self::Done),
            Happened::Reported(ReportedState::Failed) => Some(Self::Failed),
            Happened::CalledOff => Some(Self::Cancelled),
            Happened::NotTaken => (self == Self::Pending).then_some(Self::Failed),
            Happened::DeadlinePassed | Happened::AgentEnded => Some(Self::Failed),
            // What was not given yet waits for the next run.
            Happened::AgentRestarts => Some(if self == Self::Pending { Self::Pending } else { Self::Failed }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_an_assignment_where() {
        use AssignmentState::{Blocked, Cancelled, Delivered, Done, Failed, Pending, Working};
        let reported = Happened::Reported;
        #[rustfmt::skip]
        let table = [
            // What happened                       pending          delivered        working          blocked
            (Happened::HandedOver,                [Some(Delivered), None,            None,            None]),
            (reported(ReportedState::Working),    [Some(Working),   Some(Working),   Some(Working),   Some(Working)]),
            (reported(ReportedState::Blocked),    [Some(Blocked),   Some(Blocked),   Some(Blocked),   Some(Blocked)]),
            (reported(ReportedState::Done),       [Some(Done),      Some(Done),      Some(Done),      Some(Done)]),
            (reported(ReportedState::Failed),     [Some(Failed),    Some(Failed),    Some(Failed),    Some(Failed)]),
            (Happened::CalledOff,                 [Some(Cancelled), Some(Cancelled), Some(Cancelled), Some(Cancelled)]),
            (Happened::NotTaken,                  [Some(Failed),    None,            None,            None]),
            (Happened::DeadlinePassed,            [Some(Failed),    Some(Failed),    Some(Failed),    Some(Failed)]),
            (Happened::AgentEnded,                [Some(Failed),    Some(Failed),    Some(Failed),    Some(Failed)]),
            (Happened::AgentRestarts,             [Some(Pending),   Some(Failed),    Some(Failed),    Some(Failed)]),
        ];
        for (what, expected) in table {
            for (state, to) in [Pending, Delivered, Working, Blocked].into_iter().zip(expected) {
                assert_eq!(state.on(what), to, "{state:?} on {what:?}");
            }
            for ended in [Done, Failed, Cancelled] {
                assert_eq!(ended.on(what), None, "{ended:?} on {what:?}");
            }
        }
    }

    #[test]
    fn the_lists_of_states_are_those_that_have_not_ended() {
        for state in AssignmentState::ALL {
            assert_eq!(AssignmentState::from_str_opt(state.as_str()), Some(state));
            assert_eq!(AssignmentState::OPEN.contains(&state.as_str()), !state.has_ended());
            assert_eq!(AssignmentState::ENDED.contains(&state.as_str()), state.has_ended());
            let under_way = !state.has_ended() && state != AssignmentState::Pending;
            assert_eq!(AssignmentState::UNDER_WAY.contains(&state.as_str()), under_way);
        }
    }
}
