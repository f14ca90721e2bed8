/** Owns which field of a form a refusal stands at. Must not know any form. */
import { fieldOf, problemOf } from '../api/problems';
import type { Problem } from '../api/shapes';

/** What a refusal says at each field; `whole` is what is about none of them. */
export interface FormErrors<Field extends string> {
  at: Partial<Record<Field, string>>;
  whole: Problem | null;
}

/**
 * Splits a refusal by field, in the server's own words.
 * `codes` names the field for problems whose code alone says which one it is.
 */
export function formErrors<Field extends string>(
  thrown: unknown,
  fields: readonly Field[],
  codes: Partial<Record<string, Field>> = {},
): FormErrors<Field> {
  if (!thrown) return { at: {}, whole: null };
  const problem = problemOf(thrown);
  const isRefusal = problem.status >= 400 && problem.status < 500;
  const field = codes[problem.code] ?? (isRefusal ? fieldOf(problem, fields) : null);
  if (!field) return { at: {}, whole: problem };
  return { at: { [field]: problem.detail } as Partial<Record<Field, string>>, whole: null };
}
