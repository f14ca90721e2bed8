/** Owns the commands by which programs elsewhere are connected. Pure: tried with the clients that docs/agents.md names. */

/** In which variable clients look for the key: so it is in no file, and in the arguments of no process. */
export const keyLine = 'read -rs RAVEN_MCP_KEY && export RAVEN_MCP_KEY';

/** Text as one argument of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Exchanges an invite's token for a key, which is printed once. */
export function registerLine(origin: string, token: string): string {
  const body = JSON.stringify({ inviteToken: token, agentId: 'my-agent', agentName: 'My agent' });
  const url = quoted(`${origin}/api/parallax-agents/register`);
  // The shell itself says the token to curl: other users see the arguments of a process.
  return `printf %s ${quoted(body)} | curl -s ${url} -H 'content-type: application/json' -d @-`;
}

/** Clients, each with the command that tells it where the tools are. */
export const CLIENTS: readonly { name: string; line: (url: string) => string }[] = [
  {
    name: 'Claude Code',
    line: (url) =>
      `claude mcp add --transport http raven ${quoted(url)} --header 'Authorization: Bearer \${RAVEN_MCP_KEY}'`,
  },
  {
    name: 'Codex',
    line: (url) => `codex mcp add raven --url ${quoted(url)} --bearer-token-env-var RAVEN_MCP_KEY`,
  },
  {
    name: 'Gemini CLI',
    line: (url) =>
      `gemini mcp add --transport http --scope user -H 'Authorization: Bearer $RAVEN_MCP_KEY' raven ${quoted(url)}`,
  },
];
