/** Owns which comments answer which. Must not know components. */
import type { Comment } from '../../api/knowledge';

export interface Thread {
  first: Comment;
  replies: Comment[];
}

/** Comments as threads, oldest first; an answer to an answer stands in the same thread. */
export function threadsOf(comments: readonly Comment[]): Thread[] {
  const byId = new Map(comments.map((comment) => [comment.id, comment]));
  const threads = new Map<string, Thread>();
  const ordered = [...comments].sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  for (const comment of ordered) {
    const first = beginOf(comment, byId);
    const thread = threads.get(first.id);
    if (thread && comment !== first) thread.replies.push(comment);
    else if (!thread) threads.set(first.id, { first, replies: comment === first ? [] : [comment] });
  }
  return [...threads.values()];
}

/** What is answered may be gone: then the answer begins its thread. */
function beginOf(comment: Comment, byId: Map<string, Comment>): Comment {
  let first = comment;
  for (const seen = new Set<string>(); first.replyTo && !seen.has(first.id);) {
    seen.add(first.id);
    const before = byId.get(first.replyTo);
    if (!before) break;
    first = before;
  }
  return first;
}
