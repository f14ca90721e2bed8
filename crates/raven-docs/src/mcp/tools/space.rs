//! Tools about spaces. Owns their types and words; the rules are the room's.

use crate::mcp::tool::Listed;

pub const TOOLS: &[Listed] = &[];
