/** Owns the proof that the spawn form refuses what the server would, and asks for what was typed. */
import { expect, test } from 'vitest';

import { EMPTY_WORK } from '../../parts/assignmentForm';
import { toRequest, validate, type SpawnForm } from './spawnForm';

const FORM: SpawnForm = {
  agentType: 'custom',
  count: 1,
  name: '',
  command: '',
  cwd: '',
  place: 'empty',
  repository: '',
  ref: '',
  model: '',
  permissionMode: '',
  permissions: null,
  capabilities: '',
  env: '',
  cols: '',
  rows: '',
  work: EMPTY_WORK,
};

test.each<[Partial<SpawnForm>, (keyof SpawnForm)[]]>([
  [{}, []],
  [{ count: 0 }, ['count']],
  [{ count: 11 }, ['count']],
  [{ count: 'two' }, ['count']],
  [{ count: 1.5 }, ['count']],
  [{ count: '' }, ['count']],
  [{ cols: 1 }, ['cols']],
  [{ cols: 1000, rows: 500 }, []],
  [{ rows: 501 }, ['rows']],
  [{ place: 'folder' }, ['cwd']],
  [{ place: 'folder', cwd: 'relative/path' }, ['cwd']],
  [{ place: 'repository', cwd: 'relative/path' }, ['repository']],
  [{ place: 'repository', repository: 'https://example.com/a.git' }, []],
  [{ place: 'repository', repository: 'git@example.com:a/b.git' }, []],
  [{ place: 'repository', repository: '/srv/a' }, []],
  [{ capabilities: 'code_review, testing' }, []],
  [{ capabilities: 'code;review' }, ['capabilities']],
  [{ place: 'folder', cwd: '/home/me' }, []],
  [{ env: 'A=1\n\n  B_2=x=y' }, []],
  [{ env: 'A=1\nnot a pair' }, ['env']],
  [{ env: '1A=x' }, ['env']],
  [{ command: `echo 'open` }, ['command']],
  [{ agentType: 'claude-code', command: `echo 'open` }, []],
])('validate(%j)', (part, fields) => expect(Object.keys(validate({ ...FORM, ...part }))).toEqual(fields));

test('what is left empty is not asked for', () => {
  expect(toRequest(FORM)).toEqual({ agentType: 'custom', count: 1, config: {} });
});

test('everything that was typed is asked for', () => {
  const form = {
    ...FORM,
    count: '3',
    name: ' Scout ',
    command: 'sh -c "a b"',
    place: 'folder' as const,
    cwd: '/w ',
    capabilities: 'a, b',
    permissions: ['read:pages' as const],
    env: 'A=1\nB=x=y ',
    cols: 100,
    rows: '30',
  };
  expect(toRequest(form)).toEqual({
    agentType: 'custom',
    count: 3,
    name: 'Scout',
    capabilities: ['a', 'b'],
    permissions: ['read:pages'],
    config: { command: ['sh', '-c', 'a b'], cwd: '/w', env: { A: '1', B: 'x=y ' }, cols: 100, rows: 30 },
  });
});

test('a command is only sent for a custom agent', () => {
  expect(toRequest({ ...FORM, agentType: 'claude-code', command: 'rm -rf x' }).config).toEqual({});
});

test('a repository is a path or an address, and what else was typed for another place is left out', () => {
  const form: SpawnForm = { ...FORM, place: 'repository', cwd: '/old', ref: ' main ' };
  expect(toRequest({ ...form, repository: '/srv/a' }).config).toEqual({
    repository: { path: '/srv/a', ref: 'main' },
  });
  expect(toRequest({ ...form, ref: '', repository: 'https://example.com/a' }).config).toEqual({
    repository: { url: 'https://example.com/a' },
  });
});

test('a first assignment is sent when there is one, and must be whole', () => {
  expect(toRequest(FORM).assignment).toBeUndefined();
  const work = { ...EMPTY_WORK, title: 'Fix it' };
  expect(Object.keys(validate({ ...FORM, work }))).toEqual(['instructions']);
  const whole = { ...work, instructions: 'Now' };
  expect(validate({ ...FORM, work: whole })).toEqual({});
  expect(toRequest({ ...FORM, work: whole }).assignment).toEqual({ title: 'Fix it', instructions: 'Now' });
});

test('model and mode are asked of kinds that have them', () => {
  const form: SpawnForm = { ...FORM, model: ' big ', permissionMode: 'plan' };
  expect(toRequest(form).config).toEqual({});
  expect(toRequest({ ...form, agentType: 'codex' }).config).toEqual({ model: 'big', permissionMode: 'plan' });
});
