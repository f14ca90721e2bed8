/**
 * Lets the conformance suite start on Node 20, where `fs` has no `globSync`, which the suite names and a run does not use.
 *
 * Owns this one stand-in. Given to Node by `--import`.
 */
import { register } from 'node:module';

const hooks = `
export function resolve(specifier, context, next) {
  const isSuite = context.parentURL?.includes('/@modelcontextprotocol/conformance/');
  return specifier === 'fs' && isSuite ? { url: ${JSON.stringify(stand())}, shortCircuit: true } : next(specifier, context);
}`;

function stand() {
  const source = `
export * from 'node:fs';
import * as fs from 'node:fs';
export default fs;
export const globSync = fs.globSync ?? (() => { throw new Error('needs Node 22'); });`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
