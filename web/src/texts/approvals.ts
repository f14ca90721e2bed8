/** Owns the texts about approvals, questions and policies. Must not know components. */
export const approvalKinds = {
  approval_requested: 'Approval requested',
  approval_approved: 'Approved',
  approval_rejected: 'Approval rejected',
  approval_expired: 'Approval expired',
  approval_failed: 'Approved action failed',
  question_asked: 'Agent asks a question',
  question_answered: 'Question answered',
  question_escalated: 'Question escalated to admins',
  question_expired: 'Question expired',
  policy_changed: 'Policy changed',
  tool_called: 'Tool called',
};
