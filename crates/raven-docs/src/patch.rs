//! Fields of a change that may be left out, or be null, which says something else.

use serde::{Deserialize, Deserializer};

/// Tells an absent field from a null one.
pub fn present<'de, T, D>(value: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(value).map(Some)
}
