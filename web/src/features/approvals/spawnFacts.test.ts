/** Owns the proof that a spawn is shown whole, and without what is empty. */
import { expect, test } from 'vitest';

import { factsOf } from './spawnFacts';

test('everything that is asked for stands there, once and in words', () => {
  const wanted = {
    agentType: 'custom',
    count: 2,
    capabilities: [],
    permissions: ['read:pages', 'write:tasks'],
    config: { command: ['sh', '-c', 'ls'], env: ['API_KEY'], repository: { path: '/r', ref: 'main' } },
  };
  expect(factsOf(wanted)).toEqual([
    { name: 'agentType', value: 'custom' },
    { name: 'count', value: '2' },
    { name: 'permissions', value: 'read:pages write:tasks' },
    { name: 'command', value: 'sh -c ls' },
    { name: 'env', value: 'API_KEY' },
    { name: 'repository', value: '{"path":"/r","ref":"main"}' },
  ]);
  expect(factsOf(null)).toEqual([]);
});
