/** Owns how a failed request is thrown and read. Must not know which requests there are. */
import type { Problem } from './shapes';

/** A failed request, in the server's words where it had any. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = 'ProblemError';
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The request never got an answer. */
export function unreachable(): ProblemError {
  return new ProblemError({
    type: 'urn:raven:server-unreachable',
    title: 'The server cannot be reached',
    status: 0,
    detail: 'Raven did not answer. Check that it is running; this page tries again by itself.',
    code: 'SERVER_UNREACHABLE',
    requestId: '',
  });
}

/** Makes a thrown problem of whatever an answer carried: a problem document, or something else. */
export function problemFrom(status: number, body: unknown): ProblemError {
  if (isProblem(body)) return new ProblemError(body);
  return new ProblemError({
    type: 'urn:raven:unexpected-answer',
    title: 'Unexpected answer',
    status,
    detail: `The server answered with status ${status} and nothing that explains it.`,
    code: 'UNEXPECTED_ANSWER',
    requestId: '',
  });
}

/** The problem behind anything that was thrown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return { ...unreachable().problem, title: 'Something went wrong here', detail, code: 'CLIENT_ERROR' };
}

/** What a change was refused for: somebody was faster. */
export interface Stale {
  currentVersion: number;
  difference: string;
}

/** What has changed meanwhile, when that is why something was refused. */
export function staleOf(thrown: unknown): Stale | null {
  if (!(thrown instanceof ProblemError) || thrown.code !== 'STALE_VERSION') return null;
  const { currentVersion, difference } = thrown.problem as Problem & Partial<Stale>;
  return typeof currentVersion === 'number' ? { currentVersion, difference: difference ?? '' } : null;
}

/**
 * The form field a refusal is about: the first of `fields` that its detail names.
 * Field names are matched as whole words, so `name` is not found in `workspaceName`.
 */
export function fieldOf<Field extends string>(problem: Problem, fields: readonly Field[]): Field | null {
  const found = fields
    .map((field) => ({ field, at: problem.detail.search(new RegExp(`\\b${field}\\b`, 'i')) }))
    .filter((candidate) => candidate.at >= 0)
    .sort((a, b) => a.at - b.at);
  return found[0]?.field ?? null;
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) return false;
  const fields = body as Record<string, unknown>;
  return (
    typeof fields.title === 'string' && typeof fields.code === 'string' && typeof fields.detail === 'string'
  );
}
