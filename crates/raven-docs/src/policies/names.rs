//! The names under which rules know a call of a tool: its own, its others, and those of the tools that do the same as
//! what it is called with.
//!
//! Owns these names. Must not know rules.

use serde_json::{Map, Value};

use super::ruling::tool_names;

/// Other names of tools; the tools' own list is compared with it by a test.
pub const ALIASES: [(&str, &str); 1] = [("memory_ingest", "memory_store")];

/// The calls to which one call amounts, each by the names under which rules know it: the policy must let all of them.
pub fn of_call(tool: &str, arguments: &Map<String, Value>) -> Vec<Vec<String>> {
    let also = also(tool, arguments).into_iter();
    let mut own = tool_names(tool);
    let others = ALIASES.iter().filter(|(name, _)| *name == tool);
    own.extend(others.flat_map(|(_, other)| tool_names(other)));
    [own].into_iter().chain(also.map(tool_names)).collect()
}

/// A change of a task may complete it, assign it, or move it, as tools of their own do.
fn also(tool: &str, arguments: &Map<String, Value>) -> Vec<&'static str> {
    let of_tasks: &[&str] = match tool {
        "task_update" => &["task_complete", "task_assign", "task_claim", "task_move_to_project"],
        "task_move_to_project" => &["task_complete", "task_update"],
        "task_create" => &["task_complete", "task_assign"],
        _ => return Vec::new(),
    };
    let is_done = arguments.get("status").is_some_and(|status| status == "done");
    let says = |name: &str| match name {
        "task_complete" => is_done,
        "task_assign" => arguments.contains_key("assigneeId"),
        "task_claim" => arguments.get("assigneeId").is_some_and(Value::is_string),
        "task_move_to_project" => arguments.contains_key("projectId"),
        _ => arguments.contains_key("status"),
    };
    of_tasks.iter().copied().filter(|name| says(name)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_known_by_all_that_it_amounts_to() {
        for (tool, arguments, names) in [
            ("task_update", json!({ "title": "x" }), vec!["tool:task_update"]),
            ("task_update", json!({ "status": "todo" }), vec!["tool:task_update"]),
            ("task_update", json!({ "status": "done" }), vec!["tool:task_update", "tool:task_complete"]),
            ("task_update", json!({ "assigneeId": null }), vec!["tool:task_update", "tool:task_assign"]),
            (
                "task_update",
                json!({ "projectId": "p" }),
                vec!["tool:task_update", "tool:task_move_to_project"],
            ),
            ("memory_ingest", json!({}), vec!["tool:memory_ingest", "tool:memory_store"]),
            ("page_delete", json!({}), vec!["tool:page_delete", "page.delete"]),
        ] {
            let known: Vec<String> =
                of_call(tool, arguments.as_object().unwrap()).into_iter().flatten().collect();
            assert_eq!(known, names, "{arguments}");
        }
    }
}
