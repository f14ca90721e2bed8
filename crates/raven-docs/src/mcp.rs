//! The MCP door: agents find our tools here. Parse, ask a room, render; no rule and no SQL below here.

mod anteroom;
pub mod call;
mod changed;
mod cursor;
mod door;
mod prompts;
mod resources;
pub mod schema;
pub mod server;
mod sessions;
pub mod standard;
mod streams;
pub mod told;
pub mod tool;
pub mod tools;
