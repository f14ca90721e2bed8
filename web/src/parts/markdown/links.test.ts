/** Owns the proof that no address in a text leads where it must not, and that names cannot break out of a mention. */
import { describe, expect, it } from 'vitest';

import { isOwnImage, linkText, mentionText, targetOf } from './links';

describe('targetOf', () => {
  it.each([
    ['user:usr_1', { kind: 'mention', of: 'user', id: 'usr_1' }],
    ['agent:agt_0a-b', { kind: 'mention', of: 'agent', id: 'agt_0a-b' }],
    ['/pages/how-we-work', { kind: 'inside', to: '/pages/how-we-work' }],
    ['how-we-work', { kind: 'inside', to: '/pages/how-we-work' }],
    ['#part', { kind: 'inside', to: '#part' }],
    ['https://example.com/a', { kind: 'outside', href: 'https://example.com/a' }],
    ['mailto:a@example.com', { kind: 'outside', href: 'mailto:a@example.com' }],
    ['javascript:alert(1)', { kind: 'unsafe' }],
    [' JaVaScRiPt:alert(1)', { kind: 'unsafe' }],
    ['data:text/html,x', { kind: 'unsafe' }],
    ['//elsewhere.example', { kind: 'unsafe' }],
    ['/\\elsewhere.example', { kind: 'unsafe' }],
    ['user:', { kind: 'unsafe' }],
    ['', { kind: 'unsafe' }],
  ] as const)('%s', (href, target) => {
    expect(targetOf(href)).toEqual(target);
  });
});

describe('a link by slug', () => {
  it.each([
    ['how-we-work', '/pages/how-we-work?space=spc_1'],
    ['how-we-work#part', '/pages/how-we-work?space=spc_1#part'],
    ['how-we-work?space=spc_2', '/pages/how-we-work?space=spc_2'],
    ['/pages/how-we-work', '/pages/how-we-work?space=spc_1'],
    ['/pages/pg_0a', '/pages/pg_0a'],
    ['/pages/pg_0a/history', '/pages/pg_0a/history'],
    ['/tasks/tsk_0a', '/tasks/tsk_0a'],
  ])('%s is of the space of its text', (href, to) => {
    expect(targetOf(href, 'spc_1')).toEqual({ kind: 'inside', to });
  });
});

describe('isOwnImage', () => {
  it.each([
    ['/api/attachments/att_1', true],
    ['data:image/png;base64,AAAA', true],
    ['data:image/svg+xml;base64,AAAA', false],
    ['https://elsewhere.example/pixel.png', false],
    ['/api/attachments/', false],
    [undefined, false],
  ])('%s', (src, own) => {
    expect(isOwnImage(src)).toBe(own);
  });
});

describe('what is written into a text', () => {
  it('names somebody so that the name cannot end the link', () => {
    expect(mentionText({ kind: 'agent', id: 'agt_1', name: 'Bo ](x) \\ b' })).toBe(
      '@[Bo \\](x) \\\\ b](agent:agt_1)',
    );
  });
  it('links a page', () => {
    expect(linkText('How [we]\nwork', '/pages/p')).toBe('[How \\[we\\] work](/pages/p)');
  });
});
