/** Owns requests whose shapes are written by hand. Must not know which there are. */
import { problemFrom, unreachable } from './problems';

interface Given {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  file?: File;
}

/** The body of an answer, or a thrown problem. */
export async function call<Shape>(method: string, path: string, given: Given = {}): Promise<Shape> {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {})) {
    if (value !== undefined) asked.set(name, String(value));
  }
  const query = asked.size > 0 ? `?${asked}` : '';
  const contentType = given.file ? given.file.type || 'application/octet-stream' : 'application/json';
  const response = await fetch(path + query, {
    method,
    credentials: 'same-origin',
    headers: given.file || given.body !== undefined ? { 'content-type': contentType } : {},
    body: given.file ?? (given.body === undefined ? undefined : JSON.stringify(given.body)),
  }).catch(() => {
    throw unreachable();
  });
  const text = await response.text();
  const answer: unknown = text === '' ? undefined : JSON.parse(text);
  if (!response.ok) throw problemFrom(response.status, answer);
  return answer as Shape;
}
