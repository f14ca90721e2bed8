//! Where a request stands: a closed set of states, and which follows on which.
//!
//! Pure. Must not know where states are kept.

use serde::{Deserialize, Serialize};

/// Where a request stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalState {
    /// People have not decided yet.
    Pending,
    /// Enough people approved. What it asks for will be done; the end of a request for which nothing is done.
    Approved,
    /// Somebody rejected it.
    Rejected,
    /// Nobody decided in time, which is a no.
    Expired,
    /// What it asks for is being done.
    Running,
    /// What it asks for was done.
    Done,
    /// It was approved, and could not be done.
    Failed,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// The last approval that it needed.
    Agreed,
    Refused,
    DeadlinePassed,
    /// Somebody began to do it: only one can.
    Claimed,
    Succeeded,
    Broke,
}

impl ApprovalState {
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Expired,
        Self::Running,
        Self::Done,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub fn from_str_opt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The state that follows; `None` when this cannot happen any more.
    pub fn on(self, what: Happened) -> Option<Self> {
        match (self, what) {
            (Self::Pending, Happened::Agreed) => Some(Self::Approved),
            (Self::Pending, Happened::Refused) => Some(Self::Rejected),
            (Self::Pending, Happened::DeadlinePassed) => Some(Self::Expired),
            (Self::Approved, Happened::Claimed) => Some(Self::Running),
            (Self::Running, Happened::Succeeded) => Some(Self::Done),
            (Self::Running, Happened::Broke) => Some(Self::Failed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ApprovalState as State, Happened};

    #[test]
    fn a_request_goes_one_way_and_is_decided_once() {
        let all = [
            Happened::Agreed,
            Happened::Refused,
            Happened::DeadlinePassed,
            Happened::Claimed,
            Happened::Succeeded,
            Happened::Broke,
        ];
        let table: &[(State, [Option<State>; 6])] = &[
            (
                State::Pending,
                [Some(State::Approved), Some(State::Rejected), Some(State::Expired), None, None, None],
            ),
            (State::Approved, [None, None, None, Some(State::Running), None, None]),
            (State::Running, [None, None, None, None, Some(State::Done), Some(State::Failed)]),
            (State::Rejected, [None; 6]),
            (State::Expired, [None; 6]),
            (State::Done, [None; 6]),
            (State::Failed, [None; 6]),
        ];
        assert_eq!(table.len(), State::ALL.len());
        for (state, follows) in table {
            assert_eq!(all.map(|what| state.on(what)), *follows, "{state:?}");
            assert_eq!(State::from_str_opt(state.as_str()), Some(*state));
        }
    }
}
