//! The MCP door: agents find our tools here. Parse, ask a room, render; no rule and no SQL below here.

pub mod server;
pub mod tools;
