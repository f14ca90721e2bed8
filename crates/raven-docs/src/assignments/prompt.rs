//! The words with which an agent is given work.
//!
//! Owns the text. It begins with our own words, so that no program takes the first of somebody's for a command of its
//! own. Must not know how it is typed.

use super::{AssignedBy, Assignment};

/// How it is known that an agent is through with its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It reports with a tool.
    ByTool,
    /// It has no tools: its turn ends.
    ByTurn,
}

/// The message for an assignment's agent.
pub(super) fn of(assignment: &Assignment, told: Told) -> String {
    let Assignment { id, title, instructions, assigned_by, .. } = assignment;
    let mut text = format!(
        "Raven has work for you: assignment {id}, given by {}.\n\nTitle: {title}\n\nInstructions:\n{}\n",
        giver(assigned_by),
        instructions.trim_end(),
    );
    for (what, ids, tool) in
        [("Pages", &assignment.page_ids, "page_get"), ("Tasks", &assignment.task_ids, "task_get")]
    {
        let how = match told {
            Told::ByTool => format!(" (read them with the MCP tool {tool})"),
            Told::ByTurn => String::new(),
        };
        if !ids.is_empty() {
            text += &format!("\n{what} that it is about{how}: {}\n", ids.join(", "));
        }
    }
    if let Some(deadline) = assignment.deadline {
        text += &format!("\nIt must be done before {deadline}.\n");
    }
    text += &match told {
        Told::ByTool => format!(
            "\nReport with the MCP tool assignment_report and assignmentId {id}: state \"working\" when you begin, \
             \"blocked\" when you cannot go on, and at the end \"done\" or \"failed\" with a summary and a result. Ask \
             people with question_ask; read this again with assignment_get. If you have no such tools, say at the end \
             what came of it: people read that, and end the assignment for you."
        ),
        Told::ByTurn => "\nYou have no tools to report with: it ends with your turn. Do all of it in this turn, and say at \
             the end what came of it, or why it could not be done: people read that in your terminal."
            .to_owned(),
    };
    text
}

/// Who gives it: an agent chooses its own name, which may be that of a person.
fn giver(by: &AssignedBy) -> String {
    let name = one_line(&by.name);
    match by.kind.as_str() {
        "user" => format!("{name}, a person"),
        "agent" => format!("another agent, which calls itself {name}"),
        _ => name,
    }
}

fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::assignments::{AssignmentState, Named};
    use raven_protocol::time::Timestamp;

    #[test]
    fn an_agent_that_gives_work_is_told_as_one() {
        for (kind, told) in [("user", "Olga, a person"), ("agent", "another agent, which calls itself Olga")]
        {
            let by = AssignedBy { kind: kind.to_owned(), id: "x".to_owned(), name: "Olga".to_owned() };
            assert_eq!(giver(&by), told);
        }
    }

    #[test]
    fn an_agent_without_tools_is_told_of_none() {
        let at = Timestamp::from_millis(0);
        let named = || Named { id: "agt_1".to_owned(), name: "Bo".to_owned() };
        let assignment = Assignment {
            id: "asg_1".to_owned(),
            agent: named(),
            title: "Read".to_owned(),
            instructions: "All of it.".to_owned(),
            page_ids: vec!["pg_1".to_owned()],
            task_ids: Vec::new(),
            deadline: None,
            state: AssignmentState::Pending,
            progress: None,
            summary: None,
            result: Some(json!(1)),
            reason: None,
            assigned_by: AssignedBy {
                kind: "user".to_owned(),
                id: "usr_1".to_owned(),
                name: "Olga".to_owned(),
            },
            created_at: at,
            delivered_at: None,
            updated_at: at,
            ended_at: None,
        };
        for (told, has_tools) in [(Told::ByTool, true), (Told::ByTurn, false)] {
            let text = of(&assignment, told);
            assert!(text.starts_with("Raven has work") && text.contains("pg_1"), "{text}");
            for tool in ["page_get", "assignment_report", "question_ask", "MCP"] {
                assert_eq!(text.contains(tool), has_tools, "{tool} in {text}");
            }
        }
    }
}
