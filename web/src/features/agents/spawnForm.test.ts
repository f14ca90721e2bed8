/** Owns the proof that the spawn form refuses what the server would, and asks for what was typed. */
import { expect, test } from 'vitest';

import { toRequest, validate, type SpawnForm } from './spawnForm';

const FORM: SpawnForm = {
  agentType: 'custom',
  count: 1,
  name: '',
  command: '',
  cwd: '',
  env: '',
  cols: '',
  rows: '',
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
  [{ cwd: 'relative/path' }, ['cwd']],
  [{ cwd: '/home/me' }, []],
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
    cwd: '/w ',
    env: 'A=1\nB=x=y ',
    cols: 100,
    rows: '30',
  };
  expect(toRequest(form)).toEqual({
    agentType: 'custom',
    count: 3,
    name: 'Scout',
    config: { command: ['sh', '-c', 'a b'], cwd: '/w', env: { A: '1', B: 'x=y ' }, cols: 100, rows: 30 },
  });
});

test('a command is only sent for a custom agent', () => {
  expect(toRequest({ ...FORM, agentType: 'claude-code', command: 'rm -rf x' }).config).toEqual({});
});
