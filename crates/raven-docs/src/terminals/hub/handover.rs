//! One change of a terminal's writer, and how it reads in the feed.
//!
//! Owns the words. Must not know the rules that led to it, nor how it is written down.

use crate::auth::Named;

/// Why the seat changed hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The first who may type attached.
    Attached,
    /// The same person came back on another connection.
    CameBack,
    /// Asked for a seat that was free or whose writer was idle.
    Asked,
    Took,
    /// Typed while the seat was free.
    Claimed,
    Granted,
    Released,
    /// The writer had not typed for long.
    Lapsed,
    /// The writer left.
    Left,
}

/// One change of the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    pub from: Option<Named>,
    pub to: Option<Named>,
    /// Who did it; nobody, when it came by itself.
    pub by: Option<Named>,
    pub how: How,
}

impl Handover {
    /// Whether somebody lost the seat without having given it up.
    pub fn is_forced(&self) -> bool {
        let taken = matches!(self.how, How::Asked | How::Took | How::Granted);
        taken && self.from.is_some() && self.by != self.from
    }

    /// Whether people are told in the feed: not of arrivals and departures, nor of one person's windows.
    pub fn is_recorded(&self) -> bool {
        match self.how {
            How::Attached | How::CameBack | How::Left => false,
            How::Asked | How::Took | How::Claimed | How::Granted | How::Released | How::Lapsed => {
                !self.is_within_one()
            }
        }
    }

    fn is_within_one(&self) -> bool {
        self.from.is_some() && self.from == self.to
    }

    /// What the feed says.
    pub fn detail(&self) -> String {
        let name = |named: &Option<Named>| {
            named.as_ref().map_or_else(|| "nobody".to_owned(), |named| named.name.clone())
        };
        let (from, to, by) = (name(&self.from), name(&self.to), name(&self.by));
        match self.how {
            How::Asked if self.from.is_some() => format!("{to} took control from {from}, who was idle"),
            How::Took if self.from.is_some() => format!("{to} took control from {from}"),
            How::Asked | How::Took | How::Claimed | How::Attached | How::CameBack => {
                format!("{to} took control")
            }
            How::Granted if self.from.is_none() => format!("{by} gave control to {to}"),
            How::Granted if self.by == self.from => format!("{from} handed control to {to}"),
            How::Granted => format!("{by} handed control from {from} to {to}"),
            How::Released if self.to.is_some() => format!("{from} released control to {to}"),
            How::Released => format!("{from} released control"),
            How::Lapsed if self.to.is_some() => {
                format!("{from} had not typed for 10 minutes, and control passed to {to}")
            }
            How::Lapsed => format!("{from} had not typed for 10 minutes and lost control"),
            How::Left => format!("{from} left, and control passed to {to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_reads_as_what_happened() {
        let named = |name: &str| Named { id: name.to_lowercase(), name: name.into() };
        for (how, from, to, by, recorded, detail) in [
            (How::Asked, None, Some("Ada"), Some("Ada"), true, "Ada took control"),
            (
                How::Asked,
                Some("Bob"),
                Some("Ada"),
                Some("Ada"),
                true,
                "Ada took control from Bob, who was idle",
            ),
            (How::Took, Some("Bob"), Some("Ada"), Some("Ada"), true, "Ada took control from Bob"),
            (How::Claimed, None, Some("Ada"), Some("Ada"), true, "Ada took control"),
            (How::Granted, Some("Bob"), Some("Ada"), Some("Bob"), true, "Bob handed control to Ada"),
            (How::Granted, Some("Bob"), Some("Ada"), Some("Eve"), true, "Eve handed control from Bob to Ada"),
            (How::Granted, None, Some("Ada"), Some("Eve"), true, "Eve gave control to Ada"),
            (How::Released, Some("Bob"), None, Some("Bob"), true, "Bob released control"),
            (How::Released, Some("Bob"), Some("Ada"), Some("Bob"), true, "Bob released control to Ada"),
            (How::Lapsed, Some("Bob"), None, None, true, "Bob had not typed for 10 minutes and lost control"),
            (How::Took, Some("Ada"), Some("Ada"), Some("Ada"), false, "Ada took control from Ada"),
            (How::Attached, None, Some("Ada"), None, false, "Ada took control"),
            (How::Left, Some("Bob"), Some("Ada"), None, false, "Bob left, and control passed to Ada"),
        ] {
            let change = Handover { from: from.map(named), to: to.map(named), by: by.map(named), how };
            assert_eq!((change.is_recorded(), change.detail().as_str()), (recorded, detail));
        }
    }
}
