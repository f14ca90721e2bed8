//! The words with which an agent is given work.
//!
//! Owns the text. It begins with our own words, so that no program takes the first of somebody's for a command of its
//! own. Must not know how it is typed.

use super::Assignment;

/// The message for an assignment's agent.
pub(super) fn of(assignment: &Assignment) -> String {
    let Assignment { id, title, instructions, assigned_by, .. } = assignment;
    let mut text = format!(
        "Raven has work for you: assignment {id}, given by {}.\n\nTitle: {title}\n\nInstructions:\n{}\n",
        one_line(&assigned_by.name),
        instructions.trim_end(),
    );
    for (what, ids, tool) in
        [("Pages", &assignment.page_ids, "page_get"), ("Tasks", &assignment.task_ids, "task_get")]
    {
        if !ids.is_empty() {
            text += &format!(
                "\n{what} that it is about (read them with the MCP tool {tool}): {}\n",
                ids.join(", ")
            );
        }
    }
    if let Some(deadline) = assignment.deadline {
        text += &format!("\nIt must be done before {deadline}.\n");
    }
    text += &format!(
        "\nReport with the MCP tool assignment_report and assignmentId {id}: state \"working\" when you begin, \
         \"blocked\" when you cannot go on, and at the end \"done\" or \"failed\" with a summary and a result. Ask \
         people with question_ask; read this again with assignment_get."
    );
    text
}

fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
