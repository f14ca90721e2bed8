//! The rights to give agents work, to see it and to report on it.
//!
//! Owns their list. Whose work it is, and which agents one may give some, is decided by `assignments`. Must not know
//! how rights are granted.

use raven_protocol::permission as words;

use super::Permission;
use crate::auth::Role;

/// Giving an agent work, and taking it back.
#[derive(Debug)]
pub struct AssignWork;
/// Seeing what work there is; an agent sees its own and what it gave.
#[derive(Debug)]
pub struct SeeWork;
/// Reporting how work goes; an agent does of its own.
#[derive(Debug)]
pub struct ReportWork;

impl Permission for AssignWork {
    const LEAST: Role = Role::Member;
    const AGENT: Option<words::Permission> = Some(words::Permission::DelegateAgents);
    const CONTROL_PLANE: bool = true;
    const ACTION: &'static str = "give agents work";
}

impl Permission for SeeWork {
    const LEAST: Role = Role::Viewer;
    const EVERY_AGENT: bool = true;
    const CONTROL_PLANE: bool = true;
    const ACTION: &'static str = "see agents' work";
}

impl Permission for ReportWork {
    const LEAST: Role = Role::Member;
    const EVERY_AGENT: bool = true;
    const CONTROL_PLANE: bool = true;
    const ACTION: &'static str = "report on agents' work";
}
