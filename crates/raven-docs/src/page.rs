//! Pages of lists: `{items, nextCursor}`, `cursor`, `limit`.
//!
//! Owns their bounds. Must not know what the items are.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Items of a page unless asked otherwise.
const DEFAULT_LIMIT: u64 = 50;

/// Most items of one page.
const MAX_LIMIT: u64 = 200;

/// One page of a list, newest first.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Pass as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
}

/// Where a page begins and how long it is.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// 1 to 200; 50 by default.
    pub limit: Option<u64>,
}

impl PageQuery {
    /// The limit, within bounds.
    ///
    /// # Errors
    /// `Invalid` outside 1 to 200.
    pub fn limit(&self) -> Result<u64, Error> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            limit => Err(Error::invalid("limit", format!("must be 1 to {MAX_LIMIT}, not {limit}"))),
        }
    }
}

impl<T> Page<T> {
    /// A page of rows that were read with one more than the limit, to know whether more follow.
    pub fn of<Row>(
        mut rows: Vec<Row>,
        limit: u64,
        id: impl Fn(&Row) -> &str,
        view: impl Fn(Row) -> Result<T, Error>,
    ) -> Result<Self, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more { rows.last().map(|row| id(row).to_owned()) } else { None };
        Ok(Self { items: rows.into_iter().map(view).collect::<Result<_, _>>()?, next_cursor })
    }
}
