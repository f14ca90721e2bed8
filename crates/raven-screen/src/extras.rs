//! What does not fit into a cell: characters with marks, underlines with a colour, links.
//!
//! Owns the numbers that cells have for them, and when unused ones are forgotten. Must not know where the
//! cells are.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Longest text in one cell, in bytes: no script needs more, and a flood of marks must not grow it.
const MAX_TEXT: usize = 64;

/// Entries from which on it is worth looking for unused ones.
const SWEEP_FROM: usize = 1024;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    /// What makes pieces one link. A link that came without gets one from here.
    pub(crate) id: Id,
    pub(crate) uri: String,
}

/// The id of a link.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Id {
    /// As the program said.
    Given(String),
    /// Without one, pieces are one link when they came from one sequence.
    Numbered(u64),
}

/// An underline other than a plain one, or a link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Look {
    /// As in SGR 4:n; a link has none of its own.
    pub(crate) style: u8,
    /// Of the underline, as a cell has colours.
    pub(crate) color: u32,
    pub(crate) link: Option<Arc<Link>>,
}

/// Values, each with a number.
#[derive(Debug)]
struct Table<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn new() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new() }
    }

    fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(0);
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Extras {
    texts: Table<Arc<str>>,
    looks: Table<Look>,
    /// Entries from which on a sweep is due.
    limit: usize,
}

impl Default for Extras {
    fn default() -> Self {
        let mut looks = Table::new();
        looks.number(Look::default());
        Self { texts: Table::new(), looks, limit: SWEEP_FROM }
    }
}

impl Extras {
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.values.get(number as usize).map_or("", |text| text)
    }

    pub(crate) fn look(&self, number: u32) -> Look {
        self.looks.values.get(number as usize).cloned().unwrap_or_default()
    }

    /// The number of a text with one more mark; `None` when it would become too long.
    pub(crate) fn marked(&mut self, text: &str, mark: char) -> Option<u32> {
        if text.len() + mark.len_utf8() > MAX_TEXT {
            return None;
        }
        let mut longer = String::with_capacity(text.len() + mark.len_utf8());
        longer.push_str(text);
        longer.push(mark);
        Some(self.texts.number(longer.into()))
    }

    pub(crate) fn number_of_look(&mut self, look: Look) -> u32 {
        self.looks.number(look)
    }

    /// Whether so many came that unused ones should be forgotten.
    pub(crate) fn is_full(&self) -> bool {
        self.texts.values.len() + self.looks.values.len() > self.limit
    }

    /// Begins anew, and answers the old ones: whoever has a number asks for a new one.
    pub(crate) fn begin_sweep(&mut self) -> Self {
        std::mem::take(self)
    }

    /// The new numbers of a text and a look of the old ones.
    pub(crate) fn keep_text(&mut self, old: &Self, number: u32) -> u32 {
        old.texts.values.get(number as usize).map_or(0, |text| self.texts.number(text.clone()))
    }

    pub(crate) fn keep_look(&mut self, old: &Self, number: u32) -> u32 {
        if number == 0 { 0 } else { self.looks.number(old.look(number)) }
    }

    /// Ends a sweep.
    pub(crate) fn end_sweep(&mut self) {
        self.limit = SWEEP_FROM.max(2 * (self.texts.values.len() + self.looks.values.len()));
    }
}
