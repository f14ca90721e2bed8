//! RFC 9457 problem documents, the one shape of every error answer.
//!
//! Owns the shape. Must not know which codes exist: each program has one enum for its own.

use serde::{Deserialize, Serialize};

/// Media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error as a caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URI reference naming the kind of problem; `urn:raven:` and the code in lower case.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short sentence, the same for every problem of this kind.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What went wrong this time, and what to do next.
    pub detail: String,
    /// A stable `SCREAMING_SNAKE` word for programs to act on.
    pub code: String,
    /// The id of the request, as in the log and the `X-Request-Id` header.
    pub request_id: String,
    /// Of an edit that was refused: at which version it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<i64>,
    /// Of an edit that was refused: what would be lost by it, as a unified difference from now to the edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

impl Problem {
    /// Fills `type` from the code.
    #[must_use]
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>, request_id: &str) -> Self {
        Self {
            kind: format!("urn:raven:{}", code.to_ascii_lowercase().replace('_', "-")),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            request_id: request_id.to_owned(),
            current_version: None,
            difference: None,
        }
    }
}
