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

/// `agent_type` is taken for `agentType`.
pub fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let mut chars = part.chars();
        text.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        text.push_str(chars.as_str());
        text
    })
}

/// The names within arguments in our spelling, where a schema has such a name: what is free in its form, as variables of an
/// environment are, stays as it is.
pub fn respell(schema: &JsonObject, given: &mut JsonObject) {
    for part in ["anyOf", "oneOf", "allOf"] {
        let parts = schema.get(part).and_then(Value::as_array).into_iter().flatten();
        parts.filter_map(Value::as_object).for_each(|part| respell(part, given));
    }
    let Some(known) = schema.get("properties").and_then(Value::as_object) else { return };
    let others: Vec<String> = given.keys().filter(|name| !known.contains_key(*name)).cloned().collect();
    for other in others {
        let ours = camel_case(&other);
        if known.contains_key(&ours)
            && !given.contains_key(&ours)
            && let Some(value) = given.remove(&other)
        {
            given.insert(ours, value);
        }
    }
    for (name, value) in given {
        if let Some(schema) = known.get(name) {
            respell_value(schema, value);
        }
    }
}

fn respell_value(schema: &Value, value: &mut Value) {
    let Some(schema) = schema.as_object() else { return };
    match value {
        Value::Object(object) => respell(schema, object),
        Value::Array(items) => {
            let Some(of) = schema.get("items") else { return };
            items.iter_mut().for_each(|item| respell_value(of, item));
        }
        _ => {}
    }
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
    fn names_are_respelled_where_the_schema_has_them_and_nowhere_else() {
        let schema = json!({ "properties": {
            "config": { "anyOf": [{ "type": "null" }, { "properties": {
                "maxTurns": {}, "env": { "additionalProperties": { "type": "string" } } } }] },
            "steps": { "items": { "properties": { "pageId": {} } } },
            "details": {},
        } });
        let given = json!({
            "config": { "max_turns": 3, "env": { "MY_KEY": "x" }, "not_known": 1 },
            "steps": [{ "page_id": "a" }, { "page_id": "b", "pageId": "c" }],
            "details": { "page_id": "free" },
        });
        let (Value::Object(schema), Value::Object(mut given)) = (schema, given) else { unreachable!() };
        respell(&schema, &mut given);
        let ours = json!({
            "config": { "maxTurns": 3, "env": { "MY_KEY": "x" }, "not_known": 1 },
            "steps": [{ "pageId": "a" }, { "page_id": "b", "pageId": "c" }],
            "details": { "page_id": "free" },
        });
        assert_eq!(Value::Object(given), ours);
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
