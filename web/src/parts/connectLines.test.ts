/** Owns the checks of the commands for programs elsewhere: one argument each, and never the key. */
import { describe, expect, it } from 'vitest';

import { CLIENTS, registerLine } from './connectLines';

describe('commands for programs elsewhere', () => {
  it('are one argument each, whatever is in them', () => {
    const line = registerLine("https://raven.example.com/it's", 'inv_1');
    expect(line).toContain(`'https://raven.example.com/it'\\''s/api/parallax-agents/register'`);
    expect(line).toContain('"inviteToken":"inv_1"');
  });

  it('name the key by its variable and never hold it', () => {
    const lines = CLIENTS.map(({ line }) => line('https://raven.example.com/mcp'));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toContain('RAVEN_MCP_KEY');
      expect(line).toContain("'https://raven.example.com/mcp'");
    }
    expect(lines[0]).toContain("'Authorization: Bearer ${RAVEN_MCP_KEY}'");
  });
});
