//! The words for where a task stands, how urgent it is, and when it is up.
//!
//! Owns how they are spelled. Pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($variant,)*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The word of a row.
            pub fn of_row(text: &str) -> Result<Self, Error> {
                let found = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                Ok(found.ok_or_else(|| anyhow::anyhow!("a task has the unknown word `{text}`"))?)
            }
        }
    )*};
}

words! {
    /// Where a task stands: the columns of the board.
    TaskStatus {
        Todo = "todo",
        InProgress = "in_progress",
        Blocked = "blocked",
        Done = "done",
        Cancelled = "cancelled",
    }
    /// How urgent a task is.
    TaskPriority {
        Low = "low",
        Medium = "medium",
        High = "high",
        Urgent = "urgent",
    }
    /// When a task is up.
    TaskBucket {
        Now = "now",
        Next = "next",
        Later = "later",
        None = "none",
    }
}

impl TaskStatus {
    /// Those in which nothing is left to do.
    pub const OVER: [&str; 2] = [Self::Done.as_str(), Self::Cancelled.as_str()];

    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}
