//! Schemas of what tools take and answer, made from their types; and the reading of arguments by the same types.
//!
//! Owns the dialect: one that clients of all models understand, without references and formats of our own. Must not
//! know a tool.

use std::borrow::Cow;

use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::Error;

/// What a type takes when it is read.
pub fn taken<T: JsonSchema>() -> JsonObject {
    object::<T>(SchemaSettings::draft2020_12())
}

/// What a type is written as.
pub fn answered<T: JsonSchema>() -> JsonObject {
    object::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn object<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let made =
        settings.with_transform(RecursiveTransform(plain)).into_generator().into_root_schema_for::<T>();
    let Value::Object(mut schema) = made.to_value() else { return JsonObject::new() };
    schema.remove("title");
    schema.remove("description");
    schema.entry("type").or_insert_with(|| "object".into());
    schema.entry("properties").or_insert_with(|| json!({}));
    schema
}

/// Leaves out what not every client understands.
fn plain(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if object
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| format != "date-time" && format != "date")
    {
        object.remove("format");
    }
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    let anything = object.get_mut("properties").and_then(Value::as_object_mut);
    for property in anything.into_iter().flat_map(|properties| properties.values_mut()) {
        if *property == Value::Bool(true) {
            *property = json!({});
        }
    }
}

/// The arguments of a call as a tool takes them.
///
/// # Errors
/// `Invalid` for the argument that cannot be taken, by its path.
pub fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Error> {
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
        let path = error.path().to_string();
        named(&path, &error.into_inner().to_string())
    })
}

/// An error that names the argument, wherever the reader of arguments has put its name.
fn named(path: &str, why: &str) -> Error {
    let path = if path == "." { "" } else { path };
    let within = |kind: &str| why.strip_prefix(kind).and_then(|rest| rest.split_once('`'));
    if let Some((name, _)) = within("missing field `") {
        return Error::invalid(joined(path, name), "is missing");
    }
    if let Some((name, rest)) = within("unknown field `") {
        let rest = rest.trim_start_matches(", ");
        return Error::invalid(joined(path, name), format!("is no argument of this tool; {rest}"));
    }
    Error::invalid(if path.is_empty() { "arguments" } else { path }, format!("cannot be taken: {why}"))
}

fn joined<'a>(path: &'a str, name: &'a str) -> Cow<'a, str> {
    if path.is_empty() || path == name {
        return name.into();
    }
    if path.ends_with(&format!(".{name}")) { path.into() } else { format!("{path}.{name}").into() }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sample {
        /// Which page
        /// of them.
        page_id: String,
        #[serde(default)]
        count: u32,
        anything: Option<Value>,
        #[serde(default)]
        steps: Vec<Step>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Step {
        title: String,
    }

    #[test]
    fn schemas_come_from_types_and_speak_plainly() {
        let schema = Value::Object(taken::<Sample>());
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["required"], json!(["pageId"]));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(
            schema["properties"]["pageId"],
            json!({ "type": "string", "description": "Which page of them." })
        );
        assert_eq!(schema["properties"]["count"]["type"], "integer");
        assert!(schema["properties"]["anything"].is_object(), "{schema}");
        assert_eq!(schema["properties"]["steps"]["items"]["required"], json!(["title"]));
        let text = schema.to_string();
        assert!(!text.contains("$ref") && !text.contains("uint32") && !text.contains("$schema"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (given, field) in [
            (json!({}), "pageId"),
            (json!({ "pageId": 3 }), "pageId"),
            (json!({ "pageId": "p", "speed": 9 }), "speed"),
            (json!({ "pageId": "p", "count": -1 }), "count"),
            (json!({ "pageId": "p", "steps": [{ "title": "a" }, {}] }), "steps[1].title"),
            (json!({ "pageId": "p", "steps": [{ "title": "a", "x": 1 }] }), "steps[0].x"),
        ] {
            let Value::Object(arguments) = given.clone() else { unreachable!() };
            match read::<Sample>(arguments) {
                Err(Error::Invalid { field: named, .. }) => assert_eq!(named, field, "{given}"),
                other => panic!("{given}: {other:?}"),
            }
        }
    }
}
