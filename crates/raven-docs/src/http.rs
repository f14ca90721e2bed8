//! The HTTP door: parse, ask a room, render. No rule and no SQL below here.

pub mod activity;
pub mod agents;
pub mod approvals;
pub mod assets;
pub mod audit;
pub mod auth;
pub mod driving;
pub mod equipment;
pub mod extract;
pub mod guard;
pub mod invitations;
pub mod links;
pub mod members;
pub mod openapi;
pub mod openid;
pub mod policies;
pub mod problem;
pub mod questions;
pub mod recordings;
pub mod reports;
pub mod router;
pub mod security;
pub mod settings;
pub mod terminals;
pub mod tokens;
pub mod workspaces;
