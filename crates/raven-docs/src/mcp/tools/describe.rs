//! The words in which tools describe themselves: schemas of what they take and answer.
//!
//! Owns the small shapes that schemas are made of. Must not know a tool.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

/// A tool with its parameters and its answer, each the properties of an object.
pub fn tool(
    name: &'static str,
    title: &'static str,
    what: &'static str,
    takes: Value,
    answers: Value,
) -> Tool {
    Tool::new(name, what, object(takes)).with_title(title).with_raw_output_schema(object(answers))
}

/// An object: `required` names those of its properties that must be there, `properties` are all of them.
fn object(shape: Value) -> Arc<JsonObject> {
    let mut object = json!({ "type": "object", "properties": {} });
    if let (Value::Object(object), Value::Object(shape)) = (&mut object, shape) {
        object.extend(shape);
    }
    match object {
        Value::Object(object) => Arc::new(object),
        _ => Arc::default(),
    }
}

/// A text, with what it is for.
pub fn text(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

/// A text that may be absent in an answer.
pub fn maybe(what: &str) -> Value {
    json!({ "type": ["string", "null"], "description": what })
}

/// A point in time.
pub fn time(what: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": what })
}

/// Several texts.
pub fn texts(what: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": what })
}

/// A whole number within bounds.
pub fn number(least: u32, most: u32, what: &str) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most, "description": what })
}
