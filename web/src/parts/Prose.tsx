/** Owns the server's sentences on screen: what stands in backticks is set as code. Must not know what they say. */

export function Prose({ text }: { text: string }) {
  return text.split('`').map((piece, at) => (at % 2 === 1 ? <code key={at}>{piece}</code> : piece));
}
