/** Owns the proof that a refusal is found at its field and anything thrown becomes a problem. */
import { expect, test } from 'vitest';

import { formErrors } from '../parts/field-errors';
import { fieldOf, problemFrom, problemOf, unreachable } from './problems';

const problem = (detail: string, status = 422, code = 'INVALID') => ({
  type: 'urn:raven:invalid',
  title: 'A field is invalid',
  status,
  detail,
  code,
  requestId: 'req_1',
});

test.each<[string, string | null]>([
  ['password: use at least 10 characters', 'password'],
  ['workspaceName is too long', 'workspaceName'],
  ['`name` may not be empty', 'name'],
  ['config.cwd: no such folder: /name', 'cwd'],
  ['something else', null],
])('%j is about %j', (detail, field) => {
  expect(fieldOf(problem(detail), ['name', 'workspaceName', 'password', 'cwd'])).toBe(field);
});

test('a refusal stands at its field, in the words of the server; anything else stands at the form', () => {
  const refused = problemFrom(422, problem('email: that is no address'));
  expect(formErrors(refused, ['email'])).toEqual({ at: { email: 'email: that is no address' }, whole: null });
  const wrong = problemFrom(403, problem('wrong code', 403, 'SETUP_CODE_WRONG'));
  expect(formErrors(wrong, ['code', 'email'], { SETUP_CODE_WRONG: 'code' }).at).toEqual({
    code: 'wrong code',
  });
  expect(formErrors(unreachable(), ['email']).whole?.code).toBe('SERVER_UNREACHABLE');
  expect(formErrors(null, ['email'])).toEqual({ at: {}, whole: null });
});

test('an answer that is no problem document still says its status', () => {
  expect(problemFrom(500, '<html>').problem).toMatchObject({ status: 500, code: 'UNEXPECTED_ANSWER' });
  expect(problemOf(new Error('boom')).detail).toBe('boom');
});
